"""Device classes, and the units and state classes that each accepts.

Only those that every Home Assistant from 2024.3 to 2026.11 accepts: a server drops a component with a class or unit
that it does not support. Taken from the tables in `homeassistant.components.*.const` of those releases.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ha_discovery.config.errors import DiscoveryError

Units = Mapping[str, frozenset[str | None]]

_PRESSURE = "Pa hPa kPa bar cbar mbar mmHg inHg psi"
_VOLUME = "L mL gal m³ ft³ CCF"
_ENERGY = "Wh kWh MWh MJ GJ"
_SPEED = "m/s km/h mph kn ft/s"
_RAIN = "mm/d mm/h in/d in/h"
_MICROGRAMS = "µg/m³"
_ALL = "measurement total total_increasing"

# class: (units, state classes). "-" among the units: the unit is optional. "" as units: no unit is accepted.
_SENSOR: Final = {
    "apparent_power": ("VA", "measurement"),
    "aqi": ("", "measurement"),
    "atmospheric_pressure": (_PRESSURE, "measurement"),
    "battery": ("%", "measurement"),
    "carbon_dioxide": ("ppm", "measurement"),
    "carbon_monoxide": ("ppm", "measurement"),
    "current": ("A mA", "measurement"),
    "data_rate": ("bit/s kbit/s Mbit/s Gbit/s B/s kB/s MB/s GB/s KiB/s MiB/s GiB/s", "measurement"),
    "data_size": (
        "bit kbit Mbit Gbit B kB MB GB TB PB EB ZB YB KiB MiB GiB TiB PiB EiB ZiB YiB",
        _ALL,
    ),
    "date": ("", ""),
    "distance": ("mm cm m km in ft yd mi", _ALL),
    "duration": ("ms s min h d", _ALL),
    "energy": (_ENERGY, "total total_increasing"),
    "energy_storage": (_ENERGY, "measurement"),
    "enum": ("", ""),
    "frequency": ("Hz kHz MHz GHz", "measurement"),
    "gas": ("m³ ft³ CCF", "total total_increasing"),
    "humidity": ("%", "measurement"),
    "illuminance": ("lx", "measurement"),
    "irradiance": ("W/m² BTU/(h⋅ft²)", "measurement"),
    "moisture": ("%", "measurement"),
    "nitrogen_dioxide": (_MICROGRAMS, "measurement"),
    "nitrogen_monoxide": (_MICROGRAMS, "measurement"),
    "nitrous_oxide": (_MICROGRAMS, "measurement"),
    "ozone": (_MICROGRAMS, "measurement"),
    "ph": ("", "measurement"),
    "pm1": (_MICROGRAMS, "measurement"),
    "pm10": (_MICROGRAMS, "measurement"),
    "pm25": (_MICROGRAMS, "measurement"),
    "power": ("W kW", "measurement"),
    "power_factor": ("% -", "measurement"),
    "precipitation": ("mm cm in", _ALL),
    "precipitation_intensity": (_RAIN, "measurement"),
    "pressure": (_PRESSURE, "measurement"),
    "reactive_power": ("var", "measurement"),
    "signal_strength": ("dB dBm", "measurement"),
    "sound_pressure": ("dB dBA", "measurement"),
    "speed": (f"{_SPEED} {_RAIN}", "measurement"),
    "sulphur_dioxide": (_MICROGRAMS, "measurement"),
    "temperature": ("°C °F K", "measurement"),
    "timestamp": ("", ""),
    "volatile_organic_compounds": (_MICROGRAMS, "measurement"),
    "volatile_organic_compounds_parts": ("ppb ppm", "measurement"),
    "voltage": ("V mV", "measurement"),
    "volume": (_VOLUME, "total total_increasing"),
    "volume_flow_rate": ("m³/h ft³/min L/min gal/min", "measurement"),
    "volume_storage": (_VOLUME, "measurement"),
    "water": ("L gal m³ ft³ CCF", "total total_increasing"),
    "weight": ("µg mg g kg oz lb st", _ALL),
    "wind_speed": (_SPEED, "measurement"),
}


def _units(text: str) -> frozenset[str | None]:
    """Return the units of one row."""
    return frozenset(None if unit == "-" else unit for unit in text.split()) or frozenset({None})


SENSOR_UNITS: Final = MappingProxyType({name: _units(units) for name, (units, _) in _SENSOR.items()})
SENSOR_STATE_CLASSES: Final = MappingProxyType({name: frozenset(s.split()) for name, (_, s) in _SENSOR.items()})
NON_NUMERIC_SENSORS: Final = frozenset(name for name, states in SENSOR_STATE_CLASSES.items() if not states)
STATE_CLASSES: Final = frozenset(_ALL.split())

NUMBER_UNITS: Final = MappingProxyType(
    {name: units for name, units in SENSOR_UNITS.items() if name not in NON_NUMERIC_SENSORS}
)
BINARY_SENSOR_CLASSES: Final = frozenset(
    {
        "battery",
        "battery_charging",
        "carbon_monoxide",
        "cold",
        "connectivity",
        "door",
        "garage_door",
        "gas",
        "heat",
        "light",
        "lock",
        "moisture",
        "motion",
        "moving",
        "occupancy",
        "opening",
        "plug",
        "power",
        "presence",
        "problem",
        "running",
        "safety",
        "smoke",
        "sound",
        "tamper",
        "update",
        "vibration",
        "window",
    }
)
BUTTON_CLASSES: Final = frozenset({"identify", "restart", "update"})
CLIMATE_MODES: Final = frozenset({"auto", "off", "cool", "heat", "heat_cool", "dry", "fan_only"})
EVENT_CLASSES: Final = frozenset({"button", "doorbell", "motion"})


def check_unit(key: str, device_class: str | None, unit: str | None, units: Units) -> None:
    """Raise DiscoveryError unless the device class of component `key` accepts `unit`."""
    if device_class is None or unit in units[device_class]:
        return
    words = " ".join(sorted(each for each in units[device_class] if each)) or "left out"
    raise DiscoveryError(
        f"{key}.unit_of_measurement", f"must be {words} with device_class {device_class}, not {unit!r}"
    )
