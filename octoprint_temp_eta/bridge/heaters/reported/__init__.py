"""Which of the temperatures that OctoPrint reports are heaters, which are sensors, and which are ignored."""
