"""What is sent to the broker, in which order, and how much of it at once."""
