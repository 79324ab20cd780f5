"""The pure domain: heaters, estimators, the script run. No I/O, no clock, no threads."""
