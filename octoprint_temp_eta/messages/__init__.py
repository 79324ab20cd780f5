"""The MQTT messages, without I/O: catalogue, topics, encoding, decoding."""
