"""NATS with JetStream as an MQTT broker: installed, or on Debian unpacked into the cache without root."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.support.broker_programs import Listener, NoBrokerError, RunningBroker, RunningProcess
from tests.support.debian import CACHE, DebianError, unpack
from tests.support.waiting import free_port


@dataclass(frozen=True)
class Nats:
    """A nats-server binary on this machine, without passwords and TLS."""

    binary: Path
    name: str = "NATS"

    def launch(self, listener: Listener, folder: Path) -> RunningBroker:
        if listener.username is not None or listener.certificates is not None:
            raise NoBrokerError("NATS is only started for anybody and without TLS")
        (folder / "nats.conf").write_text(
            f'server_name: test\nlisten: "127.0.0.1:{free_port()}"\n'
            f'jetstream {{ store_dir: "{folder / "js"}", max_mem: 64M, max_file: 256M }}\n'
            f'mqtt {{ listen: "{listener.host}:{listener.port}" }}\n'
        )
        return RunningProcess([self.binary, "-c", folder / "nats.conf"], folder, {})


def nats() -> Nats | None:
    """Return NATS if it is installed or can be unpacked."""
    installed = shutil.which("nats-server")
    if installed is not None:
        return Nats(Path(installed))
    try:
        binary = unpack(["nats-server"], CACHE / "nats", with_dependencies=False) / "usr/sbin/nats-server"
    except DebianError:
        return None
    return Nats(binary) if binary.exists() else None
