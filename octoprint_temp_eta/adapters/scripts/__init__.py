"""The script folder, and the process of a run."""
