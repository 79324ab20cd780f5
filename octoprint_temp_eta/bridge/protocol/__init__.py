"""Inputs and effects of the bridge."""
