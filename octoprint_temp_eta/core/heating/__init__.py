"""A heater's state and its episodes."""
