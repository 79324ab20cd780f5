"""NATS with JetStream as an MQTT broker: installed, or on Debian unpacked into the cache without root."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.support.broker_programs import Listener, RunningBroker, RunningProcess
from tests.support.debian import CACHE, DebianError, unpack
from tests.support.waiting import free_port


@dataclass(frozen=True)
class Nats:
    """A nats-server binary on this machine, without passwords and TLS."""

    binary: Path
    name: str = "NATS"

    def launch(self, listener: Listener, folder: Path) -> RunningBroker:
        listener.refuse_protection(self.name)
        (folder / "nats.conf").write_text(
            f'server_name: test\nlisten: "127.0.0.1:{free_port()}"\n'
            f'jetstream {{ store_dir: "{folder / "js"}", max_mem: 64M, max_file: 256M }}\n'
            f'mqtt {{ listen: "{listener.host}:{listener.port}" }}\n'
        )
        return RunningProcess([self.binary, "-c", folder / "nats.conf"], folder, {})


@dataclass(frozen=True)
class ClusterNode:
    """One of several NATS servers that share their retained messages; `routes` are the ports among the servers."""

    binary: Path
    number: int
    routes: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"NATS server {self.number} of {len(self.routes)}"

    def launch(self, listener: Listener, folder: Path) -> RunningBroker:
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in self.routes)
        (folder / "nats.conf").write_text(
            f'server_name: node{self.number}\nlisten: "127.0.0.1:{free_port()}"\n'
            f'cluster {{ name: test, listen: "127.0.0.1:{self.routes[self.number]}", routes: [{routes}] }}\n'
            f'jetstream {{ store_dir: "{folder / "js"}", max_mem: 64M, max_file: 256M }}\n'
            f'mqtt {{ listen: "{listener.host}:{listener.port}", stream_replicas: {len(self.routes)} }}\n'
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
