// Specification: filled by its first type.
