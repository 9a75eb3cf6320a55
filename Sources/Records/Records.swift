// Records: filled by its first type.
