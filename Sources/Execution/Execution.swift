// Execution: filled by its first type.
