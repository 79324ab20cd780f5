"""Scripts and their runs."""
