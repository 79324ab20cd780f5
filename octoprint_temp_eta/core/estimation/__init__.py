"""Estimators: how long a heater still takes."""
