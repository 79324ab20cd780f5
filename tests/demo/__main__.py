"""Runs the demo: python -m tests.demo

Variables: DEMO_HTTP_PORT (5000), DEMO_MQTT_PORT (1883), MQTT_URL (your own broker), DEMO_SECONDS (stop after).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from tests.demo import options
from tests.demo.feed import Feed, FeedError
from tests.demo.options import Endpoint, OptionError, Options
from tests.demo.story import Story
from tests.demo.view import View
from tests.support.broker import Broker
from tests.support.broker_programs import NoBrokerError, broker_for_demo
from tests.support.octoprint import PASSWORD, USER, OctoPrint

INSTANCE = "demo"
BASE_TOPIC = "octoprint/temp_eta"
DISCOVERY_PREFIX = "homeassistant"
#: Plugins that make the virtual printer more realistic.
PLUGINS = [Path(__file__).with_name(name) for name in ("realistic_heaters.py", "simulated_probe.py")]
SCRIPTS = Path(__file__).parents[2] / "docs" / "examples" / "scripts"
REFRESH_SECONDS = 0.25
REFUSED = 2


def plugin_settings(broker: Endpoint) -> dict[str, Any]:
    """Return the plugin's settings for `broker`."""
    return {
        "mqtt_enabled": True,
        "mqtt_broker_host": broker.host,
        "mqtt_broker_port": broker.port,
        "mqtt_username": broker.username,
        "mqtt_password": broker.password,
        "mqtt_use_tls": broker.tls,
        "mqtt_base_topic": BASE_TOPIC,
        "mqtt_custom_identifier": INSTANCE,
        "mqtt_publish_interval": 1.0,
        "ha_discovery_enabled": True,
        "ha_discovery_prefix": DISCOVERY_PREFIX,
        "script_folder": str(SCRIPTS),
    }


def start_script(octoprint: OctoPrint, script_id: str) -> None:
    """Start a script. If the user has started another one, that is fine too."""
    octoprint.request("POST", "/api/plugin/temp_eta", {"command": "start_script", "id": script_id})


def show(feed: Feed, story: Story, stop: threading.Event, seconds: float | None) -> None:
    """Show the messages until `stop` is set or `seconds` have passed."""
    console = Console()
    view = View(f"{BASE_TOPIC}/{INSTANCE}")
    ends = time.monotonic() + seconds if seconds is not None else float("inf")
    with contextlib.ExitStack() as stack:
        live = stack.enter_context(Live(console=console, auto_refresh=False)) if console.is_terminal else None
        while not stop.wait(REFRESH_SECONDS) and time.monotonic() < ends:
            for message in feed.take():
                view.take(message)
                if live is None:
                    print(view.plain(message), flush=True)
            if live is not None:
                live.update(view.render(console, time.time()), refresh=True)
            story.go_on(view.heater)


def run(chosen: Options, stop: threading.Event) -> None:
    """Start the servers, show the messages, and stop everything in any case."""
    with contextlib.ExitStack() as stack:
        if chosen.external is None:
            program = broker_for_demo()
            print(f"Starting a broker: {program.name}", flush=True)
            stack.enter_context(Broker(program, port=chosen.mqtt_port))
        feed = stack.enter_context(Feed(chosen.broker, f"{BASE_TOPIC}/{INSTANCE}", DISCOVERY_PREFIX))
        if chosen.external is not None:
            stack.callback(feed.forget)
        print("Starting OctoPrint with a virtual printer", flush=True)
        settings = {"temp_eta": plugin_settings(chosen.broker)}
        octoprint = stack.enter_context(OctoPrint(port=chosen.http_port, plugins=settings, plugin_files=PLUGINS))
        print(f"\n  Page:    {octoprint.url}  (user {USER}, password {PASSWORD})")
        print(f"  Broker:  {chosen.broker}")
        print(f"  Topics:  {BASE_TOPIC}/{INSTANCE}/#  {DISCOVERY_PREFIX}/#\n  Ctrl-C ends it all.\n", flush=True)
        show(feed, Story(octoprint.gcode, partial(start_script, octoprint)), stop, chosen.seconds)
        print("Stopping", flush=True)


def main() -> int:
    """Return the exit status: 0, 1 when a server fails, 2 when the demo cannot start, 128 + n after signal n."""
    stop = threading.Event()
    received: list[int] = []

    # Only recorded: an exception could interrupt the code between a server's start and its registration.
    def on_signal(number: int, frame: object) -> None:
        received.append(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        chosen = options.read(os.environ)
        options.require_free_ports(chosen)
        run(chosen, stop)
    except (OptionError, NoBrokerError, FeedError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return REFUSED
    except (OSError, RuntimeError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 128 + received[0] if received else 0


if __name__ == "__main__":
    sys.exit(main())
