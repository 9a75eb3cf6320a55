// RunnerCommands: filled by its first type.
