"""The demonstration: a broker, an OctoPrint with a virtual printer, and a live view of what is on the broker."""
