"""Commands that the printer may not acknowledge at all."""
