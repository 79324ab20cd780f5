"""The pipes to OctoPrint, and what a script reports on them."""
