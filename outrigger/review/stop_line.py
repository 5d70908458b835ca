"""The stop of a finished trade, replayed from the candles with the law that moved it.

Freqtrade exports the last stop of a trade and nothing of its way there. The law is pure, so candles,
settings and the entry give the whole way back; a test holds its end against the engine's own last stop.
Assumes the settings that the backtest ran with. Weak: a stop that price had already crossed
(`stop_crossed`) was never placed, so there the line ends beyond Freqtrade's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from outrigger.review.trade import Trade
from outrigger.settings.stop import StopSettings
from outrigger.stops.explain import explain
from outrigger.stops.track import StopTrack


@dataclass(frozen=True, slots=True)
class StopLine:
    """Levels of one trade's stop.

    Parameters
    ----------
    levels : tuple of (int, float)
        From when (ms since the epoch) at which price; the first at the entry.
    until_ms : int
        When the trade ended.
    armed_ms : int or None
        When the trail armed: the entry where it trails from there on, None where it never did.
    protective_distance : float
        Distance of the first stop from the entry, as a fraction of price: what one R is.
    """

    levels: tuple[tuple[int, float], ...]
    until_ms: int
    armed_ms: int | None
    protective_distance: float


def stop_line(trade: Trade, track: StopTrack, settings: StopSettings) -> StopLine:
    """Replay the stop of one trade.

    Parameters
    ----------
    trade : Trade
        A closed trade.
    track : StopTrack
        Candles and widths of its pair.
    settings : StopSettings
        The settings that the widths were made with.

    Returns
    -------
    StopLine
        Its levels until the exit.

    Raises
    ------
    DataError
        If the candles do not cover the entry with enough history for a forecast.
    """
    # A trade may end in the candle it began in; its stop is still told at that candle's close.
    until = max(trade.closed_ms, track.candle_end(trade.opened_ms))
    steps = explain(track, trade.side, trade.open_rate, trade.opened_ms, settings, until)
    entry = steps[0]
    moves = [(step.closed_at_ms, step.stop) for step in steps[1:] if step.moved]
    arming = [after.closed_at_ms for before, after in pairwise(steps) if after.armed and not before.armed]
    armed = trade.opened_ms if entry.armed else next(iter(arming), None)
    distance = abs(1 - entry.stop / trade.open_rate)
    return StopLine(((trade.opened_ms, entry.stop), *moves), trade.closed_ms, armed, distance)
