"""OctoPrint's hooks and events: G-code, the print job, other plugins, the command line."""
