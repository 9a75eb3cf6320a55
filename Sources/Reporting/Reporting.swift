// Reporting: filled by its first type.
