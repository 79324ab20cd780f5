"""A real MQTT broker as a context manager. It can be stopped, frozen and restarted, and stores nothing."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
from pathlib import Path
from typing import Self

from tests.support.broker_programs import BrokerProgram, Certificates, Listener, RunningBroker, broker_for_tests
from tests.support.waiting import eventually, free_port

START_SECONDS = 60.0
#: MQTT 3.1.1 CONNECT, clean session, keepalive 5 s, client id "ready".
CONNECT = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x05\x00\x05ready"
CONNACK = 0x20


def accepts_connections(listener: Listener, timeout: float = 1.0) -> bool:
    """Whether `listener` sends a CONNACK, even a refusal. An open port is not enough."""
    try:
        with contextlib.ExitStack() as stack:
            stream = stack.enter_context(socket.create_connection((listener.host, listener.port), timeout))
            if listener.certificates is not None:
                context = ssl.create_default_context(cafile=str(listener.certificates.authority))
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                if listener.tls_options:  # it may require a client certificate: the handshake is enough
                    context.wrap_socket(stream, server_hostname="localhost").close()
                    return True
                stream = stack.enter_context(context.wrap_socket(stream, server_hostname="localhost"))
            stream.sendall(CONNECT)
            return stream.recv(4)[:1] == bytes([CONNACK])
    except OSError:
        return False


class Broker:
    """A broker on 127.0.0.1 that runs inside the context, on `port` or a free one.

    The rest is for mosquitto: more lines of its configuration, its access rules, and a second port for WebSockets.
    """

    def __init__(
        self,
        program: BrokerProgram | None = None,
        *,
        port: int | None = None,
        username: str | None = None,
        password: str | None = None,
        certificates: Certificates | None = None,
        options: tuple[str, ...] = (),
        acl: str = "",
        host: str = "127.0.0.1",
        tls_options: tuple[str, ...] = (),
        websockets: bool = False,
    ) -> None:
        self.program = program or broker_for_tests()
        self.websocket_port = free_port() if websockets else None
        self.listener = Listener(
            port or free_port(), host, username, password, certificates, options, acl, tls_options, self.websocket_port
        )
        self._running: RunningBroker | None = None
        self._folders = contextlib.ExitStack()

    @property
    def host(self) -> str:
        return self.listener.host

    @property
    def port(self) -> int:
        return self.listener.port

    @property
    def running(self) -> bool:
        return self._running is not None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, empty, and wait until it responds. Raises RuntimeError with its log if it does not."""
        if self._running is not None:
            raise RuntimeError("the broker runs already")
        folder = self._folders.enter_context(tempfile.TemporaryDirectory(prefix="broker-"))
        try:
            running = self._running = self.program.launch(self.listener, Path(folder))
        except BaseException:
            self._folders.close()
            raise
        try:
            eventually(lambda: accepts_connections(self.listener) or not running.alive, "a CONNACK", START_SECONDS)
            started = running.alive
        except TimeoutError:
            started = False
        if not started:
            log = running.log()
            self.stop()
            raise RuntimeError(f"{self.program.name} did not start on port {self.port}:\n{log}")

    def stop(self) -> None:
        """Stop it. Its retained messages are lost."""
        running, self._running = self._running, None
        try:
            if running is not None:
                running.stop()
        finally:
            self._folders.close()

    def kill(self) -> None:
        """Kill it, as a power failure of its machine would. Its retained messages are lost."""
        self._require().kill()
        self.stop()

    def restart(self) -> None:
        """Stop it and start it again on the same port, empty."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Suspend it while its connections stay open."""
        self._require().freeze()

    def resume(self) -> None:
        """Resume it after `freeze`."""
        self._require().resume()

    def log(self) -> str:
        """Return what it has logged since its start."""
        return self._require().log()

    def _require(self) -> RunningBroker:
        if self._running is None:
            raise RuntimeError("the broker does not run")
        return self._running
