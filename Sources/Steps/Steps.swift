// Steps: filled by its first type.
