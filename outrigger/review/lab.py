"""Replay of one trade alone under the stop law: the stop lab.

A trade is entered at the open of a candle and left by its stop, by liquidation or after a bounded time;
nothing else happens in its world, so two policies can be compared on the same entries. The stop tested
against a candle is the one known at the close before it, the entry candle never counts, and a stop that
the last close has crossed leaves at the next open, as in the strategy.

Weak spots: within a candle the adverse extreme is assumed to come when the stop stands; a crossed stop is
noticed once a candle; liquidation is tested on the contract's price, not on the mark price, and books the
liquidation price, although the exchange keeps what is left of the margin.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import repeat
from operator import attrgetter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outrigger.errors import DataError
from outrigger.review.lab_trade import (
    CROSSED,
    DATA_END,
    HORIZON,
    LIQUIDATION,
    STOP,
    STOP_REASONS,
    Outcome,
    PairCandles,
    ReplayTerms,
)
from outrigger.risk.liquidation import liquidation_price
from outrigger.sided import Sided
from outrigger.stops.law import Widths, open_stop
from outrigger.stops.path import stop_path
from outrigger.stops.policies import Floats, WidthColumns


@dataclass(frozen=True, slots=True)
class _Window:
    """A trade's candles from entry on, and the stop tested against each of them."""

    side: int
    entry: float
    open: Floats
    close: Floats
    adverse: Floats
    favourable: Floats
    tested: Floats
    liquidation: float


def replay(candles: PairCandles, widths: WidthColumns, row: int, side: int, terms: ReplayTerms) -> Outcome:
    """Replay one trade from its entry to its end.

    Parameters
    ----------
    candles : PairCandles
        The pair's candles.
    widths : WidthColumns
        A policy's widths for the trade's side, one row a candle, known at its close.
    row : int
        Entry candle, entered at its open; at least 1.
    side : int
        +1 for a long, -1 for a short.
    terms : ReplayTerms
        Costs, fills and horizon.

    Returns
    -------
    Outcome
        The trade's end.

    Raises
    ------
    DataError
        If the entry candle, its price or the protective distance before it cannot be used.
    """
    if not 1 <= row < len(candles):
        raise DataError(
            f"entry candle {row} of {len(candles)}: widths have to be known before it, pass 1 to the last"
        )
    entry, before = float(candles.open[row]), widths.at(row - 1)
    end = min(len(candles), row + terms.horizon_bars + 1)
    favourable, adverse = (candles.high, candles.low) if side > 0 else (candles.low, candles.high)
    initial = open_stop(side, entry, before, 0).stop
    breach = side * (adverse[row:end] - initial) <= 0
    # A ratchet only rises: no trade outlives the first candle that reaches its first stop.
    last = row + int(breach.argmax()) if breach.any() else end - 1
    ahead = slice(row + 1, max(last, row + 1))
    stops, armed_at = stop_path(
        side,
        entry,
        favourable[ahead],
        before.protect,
        widths.activation[ahead],
        widths.trail[ahead],
        terms.min_step,
        before.trail if before.activation <= 0 else float("nan"),
        None if widths.guard is None else widths.guard[ahead],
        None if widths.early_guard is None else widths.early_guard[ahead],
    )
    tested = np.concatenate(([initial, initial], stops))[: last + 1 - row]
    life = slice(row, last + 1)
    window = _Window(
        side,
        entry,
        candles.open[life],
        candles.close[life],
        adverse[life],
        favourable[life],
        tested,
        _liquidation(side, entry, terms),
    )
    after, price, reason = _leave(window, terms)
    if reason == HORIZON and row + terms.horizon_bars >= len(candles):
        reason = DATA_END
    return _settle(candles, window, (row, after, price), (reason, armed_at + 1 < after), before, terms)


def replay_many(
    candles: PairCandles,
    widths: Sided[WidthColumns],
    rows: NDArray[np.int64],
    sides: NDArray[np.int64],
    terms: ReplayTerms,
    notionals: Floats | None = None,
) -> pd.DataFrame:
    """Replay many trades, each alone.

    Parameters
    ----------
    candles, terms
        As for `replay`.
    widths : Sided of WidthColumns
        A policy's widths for longs and for shorts.
    rows, sides : ndarray of int64, shape (n_trades,)
        Entry candles and sides.
    notionals : ndarray of shape (n_trades,), optional
        Position values at entry in quote currency, where they are not those of the terms.

    Returns
    -------
    DataFrame of shape (n_trades, 13)
        The fields of `Outcome`, in the order given.

    Raises
    ------
    DataError
        If a trade cannot be entered.
    """
    names = [field.name for field in fields(Outcome)]
    values = attrgetter(*names)
    trades = zip(rows.tolist(), sides.tolist(), strict=True)
    sizes = None if notionals is None else notionals.tolist()
    each = repeat(terms) if sizes is None else [replace(terms, notional=size) for size in sizes]
    outcomes = [
        values(replay(candles, widths.of(side), row, side, its))
        for (row, side), its in zip(trades, each, strict=notionals is not None)
    ]
    return pd.DataFrame.from_records(outcomes, columns=names)


def _liquidation(side: int, entry: float, terms: ReplayTerms) -> float:
    """Liquidation price; where there is none, a price that is never reached."""
    if not terms.tiers:
        return -side * float("inf")
    return liquidation_price(side, entry, terms.notional, terms.leverage, terms.tiers)


def _leave(window: _Window, terms: ReplayTerms) -> tuple[int, float, str]:
    """First candle in which the trade ends, counted from entry, with price and reason."""
    side, tested = window.side, window.tested
    nearest = np.maximum(side * tested, side * window.liquidation)
    leaves = side * window.adverse <= nearest
    crossed = np.zeros(len(tested), dtype=np.bool_)
    crossed[1:] = side * (window.close[:-1] - tested[1:]) <= 0
    leaves |= crossed
    if not leaves.any():
        known = np.flatnonzero(np.isfinite(window.close))
        price = float(window.close[known[-1]]) if known.size else window.entry
        return len(tested) - 1, price, HORIZON
    at = int(leaves.argmax())
    stop = float(tested[at])
    if terms.engine_like:
        standing = float(tested[max(at - 1, 0)])
        if side * (window.adverse[at] - standing) <= 0:
            return at, _fill(window, at, standing, terms), STOP
    if _is_liquidated(window, at, stop, bool(crossed[at]), terms):
        return at, window.liquidation, LIQUIDATION
    opened = float(window.open[at])
    # The engine cannot place a stop that the whole candle lies beyond, and asks for an exit instead.
    refused = terms.engine_like and side * (window.favourable[at] - stop) <= 0
    if crossed[at] or refused:
        return at, opened if np.isfinite(opened) else stop, CROSSED
    return at, _fill(window, at, stop, terms), STOP


def _is_liquidated(window: _Window, at: int, stop: float, crossed: bool, terms: ReplayTerms) -> bool:
    """Whether liquidation comes before the stop in a candle that ends the trade."""
    side, price = window.side, window.liquidation
    if side * (window.adverse[at] - price) > 0:
        return False
    if side * (window.open[at] - price) <= 0:
        return True
    stop_is_hit = side * (window.adverse[at] - stop) <= 0
    if terms.engine_like and stop_is_hit:
        return False
    return not crossed and side * (price - stop) > 0


def _fill(window: _Window, at: int, stop: float, terms: ReplayTerms) -> float:
    """Price at which a stop order that a candle has reached is filled."""
    side, opened = window.side, float(window.open[at])
    if terms.gap_fills and side * (opened - stop) <= 0:
        return opened
    return opened if side * (window.favourable[at] - stop) < 0 else stop


def _settle(
    candles: PairCandles,
    window: _Window,
    end: tuple[int, int, float],
    how: tuple[str, bool],
    before: Widths,
    terms: ReplayTerms,
) -> Outcome:
    """Work out what the trade brought."""
    row, after, price = end
    side, entry, (reason, armed) = window.side, window.entry, how
    if reason in STOP_REASONS:
        price *= 1 - side * terms.slippage
    held = slice(row, row + after + 1)
    charged = candles.funding[held].nonzero()[0]
    paid = candles.funding[held][charged] * candles.open[held][charged] / entry
    gross = side * (price / entry - 1)
    fees, funding = terms.fee * (1 + price / entry), -side * float(np.nansum(paid))
    best = float(np.nanmax(side * (window.favourable[: after + 1] / entry - 1)))
    return Outcome(
        side,
        row,
        row + after,
        entry,
        price,
        reason,
        armed,
        before.protect,
        best,
        gross,
        fees,
        funding,
        gross - fees + funding,
    )
