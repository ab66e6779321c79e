"""People, and the names that they have."""
