"""Everything that subclasses or hooks OctoPrint."""
