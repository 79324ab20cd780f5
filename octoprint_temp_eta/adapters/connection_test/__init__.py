"""The connection test, for the settings page and the command line."""
