"""The settings in OctoPrint: stored, and as a form."""
