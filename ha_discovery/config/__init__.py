"""The checked configuration of a device and its components."""
