"""The settings and the migration of older ones."""
