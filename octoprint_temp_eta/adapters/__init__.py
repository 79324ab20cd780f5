"""Everything that touches the outside: worker thread, broker, printer, files, pages, script processes."""
