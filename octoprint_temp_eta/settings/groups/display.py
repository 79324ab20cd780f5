"""What OctoPrint's pages show."""

from __future__ import annotations

from ..forms import COLOR, COLOR_FORM
from ..rules import Group, group, setting


@group
class Display(Group):
    """What OctoPrint's pages show."""

    TITLE = "Display"

    show_in_sidebar: bool = setting(True, "Show in sidebar", "Show the heaters in the sidebar.")
    show_in_navbar: bool = setting(True, "Show in navigation bar", "Show the countdowns in the navigation bar.")
    show_in_tab: bool = setting(True, "Show tab", "Show the heaters in a tab with graphs and details.")
    show_scripts: bool = setting(
        True, "Show scripts in sidebar", "Show the automation scripts in the sidebar when there are any."
    )
    update_interval: float = setting(
        1.0,
        "Page update interval",
        "The pages are updated at most this often; changes of state are shown at once.",
        unit="s",
        low=0.1,
        high=5,
    )
    show_progress_bars: bool = setting(True, "Show progress bars", "Show how much of a heat-up or cool-down is done.")
    show_historical_graph: bool = setting(True, "Show graphs", "Show a temperature graph for each heater in the tab.")
    historical_graph_window_seconds: int = setting(
        180, "Graph time span", "How far back the graphs go.", unit="s", low=30, high=1800
    )
    temp_display: str = setting(
        "octoprint",
        "Temperature unit",
        "Applies to the pages; MQTT messages are always in °C.",
        choices={"octoprint": "Same as OctoPrint", "c": "°C", "cf": "°C and °F"},
    )
    color_mode: str = setting(
        "bands",
        "Colour by",
        "The colours show how much time is left, or what the heater is doing.",
        choices={"bands": "Time left", "status": "State"},
    )
    color_heating: str = setting(
        "#5cb85c",
        "Heating colour",
        "With Colour by State: the colour of a heater that heats.",
        pattern=COLOR,
        form=COLOR_FORM,
    )
    color_cooling: str = setting(
        "#337ab7",
        "Cooling colour",
        "With Colour by State: the colour of a heater that cools down.",
        pattern=COLOR,
        form=COLOR_FORM,
    )
    color_idle: str = setting(
        "#777777",
        "Idle colour",
        "With Colour by State: the colour of a heater that is off.",
        pattern=COLOR,
        form=COLOR_FORM,
    )
