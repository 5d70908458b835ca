"""One exit order that was filled: what was decided, when, and what the market made of it.

An exit in several orders, because one was filled in part and then cancelled, makes several entries of the
same trade. Slippage is told against the stop, not against the quote at the decision: what the price did while
nobody looked belongs to it. Weak: the price may have reached a stop of the bot's own up to one loop before
the bot saw it, which no clock here knows; a stop on the exchange has no moment of decision at all.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from math import isfinite
from typing import Any

from outrigger.errors import StateError
from outrigger.market.moment import from_ms
from outrigger.versioned_json import VersionedJson, typed

VERSION = 1
BP = 1e4


class ExitKind(StrEnum):
    """What made a position leave."""

    STOP = "stop"
    LIQUIDATION = "liquidation"
    EMERGENCY = "emergency"
    OTHER = "other"


class Keeper(StrEnum):
    """Who watched the stop."""

    SOFTWARE = "software"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One filled exit order.

    Parameters
    ----------
    trade_id : int
        Freqtrade's number of the trade.
    order_id : str
        The exchange's number of the order.
    pair, exchange : str
        Where.
    side : int
        Of the position: +1 for a long, -1 for a short.
    leg : bool
        Whether the position hedged another one.
    reason : str
        Freqtrade's exit reason.
    kind : ExitKind
        What sort of exit that is.
    kept_by : Keeper
        Whether the bot or the exchange watched the stop.
    stop : float or None
        Price of the stop, or of the liquidation; None where no stop was the reason.
    quoted : float or None
        Price that the bot saw when it decided; None where it did not.
    decided_ms : int or None
        When it decided; None where it did not, or was restarted since.
    ordered_ms, filled_ms : int
        When the order was placed and filled.
    price : float
        Mean price of the fill.
    amount, left : float
        Filled, and still open afterwards, base currency.
    regime : str or None
        Likeliest regime then; None where it was not known.
    dry : bool
        Whether it was a dry run, whose fills are simulated.

    Raises
    ------
    StateError
        If a price or an amount is none.
    """

    trade_id: int
    order_id: str
    pair: str
    exchange: str
    side: int
    leg: bool
    reason: str
    kind: ExitKind
    kept_by: Keeper
    stop: float | None
    quoted: float | None
    decided_ms: int | None
    ordered_ms: int
    filled_ms: int
    price: float
    amount: float
    left: float
    regime: str | None
    dry: bool

    def __post_init__(self) -> None:
        """Refuse what no figure could be made of."""
        prices = [self.price, *(price for price in (self.stop, self.quoted) if price is not None)]
        sound = all(isfinite(price) and price > 0 for price in (*prices, self.amount))
        if not sound or self.side not in (1, -1) or not (isfinite(self.left) and self.left >= 0):
            raise StateError(
                f"an exit of {self.pair}#{self.trade_id} has a price or amount that is none: {self}"
            )

    @property
    def slippage_bp(self) -> float | None:
        """Basis points by which the fill is worse than the stop; negative is better, None is no stop."""
        # Adding zero makes a short's -0.0 a plain one.
        return None if self.stop is None else self.side * (self.stop - self.price) / self.stop * BP + 0.0

    @property
    def impact_bp(self) -> float | None:
        """The part of it that came after the decision: from the quote then to the fill."""
        if self.stop is None or self.quoted is None:
            return None
        return self.side * (self.quoted - self.price) / self.stop * BP

    @property
    def delay_ms(self) -> int | None:
        """From decision to fill; None where no decision is known."""
        return None if self.decided_ms is None else self.filled_ms - self.decided_ms

    @property
    def hour(self) -> int:
        """Hour of the day of the fill, UTC."""
        return from_ms(self.filled_ms).hour

    def dumps(self) -> str:
        """Write the entry as one line of JSON, with the figures for whoever reads the file by eye."""
        bp = self.slippage_bp
        figures = {"slippage_bp": None if bp is None else round(bp, 3), "delay_ms": self.delay_ms}
        return _JSON.write({**asdict(self), **figures})


_JSON = VersionedJson("ledger entry", "trade", VERSION)
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("trade_id", "side", "ordered_ms", "filled_ms"), int),
    **dict.fromkeys(("order_id", "pair", "exchange", "reason", "kind", "kept_by"), str),
    **dict.fromkeys(("price", "amount", "left"), int | float),
    **dict.fromkeys(("stop", "quoted"), int | float | None),
    **dict.fromkeys(("leg", "dry"), bool),
    "decided_ms": int | None,
    "regime": str | None,
}


def loads(line: str) -> LedgerEntry:
    """Read a line that `LedgerEntry.dumps` wrote.

    Parameters
    ----------
    line : str
        One line of JSON; the figures in it are worked out again.

    Returns
    -------
    LedgerEntry
        The entry.

    Raises
    ------
    StateError
        If it is no such line, or a newer version wrote it.
    """
    return _JSON.read(line, _entry)


def _entry(body: dict[str, Any]) -> LedgerEntry:
    known = {key: typed(body, key, kind) for key, kind in _TYPES.items()}
    kind, kept_by = ExitKind(known["kind"]), Keeper(known["kept_by"])
    return LedgerEntry(**{**known, "kind": kind, "kept_by": kept_by})
