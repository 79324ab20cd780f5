"""Estimators of the time until a heater reaches its goal."""
