"""One trade of an account, whatever source it was read from: a backtest, a database or a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STOP_EXITS = frozenset({"stop_loss", "trailing_stop_loss", "stoploss_on_exchange", "stop_crossed"})
LIQUIDATION = "liquidation"
FORCED = "force_exit"


@dataclass(frozen=True, slots=True)
class Fill:
    """A filled order: when (ms since the epoch), price, amount in base currency, and whether it adds."""

    filled_ms: int
    price: float
    amount: float
    entry: bool


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade, from whatever source; an open one is valued at `closed_ms` and `close_rate`.

    Parameters
    ----------
    pair : str
        Freqtrade's name of the pair.
    side : int
        +1 for a long, -1 for a short.
    opened_ms, closed_ms : int
        Times of entry and exit in ms since the epoch; in a backtest, when the candle of the fill opened.
    open_rate, close_rate : float
        Fill prices in quote currency.
    notional : float
        Size of the position at entry in quote currency, leverage included.
    leverage : float
        Leverage of the position.
    profit : float
        Result in quote currency, net of fees and funding.
    fees : float
        Fees of entry and exit in quote currency.
    funding : float
        Funding in quote currency; negative when it was paid.
    stop : float
        Stop that Freqtrade held when the trade ended, as a price.
    exit_reason, enter_tag : str
        Freqtrade's words for why the trade ended and began.
    number : int or None
        Freqtrade's number of the trade; an export has none.
    is_open : bool
        Whether it has not ended: `profit` is then what it would be now.
    liquidation : float or None
        Price at which it would be liquidated, where known.
    worst : float or None
        Worst price for the position while it was open, as far as Freqtrade saw it.
    fills : tuple of Fill
        Filled orders in the order of their fills.
    documents : mapping of str to str
        What Outrigger keeps with the trade, JSON by key; none in a backtest.
    """

    pair: str
    side: int
    opened_ms: int
    closed_ms: int
    open_rate: float
    close_rate: float
    notional: float
    leverage: float
    profit: float
    fees: float
    funding: float
    stop: float
    exit_reason: str
    enter_tag: str
    number: int | None = None
    is_open: bool = False
    liquidation: float | None = None
    worst: float | None = None
    fills: tuple[Fill, ...] = ()
    documents: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def net_return(self) -> float:
        """Result as a fraction of notional, net of fees and funding."""
        return self.profit / self.notional

    @property
    def move(self) -> float:
        """Move of price in the trade's favour, as a fraction of the entry price."""
        return self.side * (self.close_rate / self.open_rate - 1)

    @property
    def left_by_stop(self) -> bool:
        """Whether a stop ended the trade, by Freqtrade's order or by `stop_crossed`."""
        return self.exit_reason in STOP_EXITS

    @property
    def liquidated(self) -> bool:
        """Whether the exchange ended the trade."""
        return self.exit_reason == LIQUIDATION
