"""Helpers for other plugins, with the signatures of OctoPrint-MQTT's: `get_helpers("temp_eta", "mqtt_publish", …)`."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import octoprint.plugin

from ...adapters.threads.inbox import now
from ...app import App
from ...bridge.protocol.inputs import PluginPublish
from ...core.topic_filter import is_filter, is_topic

P = ParamSpec("P")
T = TypeVar("T")

#: Bytes of a payload at most.
LARGEST_PAYLOAD = 256 * 1024


def _guarded(helper: Callable[Concatenate[MqttHelpers, P], T]) -> Callable[Concatenate[MqttHelpers, P], T | bool]:
    """Log what a helper raises, such as with arguments of unexpected types, and return False."""

    @functools.wraps(helper)
    def guarded(self: MqttHelpers, /, *args: P.args, **kwargs: P.kwargs) -> T | bool:
        try:
            return helper(self, *args, **kwargs)
        except Exception:
            self._logger.exception("A plugin's call of %s failed", helper.__name__)
            return False

    return guarded


class MqttHelpers(octoprint.plugin.OctoPrintPlugin):
    """The helpers. None of them waits, and none raises an exception."""

    _app: App | None

    def mqtt_helpers(self) -> dict[str, object]:
        """Return the helpers, for `__plugin_helpers__`."""
        return {
            "mqtt_publish": self.mqtt_publish,
            "mqtt_publish_with_timestamp": self.mqtt_publish_with_timestamp,
            "mqtt_subscribe": self.mqtt_subscribe,
            "mqtt_unsubscribe": self.mqtt_unsubscribe,
        }

    @_guarded
    def mqtt_publish(
        self,
        topic: str,
        payload: Any,
        retained: bool = False,
        qos: int = 0,
        allow_queueing: bool = False,
        raw_data: bool = False,
    ) -> bool:
        """Publish `payload`: a text or bytes as they are, anything else as JSON. QoS 2 is sent as 1.

        Return whether the message was accepted: False without a connection, unless `allow_queueing`.
        """
        encoded = _encoded(payload, raw=raw_data)
        if self._app is None or not is_topic(topic) or encoded is None or len(encoded) > LARGEST_PAYLOAD:
            return False
        message = PluginPublish(topic, encoded, bool(retained), 1 if qos else 0, bool(allow_queueing))
        return self._app.publish_for_plugin(message)

    @_guarded
    def mqtt_publish_with_timestamp(
        self,
        topic: str,
        payload: Mapping[str, Any],
        retained: bool = False,
        qos: int = 0,
        allow_queueing: bool = False,
        timestamp: float | None = None,
    ) -> bool:
        """Publish a dictionary with the key `_timestamp`: `timestamp`, or the current Unix seconds."""
        if not isinstance(payload, Mapping):
            return False
        stamped = {**payload, "_timestamp": int(now().wall) if timestamp is None else timestamp}
        return self.mqtt_publish(topic, stamped, retained, qos, allow_queueing)

    @_guarded
    def mqtt_subscribe(
        self,
        topic: str,
        callback: Callable[..., Any],
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Call `callback(topic, payload, *args, retained=…, qos=…, **kwargs)` for each message on `topic`."""
        if self._app is None:
            reason: str | None = "this plugin has not started yet, call the helpers from on_after_startup on"
        elif not callable(callback) or not is_filter(topic):
            reason = "it is no topic filter, or a shared one, or its callback cannot be called"
        else:
            reason = self._app.subscribe_for_plugin(topic, callback, args or (), kwargs or {})
        if reason:
            self._logger.warning("A plugin's subscription to %.64r is refused: %s", topic, reason)

    @_guarded
    def mqtt_unsubscribe(self, callback: Callable[..., Any], topic: str | None = None) -> None:
        """Call `callback` no more, on all topics or on `topic`."""
        if self._app is not None:
            self._app.unsubscribe_for_plugin(callback, topic)


def _encoded(payload: Any, *, raw: bool) -> bytes | None:
    """Return a payload as bytes, None if it cannot be sent."""
    if isinstance(payload, bytes | bytearray):
        return bytes(payload)
    if not isinstance(payload, str):
        if raw:
            payload = str(payload)
        else:
            try:
                payload = json.dumps(payload)
            except (TypeError, ValueError, RecursionError):
                return None
    return str(payload).encode(errors="replace")
