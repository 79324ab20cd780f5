"""What a heater learns from its episodes, and how this is stored."""
