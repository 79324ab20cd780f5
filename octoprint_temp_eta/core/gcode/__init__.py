"""Matching of the printer's lines to commands."""
