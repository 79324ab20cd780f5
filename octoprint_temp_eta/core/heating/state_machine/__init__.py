"""A heater's state, and the conditions that change it."""
