"""A heater's temperature curves from its physical parameters."""
