"""Getting a notice to a person, and knowing what became of it."""
