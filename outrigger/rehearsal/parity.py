"""Trades of a backtest beside those of the live engine on the same days, and why they differ.

Trades are the same when pair, side and entry candle are. What differs after that is named by the fact of
Freqtrade that explains it; what no fact explains stays unexplained and counts against parity. Assumes that
the live trades came from a dry run on the same recorded days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from outrigger.review.trade import FORCED, Trade

Extremes = Callable[[str, int], tuple[float, float]]
"""From a pair and the opening of a candle, ms, to its lowest and highest trade."""


class Why(StrEnum):
    """Facts that explain a difference."""

    SAME = "same"
    CANDLE = "stop met a candle later: a bot looks at moments, a backtest at a candle's extreme"
    QUOTE = "the bot's bid or ask was at the stop, which the candle's trades missed by a tick"
    CROSSED = "left at the same stop under another name: the bot met it before or after it was placed"
    RUNS_ON = "open at the end of the days: a backtest closes what is left"
    AFTER = "the pair was still, or no longer, in an earlier trade that differs"
    SLOTS = "all slots were taken, by a trade that differs"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Matched:
    """One trade on both sides.

    Parameters
    ----------
    backtest, live : Trade or None
        None where that side has no such trade.
    entry_bp : float
        Live entry price against the backtest's, basis points, positive where worse; NaN without both.
    stop_ticks : float
        Distance of the two stops at their exits, in ticks; NaN unless both ended in the same candle.
    exit_candles : int or None
        Candles by which the live exit came later.
    why : Why
        What explains the difference.
    """

    backtest: Trade | None
    live: Trade | None
    entry_bp: float
    stop_ticks: float
    exit_candles: int | None
    why: Why


@dataclass(frozen=True, slots=True)
class Parity:
    """A whole comparison.

    Parameters
    ----------
    trades : tuple of Matched
        In order of entry.
    """

    trades: tuple[Matched, ...]

    @property
    def both(self) -> tuple[Matched, ...]:
        """Trades that both sides made."""
        return tuple(one for one in self.trades if one.backtest and one.live)

    @property
    def matched_share(self) -> float:
        """Share of all trades, of either side, that both made; NaN without trades."""
        return len(self.both) / len(self.trades) if self.trades else float("nan")

    @property
    def stops_within_a_tick(self) -> float:
        """Share of trades with comparable stops whose stops lie within one tick; NaN without any."""
        known = [one.stop_ticks for one in self.both if one.stop_ticks == one.stop_ticks]
        return sum(ticks <= 1 + 1e-9 for ticks in known) / len(known) if known else float("nan")

    @property
    def exits_within_a_candle(self) -> float:
        """Share of trades ended on both sides whose exits are at most a candle apart; NaN without any."""
        known = [one.exit_candles for one in self.both if one.exit_candles is not None]
        return sum(abs(late) <= 1 for late in known) / len(known) if known else float("nan")

    @property
    def unexplained(self) -> tuple[Matched, ...]:
        """Differences that no fact explains."""
        return tuple(one for one in self.trades if one.why is Why.UNEXPLAINED)


def match(
    backtest: Sequence[Trade],
    live: Sequence[Trade],
    *,
    candle_ms: int,
    ticks: Mapping[str, float],
    extremes: Extremes,
    slots: int,
) -> Parity:
    """Pair the trades of both sides.

    Parameters
    ----------
    backtest, live : sequence of Trade
        Trades of the same days; open ones among the live ones have `is_open`.
    candle_ms : int
        Length of a base candle in milliseconds.
    ticks : mapping of str to float
        Smallest step of a price, by pair, in quote currency.
    extremes : callable
        Lowest and highest trade of a base candle.
    slots : int
        Most trades open at once.

    Returns
    -------
    Parity
    """
    waiting = {_key(trade, candle_ms): trade for trade in live}
    found: list[Matched] = []
    for trade in backtest:
        other = waiting.pop(_key(trade, candle_ms), None)
        if other is None:
            found.append(Matched(trade, None, float("nan"), float("nan"), None, Why.UNEXPLAINED))
        else:
            quoted = _quoted(other, candle_ms, ticks[trade.pair], extremes)
            found.append(_compared(trade, other, candle_ms, ticks[trade.pair], quoted=quoted))
    found += [
        Matched(None, trade, float("nan"), float("nan"), None, Why.UNEXPLAINED) for trade in waiting.values()
    ]
    found.sort(key=_opened)
    for number, one in enumerate(found):
        if one.backtest is None or one.live is None:
            found[number] = _explained(one, found, candle_ms, backtest, live, slots)
    return Parity(tuple(found))


def _key(trade: Trade, candle_ms: int) -> tuple[str, int, int]:
    return trade.pair, trade.side, trade.opened_ms // candle_ms


def _one(matched: Matched) -> Trade:
    trade = matched.backtest or matched.live
    assert trade is not None
    return trade


def _opened(matched: Matched) -> int:
    return _one(matched).opened_ms


def _quoted(lived: Trade, candle_ms: int, tick: float, extremes: Extremes) -> bool:
    """Whether the candle's trades stayed a tick short of the stop that the bot met: a quote was there."""
    if lived.is_open:
        return False
    low, high = extremes(lived.pair, lived.closed_ms // candle_ms * candle_ms)
    short_of = lived.stop - high if lived.side < 0 else low - lived.stop
    return 0 < short_of <= tick * (1 + 1e-6)


def _compared(tested: Trade, lived: Trade, candle_ms: int, tick: float, *, quoted: bool) -> Matched:
    entry_bp = tested.side * (lived.open_rate / tested.open_rate - 1) * 1e4
    if lived.is_open or tested.exit_reason == FORCED:
        ended = lived.is_open and tested.exit_reason == FORCED
        why = Why.RUNS_ON if ended else Why.UNEXPLAINED
        return Matched(tested, lived, entry_bp, float("nan"), None, why)
    late = lived.closed_ms // candle_ms - tested.closed_ms // candle_ms
    apart = abs(lived.stop - tested.stop) / tick if late == 0 else float("nan")
    if late == 0:
        why = Why.SAME if lived.exit_reason == tested.exit_reason else Why.CROSSED
    elif late < 0 and quoted:
        why = Why.QUOTE
    else:
        why = Why.CANDLE if late == 1 else Why.UNEXPLAINED
    return Matched(tested, lived, entry_bp, apart, late, why)


def _explained(
    one: Matched,
    all_of_them: Sequence[Matched],
    candle_ms: int,
    backtest: Sequence[Trade],
    live: Sequence[Trade],
    slots: int,
) -> Matched:
    """Say why one side has no such trade."""
    trade = _one(one)
    other_side = live if one.live is None else backtest
    busy = [other for other in other_side if _holds(other, trade.opened_ms, candle_ms)]
    if any(other.pair == trade.pair for other in busy):
        why = Why.AFTER
    elif len(busy) >= slots:
        why = Why.SLOTS
    else:
        # The other side may have been locked or cooling down after a trade that differs.
        earlier = [o for o in all_of_them if o is not one and _one(o).pair == trade.pair and _before(o, one)]
        differs = bool(earlier) and earlier[-1].why not in (Why.SAME, Why.CROSSED)
        why = Why.AFTER if differs else Why.UNEXPLAINED
    return replace(one, why=why)


def _before(other: Matched, one: Matched) -> bool:
    return _opened(other) < _opened(one)


def _holds(trade: Trade, moment_ms: int, candle_ms: int) -> bool:
    """Whether a trade stands in the candle of a moment, which has no room for its pair then."""
    first, last = trade.opened_ms // candle_ms, trade.closed_ms // candle_ms
    return first <= moment_ms // candle_ms and (trade.is_open or moment_ms // candle_ms <= last)
