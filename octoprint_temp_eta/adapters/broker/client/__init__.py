"""One client of paho-mqtt for one connection."""
