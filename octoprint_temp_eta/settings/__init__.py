"""The settings table, its validation, and the migration of TempETA's settings."""
