"""Messages and subscriptions of other plugins."""

from __future__ import annotations

from octoprint_temp_eta.bridge.other_plugins import CONNECTED_S, OtherPlugins
from octoprint_temp_eta.bridge.outbox.outbox import Outbox
from octoprint_temp_eta.bridge.protocol.effects import Connect, Subscribe
from octoprint_temp_eta.bridge.protocol.inputs import PluginPublish, PluginSubscriptions
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.messages.topics import Topics
from tests.support.bridge_driver import connected

MESSAGE = PluginPublish("plugin/pub", b"hello", retained=False, qos=1, queue=False)
NOW = Now(1000.0, 1_795_188_600.0)


def sent(event: PluginPublish, *, online: bool, waits: float = 0.0) -> list[tuple[str, bytes]]:
    """Return what is sent of `event` after `waits` seconds, on a connection that is there from the start or not."""
    outbox = Outbox(Topics("octoprint/temp_eta/ender"), "boot")
    if online:
        outbox.connect(1, NOW)
    OtherPlugins(outbox).inputs[PluginPublish](event, NOW)
    later = Now(NOW.at + waits, NOW.wall + waits)
    if not online:
        outbox.connect(1, later)
    return [(publish.topic, publish.payload) for publish in outbox.drain(later)]


def test_a_message_is_sent_on_the_connection():
    assert sent(MESSAGE, online=True) == [("plugin/pub", b"hello")]


def test_without_a_connection_it_is_sent_later_only_if_it_may_wait():
    assert sent(MESSAGE, online=False) == []
    waiting = PluginPublish("plugin/pub", b"hello", retained=False, qos=1, queue=True)
    assert sent(waiting, online=False, waits=10 * CONNECTED_S) == [("plugin/pub", b"hello")]


def test_the_connection_subscribes_to_the_topics_of_plugins_and_keeps_our_own():
    driver = connected()
    driver.handle(PluginSubscriptions(("plugin/sub", "homeassistant/status")))
    topics = driver.of(Subscribe)[-1].topics
    assert topics[-1] == "plugin/sub"
    assert driver.topic("command/#") in topics
    assert topics.count("homeassistant/status") == 1
    driver.handle(PluginSubscriptions(()))
    assert "plugin/sub" not in driver.of(Subscribe)[-1].topics


def test_a_filter_that_matches_our_topics_after_a_change_is_left_out_at_once_and_comes_back():
    """Some brokers deliver a message once per subscription: each command would be executed twice."""
    driver = connected()
    driver.handle(PluginSubscriptions(("farm/#",)))
    assert "farm/#" in driver.of(Subscribe)[-1].topics
    driver.change_settings(mqtt_base_topic="farm")
    assert "farm/#" not in driver.of(Connect)[-1].subscriptions
    driver.change_settings(mqtt_base_topic="elsewhere")
    assert "farm/#" in driver.of(Connect)[-1].subscriptions
