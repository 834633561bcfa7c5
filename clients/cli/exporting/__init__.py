"""Everything of an owner as a folder, and back again."""
