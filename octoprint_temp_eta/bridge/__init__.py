"""The bridge: handles inputs and returns effects."""
