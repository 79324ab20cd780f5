"""Which heaters are estimated, and how."""

from __future__ import annotations

from ..forms import NAMES, NAMES_FORM
from ..rules import Group, group, setting


@group
class Estimation(Group):
    """Which heaters are estimated, and how."""

    TITLE = "Estimation"

    enabled: bool = setting(
        True, "Enable Temperature ETA", "When off, no temperature is estimated, published or shown."
    )
    algorithm: str = setting(
        "model",
        "Estimation method",
        "Adaptive learns how each heater behaves; the other two only look at the current rate.",
        choices={"model": "Adaptive (recommended)", "linear": "Linear", "exponential": "Exponential"},
    )
    enable_heating_eta: bool = setting(True, "Show heating ETA", "Estimate when a heating heater reaches its target.")
    suppress_while_printing: bool = setting(
        False, "Hide ETA while printing", "No ETA is published or shown during a print job."
    )
    threshold_start: float = setting(
        5.0,
        "Hide ETA within",
        "With Linear and Exponential, no ETA is shown this close to the target.",
        unit="°C",
        low=1,
        high=50,
    )
    min_rate: float = setting(
        0.1,
        "Minimum heating rate",
        "With Linear and Exponential, a heater that heats more slowly gets no ETA.",
        unit="°C/s",
        low=0.001,
        high=10,
    )
    max_eta: float = setting(
        3600.0,
        "Maximum ETA",
        "With Linear and Exponential, a longer ETA is not shown.",
        unit="s",
        low=60,
        high=86400,
    )

    extra_heaters: str = setting(
        "",
        "Additional heaters",
        "Names that the printer reports and that are heaters, although the printer profile does not have them.",
        pattern=NAMES,
        form=NAMES_FORM,
        names=True,
    )
    ignored_heaters: str = setting(
        "",
        "Ignored heaters and sensors",
        "Names that the printer reports and that are neither published nor shown.",
        pattern=NAMES,
        form=NAMES_FORM,
        names=True,
    )
