"""Who asks, and when: the signature of a request to an account.

As Binance does it: HMAC SHA-256 over the query and the body as they were sent, the key in a header, and a
time that lies in a window before the exchange's own. Source: Binance API documentation, USDⓈ-M futures,
"SIGNED endpoint security".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from outrigger.replay.request_terms import RefusedRequest, integer, text

KEY_HEADER = "X-MBX-APIKEY"
USUAL_WINDOW_MS, LONGEST_WINDOW_MS, AHEAD_MS = 5_000, 60_000, 1_000


@dataclass(frozen=True, slots=True)
class Keys:
    """A client's key and secret; neither is ever shown."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


def verified(keys: Keys, key: str | None, query: str, body: str, now_ms: int) -> Mapping[str, str]:
    """Check a request and give its parameters.

    Parameters
    ----------
    keys : Keys
        The client's.
    key : str or None
        Sent in the header.
    query, body : str
        As they were sent, still encoded.
    now_ms : int
        The exchange's time, milliseconds since the epoch.

    Returns
    -------
    mapping of str to str

    Raises
    ------
    RefusedRequest
        If the key, the signature or the time is wrong, in the exchange's words.
    """
    if key is None or not hmac.compare_digest(key.encode(), keys.key.encode()):
        raise RefusedRequest(-2015, "Invalid API-key, IP, or permissions for action.", 401)
    payload, _, signature = (query + body).rpartition("&signature=")
    if not payload:
        raise RefusedRequest(
            -1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed."
        )
    due = hmac.new(keys.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature.encode(), due.encode()):
        raise RefusedRequest(-1022, "Signature for this request is not valid.")
    asked = dict(parse_qsl(payload, keep_blank_values=True))
    text(asked, "timestamp")
    sent = integer(asked, "timestamp") or 0
    window = min(integer(asked, "recvWindow") or USUAL_WINDOW_MS, LONGEST_WINDOW_MS)
    if sent >= now_ms + AHEAD_MS:
        raise RefusedRequest(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if sent < now_ms - window:
        raise RefusedRequest(-1021, "Timestamp for this request is outside of the recvWindow.")
    return asked
