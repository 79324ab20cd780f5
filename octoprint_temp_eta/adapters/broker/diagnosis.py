"""Words for a failed attempt to connect, after a look at what the port speaks.

The connection and the connection test use them both. The functions may connect to the broker once more, for some
seconds; they belong in the connection's own thread.
"""

from __future__ import annotations

import ssl

from paho.mqtt.client import WebsocketConnectionError

from ...bridge.protocol.effects import Connect
from ...settings.broker_address import BrokerAddress
from ..threads.inbox import now
from . import client_certificate, errors, reach


def failure(error: Exception, address: BrokerAddress, spec: Connect) -> str:
    """Return which step failed with `error` when connecting to `address`, and what to do; without a full stop."""
    ended_in_handshake = isinstance(error, ssl.SSLError | ConnectionResetError)
    verified = not isinstance(error, ssl.SSLCertVerificationError)
    if address.tls and ended_in_handshake and verified:
        if reach.answers_without_tls(address):
            return errors.no_tls(address)
        if fault := client_certificate.fault(spec.certificate_file, now().wall):
            return errors.certificate_not_valid(address, fault)
    if address.websocket_path is not None and isinstance(error, ConnectionError | WebsocketConnectionError):
        status = reach.http_status(spec, address)
        if status is not None:
            return errors.websocket_refused(address, status)
        if not address.tls and reach.expects_tls(address):
            return errors.expects_tls(address)
    return errors.explain(error, address, spec.certificate_file)


def no_connack(address: BrokerAddress, protocol: str, certificate_file: str, *, closed: bool) -> str:
    """Return why there is no CONNACK, and what to do; without a full stop."""
    fault = client_certificate.fault(certificate_file, now().wall) if closed and address.tls else None
    if fault is not None:
        return errors.certificate_not_valid(address, fault)
    if closed and not address.tls and reach.expects_tls(address):
        return errors.expects_tls(address)
    return errors.no_connack(address, protocol, certificate_file, closed=closed)
