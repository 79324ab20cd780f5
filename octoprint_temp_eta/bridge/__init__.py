"""Behaviour: inputs go in, effects come out."""
