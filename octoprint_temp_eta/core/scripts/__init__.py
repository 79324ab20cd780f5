"""A script's run."""
