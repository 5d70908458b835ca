"""Sockets of the replay exchange: this machine's loopback addresses and no others."""

from __future__ import annotations

import errno
import socket

from outrigger.errors import ReplayError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def listening_socket(host: str, port: int) -> socket.socket:
    """Loopback socket, bound and not yet accepting.

    Parameters
    ----------
    host : str
        A loopback address.
    port : int
        Port number; 0 takes a free one.

    Returns
    -------
    socket.socket
        A TCP socket.

    Raises
    ------
    ReplayError
        When the address is not loopback or the port is taken.
    """
    if host not in LOOPBACK:
        raise ReplayError(
            f"cannot serve on {host}: the replay exchange only binds this machine's loopback addresses "
            f"({', '.join(LOOPBACK)})"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
        opened.listen()
    except (OSError, OverflowError) as error:
        opened.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise ReplayError(
                f"port {port} on {host} is taken: choose another, or 0 for any free one"
            ) from error
        raise ReplayError(f"cannot serve on {host}, port {port}: {error}") from error
    return opened
