"""Discovery messages for Home Assistant."""
