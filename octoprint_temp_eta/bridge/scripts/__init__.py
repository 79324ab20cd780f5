"""The scripts and their runs."""
