"""What goes into a replay of the stop lab and what comes out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outrigger.risk.liquidation import MaintenanceTier
from outrigger.stops.policies import Floats

STOP, CROSSED, LIQUIDATION = "stop", "stop_crossed", "liquidation"
HORIZON, DATA_END = "horizon", "data_end"
STOP_REASONS = (STOP, CROSSED)


@dataclass(frozen=True, slots=True)
class PairCandles:
    """A pair's candles as arrays.

    Parameters
    ----------
    open, high, low, close : ndarray of shape (n_candles,)
        Prices; NaN where a candle cannot be used.
    funding : ndarray of shape (n_candles,)
        Sum of the funding rates charged at or after the candle's open and before the next one; 0 for none.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    funding: Floats

    def __len__(self) -> int:
        return len(self.open)


@dataclass(frozen=True, slots=True)
class ReplayTerms:
    """What a replay assumes beside prices and widths.

    Parameters
    ----------
    horizon_bars : int
        Candles after the entry candle; the trade is closed at the close of the last one.
    min_step : float
        Smallest move of the stop worth an order, as a fraction of the stop.
    fee : float
        Taker fee of one side, as a fraction of the notional traded.
    slippage : float
        Adverse slippage of exits by a stop, as a fraction of price: 5 bp is 0.0005.
    gap_fills : bool
        Whether a candle that opens beyond the stop fills at its open; otherwise at the stop wherever the
        candle reaches it, as Freqtrade's backtest has it.
    engine_like : bool
        Whether a candle that breaches the stop of the candle before is filled there without asking for a
        new one, and the stop goes before liquidation, as in Freqtrade's backtest.
    tiers : sequence of MaintenanceTier
        The pair's maintenance tiers; empty for no liquidation.
    leverage : float
        At which liquidation is computed; returns stay on notional.
    notional : float
        Position value at entry in quote currency, for its tier.
    """

    horizon_bars: int
    min_step: float = 0.0005
    fee: float = 0.0005
    slippage: float = 0.0
    gap_fills: bool = True
    engine_like: bool = False
    tiers: Sequence[MaintenanceTier] = ()
    leverage: float = 1.0
    notional: float = 10_000.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one trade.

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    entry_row, exit_row : int
        Candles of entry and exit.
    entry, exit : float
        Prices, the exit with its slippage.
    reason : str
        `stop`, `stop_crossed`, `liquidation`, `horizon` or `data_end`.
    armed : bool
        Whether the trail had armed before the exit candle.
    protect : float
        Protective distance at entry, as a fraction of price.
    best : float
        Best favourable move from the entry candle to the exit candle, both whole, as a fraction of price.
    gross, fees, funding, net : float
        Price move in the trade's favour, fees paid, funding received and what is left, as fractions of the
        notional at entry.
    """

    side: int
    entry_row: int
    exit_row: int
    entry: float
    exit: float
    reason: str
    armed: bool
    protect: float
    best: float
    gross: float
    fees: float
    funding: float
    net: float
