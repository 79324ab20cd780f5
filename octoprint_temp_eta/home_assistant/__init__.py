"""The printer as a Home Assistant device: its entities, sans I/O."""
