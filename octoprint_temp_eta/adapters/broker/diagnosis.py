"""Words for a failed attempt to connect, after a look at what the port speaks.

The connection and the connection test use them both. The functions may connect to the broker once more, for some
seconds; they belong in the connection's own thread.
"""

from __future__ import annotations

import ssl

from ...settings.broker_address import BrokerAddress
from . import errors, reach


def failure(error: Exception, address: BrokerAddress) -> str:
    """Return which step failed with `error` when connecting to `address`, and what to do; without a full stop."""
    ended_in_handshake = isinstance(error, ssl.SSLError | ConnectionResetError)
    verified = not isinstance(error, ssl.SSLCertVerificationError)
    if address.tls and ended_in_handshake and verified and reach.answers_without_tls(address):
        return errors.no_tls(address)
    return errors.explain(error, address)


def no_connack(address: BrokerAddress, protocol: str, *, closed: bool) -> str:
    """Return why there is no CONNACK, and what to do; without a full stop."""
    if closed and not address.tls and reach.expects_tls(address):
        return errors.expects_tls(address)
    return errors.no_connack(address, protocol, closed=closed)
