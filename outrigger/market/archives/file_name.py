"""What the name of an archive file says, and how Binance's symbols and Freqtrade's pairs translate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from outrigger.errors import DataError

_QUOTES: Final = ("USDT", "USDC", "FDUSD", "BUSD")
_NAME: Final = re.compile(
    r"(?P<symbol>[A-Z0-9]+)-(?:(?P<kind>bookDepth|metrics)-(?P<day>\d{4}-\d\d-\d\d).*"
    r"|(?P<history>openInterestHist)-(?P<period>\d+)(?P<unit>[mhd]).*)\.(?:csv|zip)"
)
_UNIT_MS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class FileName:
    """An archive file's name, taken apart.

    Parameters
    ----------
    symbol : str
        Such as `BTCUSDT`.
    kind : str
        `bookDepth`, `metrics` or `openInterestHist`.
    period_ms : int
        Period of an `openInterestHist` in milliseconds, 0 for others.
    day : date or None
        UTC day of a daily archive.
    """

    symbol: str
    kind: str
    period_ms: int = 0
    day: date | None = None


def parse_name(name: str) -> FileName | None:
    """Take a file name apart; None if it is none of an archive's."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    if found["history"]:
        return FileName(found["symbol"], found["history"], int(found["period"]) * _UNIT_MS[found["unit"]])
    try:
        return FileName(found["symbol"], found["kind"], day=date.fromisoformat(found["day"]))
    except ValueError:
        return None


def daily_name(symbol: str, kind: str, day: date) -> str:
    """Name of a published daily archive: `BTCUSDT-bookDepth-2025-10-10.zip`."""
    return f"{symbol}-{kind}-{day.isoformat()}.zip"


def symbol_of(pair: str) -> str:
    """Binance's symbol of a perpetual future.

    Parameters
    ----------
    pair : str
        As Freqtrade writes it: `BTC/USDT:USDT`.

    Returns
    -------
    str
        `BTCUSDT`.

    Raises
    ------
    DataError
        If the pair is no perpetual future that is settled in its quote currency.
    """
    base, _, rest = pair.partition("/")
    quote, _, settle = rest.partition(":")
    if not re.fullmatch(r"[A-Z0-9]+", base) or quote not in _QUOTES or quote != settle:
        raise DataError(f"pair {pair!r}: archives are of perpetual futures; write it like 'BTC/USDT:USDT'")
    return base + quote


def pair_of(symbol: str) -> str:
    """Freqtrade's name of a perpetual future.

    Parameters
    ----------
    symbol : str
        `BTCUSDT`.

    Returns
    -------
    str
        `BTC/USDT:USDT`.

    Raises
    ------
    DataError
        If the quote currency is unknown.
    """
    for quote in _QUOTES:
        if symbol.endswith(quote) and symbol != quote:
            return f"{symbol.removesuffix(quote)}/{quote}:{quote}"
    raise DataError(f"symbol {symbol!r}: unknown quote currency, known are {', '.join(_QUOTES)}")
