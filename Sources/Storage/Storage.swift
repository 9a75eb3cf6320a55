// Storage: filled by its first type.
