"""The helpers for other plugins."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from octoprint_temp_eta.bridge.protocol.inputs import PluginPublish
from octoprint_temp_eta.plugin.hooks.mqtt_helpers import LARGEST_PAYLOAD, MqttHelpers


class App:
    """Notes what is asked for."""

    def __init__(self) -> None:
        self.published: list[PluginPublish] = []
        self.refusal: str | None = None
        self.subscribed: list[Any] = []

    def publish_for_plugin(self, message: PluginPublish) -> bool:
        self.published.append(message)
        return True

    def subscribe_for_plugin(self, topic: str, callback: object, args: object, kwargs: object) -> str | None:
        self.subscribed.append((topic, callback, args, kwargs))
        return self.refusal


@pytest.fixture
def helpers() -> MqttHelpers:
    made = MqttHelpers()
    made._app = App()  # type: ignore[assignment]
    made._logger = logging.getLogger("test-helpers")
    return made


@pytest.mark.parametrize(
    ("payload", "raw", "sent"),
    [
        ("text", False, b"text"),
        (b"\x00\xff", False, b"\x00\xff"),
        ({"a": 1}, False, b'{"a": 1}'),
        (7, False, b"7"),
        (7, True, b"7"),
        (None, False, b"null"),
    ],
)
def test_a_payload_is_sent_as_octoprint_mqtt_sends_it(helpers: MqttHelpers, payload: object, raw: bool, sent: bytes):
    assert helpers.mqtt_publish("plugin/pub", payload, retained=True, qos=2, allow_queueing=True, raw_data=raw)
    assert helpers._app.published == [PluginPublish("plugin/pub", sent, True, 1, True)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("topic", "payload"), [("", "x"), ("a/#", "x"), (None, "x"), ("a", object()), ("a", "x" * (LARGEST_PAYLOAD + 1))]
)
def test_what_cannot_be_sent_is_refused(helpers: MqttHelpers, topic: Any, payload: object):
    assert helpers.mqtt_publish(topic, payload) is False


def test_a_timestamp_is_added(helpers: MqttHelpers):
    assert helpers.mqtt_publish_with_timestamp("a", {"x": 1}, timestamp=7)
    assert helpers._app.published[0].payload == b'{"x": 1, "_timestamp": 7}'  # type: ignore[union-attr]
    assert helpers.mqtt_publish_with_timestamp("a", "text") is False  # type: ignore[arg-type]


def test_before_the_start_nothing_is_accepted(caplog: pytest.LogCaptureFixture):
    made = MqttHelpers()
    made._app, made._logger = None, logging.getLogger("test-helpers")
    assert made.mqtt_publish("a", "x") is False
    made.mqtt_subscribe("a", print)
    assert "has not started yet" in caplog.text
    made.mqtt_unsubscribe(print)


def test_a_refused_subscription_is_logged(helpers: MqttHelpers, caplog: pytest.LogCaptureFixture):
    helpers.mqtt_subscribe("plugin/sub", print, args=[1], kwargs={"k": 2})
    assert helpers._app.subscribed == [("plugin/sub", print, [1], {"k": 2})]  # type: ignore[union-attr]
    assert caplog.text == ""
    helpers._app.refusal = "it matches topics of this plugin"  # type: ignore[union-attr]
    helpers.mqtt_subscribe("#", print)
    helpers.mqtt_subscribe("a/#/b", print)
    assert "it matches topics of this plugin" in caplog.text
    assert "it is no topic filter" in caplog.text


def test_an_exception_is_logged_and_reaches_no_plugin(helpers: MqttHelpers, caplog: pytest.LogCaptureFixture):
    assert helpers.mqtt_publish("a", 10**5000, raw_data=True) is False
    assert "A plugin's call of mqtt_publish failed" in caplog.text
