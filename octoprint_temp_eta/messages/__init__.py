"""The MQTT contract in code, without I/O: catalogue, topics, encoding, decoding, Home Assistant entities."""
