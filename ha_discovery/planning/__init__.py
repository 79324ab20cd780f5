"""From one announcement to the next: which messages are sent."""
