"""The printer as OctoPrint reports it."""
