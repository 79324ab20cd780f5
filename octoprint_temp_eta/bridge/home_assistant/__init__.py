"""What Home Assistant is told of."""
