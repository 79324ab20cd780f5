"""What of the temperatures that OctoPrint reports is a heater, a sensor, or ignored."""
