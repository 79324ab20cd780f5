"""The run of a script."""
