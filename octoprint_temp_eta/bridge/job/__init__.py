"""The print job: its state, its events, and the commands about job and connection."""
