"""The bridge's side of the broker: what is published, and the commands that arrive."""
