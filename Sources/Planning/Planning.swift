// Planning: filled by its first type.
