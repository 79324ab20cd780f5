"""The rows of the settings table, one module for each group of the settings dialog."""
