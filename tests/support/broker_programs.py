"""Sources of a real MQTT broker: Docker, an installed mosquitto, one unpacked from Debian's package, or aedes.

A program is launched with a `Listener` and gives a `RunningBroker`, which can be stopped and frozen. None of them
stores anything on disk: after a restart, retained messages are gone.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tests.support.debian import CACHE, DebianError, library_path, unpack

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

STOP_SECONDS = 5.0
INSTALL_HINT = "no MQTT broker to be had: install mosquitto (Debian: apt-get install mosquitto), or start Docker"


class NoBrokerError(RuntimeError):
    """No broker program is available; the message names what to install."""


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files: the authority that clients trust, and the server's own certificate and key."""

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Listener:
    """Address of a broker, and whom it accepts: everyone or one user.

    For mosquitto, `options` and `tls_options` are more lines of its configuration, the latter for a listener with TLS,
    `acl` is the text of its file of access rules, `websocket_port` a second port that accepts WebSockets.
    """

    port: int
    host: str = "127.0.0.1"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    certificates: Certificates | None = None
    options: tuple[str, ...] = ()
    acl: str = ""
    tls_options: tuple[str, ...] = ()
    websocket_port: int | None = None

    def refuse_protection(self, program: str) -> None:
        """Raise `NoBrokerError` for a user or certificates: `program` is only started without."""
        if self.username is not None or self.certificates is not None:
            raise NoBrokerError(f"{program} is only started for anybody and without TLS")


class RunningBroker(Protocol):
    """A broker that was launched."""

    @property
    def alive(self) -> bool: ...
    def log(self) -> str: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def freeze(self) -> None: ...
    def resume(self) -> None: ...


class BrokerProgram(Protocol):
    """A broker program that can be launched; it uses `folder` until it has stopped."""

    @property
    def name(self) -> str: ...
    def launch(self, listener: Listener, folder: Path) -> RunningBroker: ...


def mosquitto_configuration(listener: Listener, folder: Path, seen_as: str, address: str) -> str:
    """Return mosquitto's configuration; `seen_as` is `folder` as the broker sees it, `address` what it binds."""
    lines = ["persistence false", "set_tcp_nodelay true", "log_dest stdout", *listener.options]
    listeners = [[f"listener {address}"]]
    if listener.websocket_port is not None:
        listeners.append(
            [f"listener {listener.websocket_port} {listener.host}", "protocol websockets", "socket_domain ipv4"]
        )
    if listener.username is None:
        lines.append("allow_anonymous true")
    else:
        (folder / "passwords").write_text(_password_line(listener.username, listener.password or ""))
        (folder / "passwords").chmod(0o644)
        lines += ["allow_anonymous false", f"password_file {seen_as}/passwords"]
    if listener.acl:
        (folder / "acl").write_text(listener.acl)
        (folder / "acl").chmod(0o644)
        lines.append(f"acl_file {seen_as}/acl")
    for each in listeners:
        lines += [*each, *_tls_lines(listener, folder, seen_as)]
    return "\n".join(lines) + "\n"


def _tls_lines(listener: Listener, folder: Path, seen_as: str) -> list[str]:
    """Copy the certificates into `folder` and return the lines of a listener with TLS; none without certificates."""
    if listener.certificates is None:
        return []
    lines = [*listener.tls_options]
    for option, source in (
        ("cafile", listener.certificates.authority),
        ("certfile", listener.certificates.certificate),
        ("keyfile", listener.certificates.key),
    ):
        copy = Path(shutil.copy(source, folder))
        copy.chmod(0o644)
        lines.append(f"{option} {seen_as}/{copy.name}")
    return lines


def _password_line(username: str, password: str) -> str:
    """Return a line of mosquitto's password file: PBKDF2-SHA512, as mosquitto_passwd writes it."""
    rounds, salt = 101, os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    return f"{username}:$7${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


class RunningProcess:
    """A broker as a child process in its own session, so that Ctrl-C in the terminal does not stop it."""

    def __init__(self, command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> None:
        self._log = folder / "log.txt"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command],
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        if self.alive:
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        # What it has started in its group ends with it.
        with contextlib.suppress(ProcessLookupError):
            self._signal(signal.SIGKILL)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self._process.wait()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        # The group, not the process: npx runs the broker as a child of its own.
        os.killpg(self._process.pid, number)


@dataclass(frozen=True)
class Mosquitto:
    """A mosquitto binary on this machine; `libraries` is its LD_LIBRARY_PATH if it is not installed."""

    binary: Path
    libraries: str = ""

    @property
    def name(self) -> str:
        return f"mosquitto ({self.binary})"

    def launch(self, listener: Listener, folder: Path) -> RunningBroker:
        address = f"{listener.port} {listener.host}"
        configuration = mosquitto_configuration(listener, folder, str(folder), address)
        if os.geteuid() == 0:  # otherwise it drops root privileges and cannot read its own files
            configuration += "user root\n"
        (folder / "mosquitto.conf").write_text(configuration)
        environment = {"LD_LIBRARY_PATH": self.libraries} if self.libraries else {}
        return RunningProcess([self.binary, "-c", folder / "mosquitto.conf"], folder, environment)


@dataclass(frozen=True)
class Aedes:
    """The aedes broker for Node.js, fetched by npx. It supports neither a password file nor TLS here."""

    npx: str = "npx"
    name: str = "aedes (npx)"

    def launch(self, listener: Listener, folder: Path) -> RunningBroker:
        listener.refuse_protection(self.name)
        command = [self.npx, "--yes", "aedes-cli", "--host", listener.host, "--port", str(listener.port)]
        return RunningProcess(command, folder, {})


@dataclass(frozen=True)
class DockerMosquitto:
    """The image of eclipse-mosquitto, through testcontainers."""

    image: str

    @property
    def name(self) -> str:
        return f"{self.image} (Docker)"

    def launch(self, listener: Listener, folder: Path) -> RunningBroker:
        from testcontainers.core.container import DockerContainer

        configuration = mosquitto_configuration(listener, folder, "/mosquitto/config", "1883")
        (folder / "mosquitto.conf").write_text(configuration)
        folder.chmod(0o755)
        container = DockerContainer(self.image).with_volume_mapping(folder, "/mosquitto/config", "ro")
        # A port chosen by Docker would change with every start and be open to the whole network.
        container.ports["1883"] = (listener.host, listener.port)  # type: ignore[assignment]
        try:
            container.start()
        except Exception:
            container.stop()  # it may have been created without running
            raise
        return RunningContainer(container)


class RunningContainer:
    """A broker in a container; its log stays available after it was removed."""

    def __init__(self, container: DockerContainer) -> None:
        self._container = container

    @property
    def alive(self) -> bool:
        self._container.reload()
        return self._container.status in {"running", "paused"}

    def log(self) -> str:
        return b"".join(self._container.get_logs()).decode(errors="replace")

    def stop(self) -> None:
        self._container.stop()

    def kill(self) -> None:
        self._container.get_wrapped_container().kill()

    def freeze(self) -> None:
        self._container.get_wrapped_container().pause()

    def resume(self) -> None:
        self._container.get_wrapped_container().unpause()


def docker_mosquitto() -> DockerMosquitto | None:
    """Return mosquitto in Docker if an engine is running and has the image. Nothing is pulled."""
    image = os.environ.get("MOSQUITTO_IMAGE", "eclipse-mosquitto:2")
    # Set before testcontainers is imported: its clean-up container is an image of its own, which would be pulled.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    try:
        import docker  # type: ignore[import-untyped]

        client = docker.from_env(timeout=3)
        client.ping()
        client.images.get(image)
        client.close()
    except Exception:  # an engine can be unavailable for many reasons, which do not matter here
        return None
    return DockerMosquitto(image)


def installed_mosquitto() -> Mosquitto | None:
    """Return the mosquitto on the PATH; Debian has it in /usr/sbin, which users do not have on theirs."""
    found = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return Mosquitto(Path(found)) if found else None


def unpacked_mosquitto() -> Mosquitto | None:
    """Return Debian's mosquitto, unpacked without root, or None where this is no Debian."""
    try:
        root = unpack(["mosquitto"], CACHE / "debian" / "mosquitto")
    except DebianError:
        return None
    return Mosquitto(root / "usr/sbin/mosquitto", library_path(root))


def npx_aedes() -> Aedes | None:
    """Return aedes where Node.js is installed."""
    npx = shutil.which("npx")
    return Aedes(npx) if npx else None


def broker_for_tests() -> BrokerProgram:
    """Return the program that the tests use. Raises NoBrokerError, which names what to install."""
    program = docker_mosquitto() or installed_mosquitto() or unpacked_mosquitto()
    if program is None:
        raise NoBrokerError(INSTALL_HINT)
    return program


def broker_for_demo() -> BrokerProgram:
    """Return the program that the demo uses. Raises NoBrokerError, which names what to install."""
    program = installed_mosquitto() or unpacked_mosquitto() or npx_aedes()
    if program is None:
        raise NoBrokerError(INSTALL_HINT)
    return program
