"""RabbitMQ with its MQTT plugin, on Debian unpacked into the cache without root."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.support.broker_programs import Listener, RunningBroker, RunningProcess
from tests.support.debian import CACHE, DebianError, unpack
from tests.support.waiting import free_port

CONFIGURATION = """\
listeners.tcp = none
mqtt.listeners.tcp.1 = {host}:{port}
mqtt.allow_anonymous = true
mqtt.default_user = guest
mqtt.default_pass = guest
mqtt.vhost = /
mqtt.exchange = amq.topic
mqtt.retained_message_store = rabbit_mqtt_retained_msg_store_ets
loopback_users = none
log.console = true
log.console.level = warning
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 50MB
"""
#: Erlang finds its nodes through a daemon: an own one, which the process group ends with.
PROGRAM = '"$BINDIR/epmd" -address 127.0.0.1 -port "$ERL_EPMD_PORT" & exec "$RABBITMQ"'
#: Takes the place of Debian's `erl`, which has the path of an installed Erlang written in.
ERL = '#!/bin/sh\nexec "$BINDIR/erlexec" "$@"\n'


@dataclass(frozen=True)
class RabbitMq:
    """RabbitMQ below `root`, with the Erlang there or the installed one; for anybody, without TLS and persistence."""

    root: Path
    name: str = "RabbitMQ"

    def launch(self, listener: Listener, folder: Path) -> RunningBroker:
        listener.refuse_protection(self.name)
        (folder / "rabbitmq.conf").write_text(CONFIGURATION.format(host=listener.host, port=listener.port))
        (folder / "enabled_plugins").write_text("[rabbitmq_mqtt].\n")
        (folder / "empty.conf").touch()
        (folder / "erl").write_text(ERL)
        (folder / "erl").chmod(0o755)
        return RunningProcess(["sh", "-c", PROGRAM], folder, self._environment(folder))

    def _environment(self, folder: Path) -> dict[str, str]:
        erlang = self.root / "usr/lib/erlang"
        if not erlang.exists():
            erlang = Path("/usr/lib/erlang")
        epmd_port = str(free_port())
        return {
            "PATH": os.pathsep.join([str(folder), os.environ.get("PATH", "")]),
            "ROOTDIR": str(erlang),
            "BINDIR": str(next(erlang.glob("erts-*/bin"))),
            "EMU": "beam",
            "PROGNAME": "erl",
            "RABBITMQ": str(_server(self.root)),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": epmd_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"rabbit{epmd_port}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "logs"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "empty.conf"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
        }


def _server(root: Path) -> Path | None:
    return next(root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server"), None)


def rabbitmq() -> RabbitMq | None:
    """Return RabbitMQ if it can be unpacked, and there is an Erlang."""
    root = CACHE / "rabbitmq"
    try:
        unpack(["rabbitmq-server"], root)
    except DebianError:
        return None
    erlang = (root / "usr/lib/erlang").exists() or shutil.which("erl") is not None
    return RabbitMq(root) if erlang and _server(root) else None
