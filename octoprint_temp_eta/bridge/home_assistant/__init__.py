"""Home Assistant: what is announced, and when."""
