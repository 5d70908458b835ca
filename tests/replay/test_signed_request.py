"""Signatures: Binance's own example is accepted, and everything else that is wrong has its code."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from outrigger.replay.request_terms import RefusedRequest
from outrigger.replay.signed_request import Keys, verified

# Binance API documentation, USDⓈ-M futures, "SIGNED endpoint examples for POST /fapi/v1/order".
KEY = "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83"
SECRET = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
QUERY = (
    "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000"
    "&timestamp=1591702613943"
)
SIGNATURE = "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"
KEYS, NOW = Keys(KEY, SECRET), 1_591_702_613_943


def signed(query: str) -> str:
    return f"{query}&signature={hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()}"


@pytest.mark.parametrize(
    ("query", "body"), [(f"{QUERY}&signature={SIGNATURE}", ""), ("", f"{QUERY}&signature={SIGNATURE}")]
)
def test_verified_takes_the_exchanges_own_example(query: str, body: str) -> None:
    asked = verified(KEYS, KEY, query, body, NOW)
    assert (asked["symbol"], asked["price"], "signature" in asked) == ("BTCUSDT", "9000", False)


@pytest.mark.parametrize(
    ("key", "query", "now_ms", "code"),
    [
        ("another", signed(QUERY), NOW, -2015),
        (None, signed(QUERY), NOW, -2015),
        (KEY, QUERY, NOW, -1102),
        (KEY, signed(QUERY).replace("quantity=1", "quantity=2"), NOW, -1022),
        (KEY, signed(QUERY)[:-1] + "é", NOW, -1022),
        (KEY, signed("symbol=BTCUSDT"), NOW, -1102),
        (KEY, signed(QUERY), NOW + 5_001, -1021),
        (KEY, signed(QUERY), NOW - 1_000, -1021),
        (KEY, signed(QUERY.replace("5000", "600000")), NOW + 60_001, -1021),
    ],
    ids=[
        "wrong key",
        "no key",
        "no signature",
        "changed afterwards",
        "not even a number",
        "no time",
        "late",
        "early",
        "window too long",
    ],
)
def test_verified_refuses_with_the_exchanges_code(
    key: str | None, query: str, now_ms: int, code: int
) -> None:
    with pytest.raises(RefusedRequest) as refused:
        verified(KEYS, key, query, "", now_ms)
    assert refused.value.code == code


def test_keys_are_never_shown() -> None:
    assert KEY not in repr(KEYS)
    assert SECRET not in str(KEYS)
