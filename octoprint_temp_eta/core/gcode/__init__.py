"""Which of the printer's lines belong to which command."""
