"""Says, candle by candle, where a trade's stop was and what decided its width.

The same law as in a running bot, told slowly: for the command line, for FreqUI's chart annotations and
for reports. Nothing here is used to trade.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite, isnan, prod
from typing import Any

import numpy as np

from outrigger.errors import DataError
from outrigger.json_values import plain
from outrigger.settings.stop import StopSettings
from outrigger.stops.law import StopState, advance, is_crossed, open_stop
from outrigger.stops.policies import MarketColumns, WidthColumns
from outrigger.stops.track import StopTrack


@dataclass(frozen=True, slots=True)
class Cause:
    """One candidate for a width, as a fraction of price, and whether it is the one that counted."""

    name: str
    value: float
    decides: bool


@dataclass(frozen=True, slots=True)
class Factor:
    """One multiplier that the trail's width went through before its limits, and where it came from."""

    name: str
    times: float


@dataclass(frozen=True, slots=True)
class Step:
    """The stop after one closed candle.

    Parameters
    ----------
    closed_at_ms : int
        Close time of the candle in ms.
    close : float
        Its closing price.
    best : float
        Best closed price since entry.
    stop : float
        Stop in force from here on.
    width : float
        Width of the trail as known at this close, as a fraction of price; before the trail arms, the distance
        at which the protective stop was set.
    activation : float
        Favourable move needed to arm, as known at this close; infinity never arms.
    armed : bool
        Whether the trail has armed.
    moved : bool
        Whether this candle moved the stop.
    crossed : bool
        Whether the candle closed at or beyond the stop: the position is left at the next open.
    hit : bool
        Whether the candle traded through the stop that was in force before it closed.
    causes : tuple of Cause
        What the width was made of.
    factors : tuple of Factor
        What funding, depth and their like multiplied the trail by; empty before the trail arms.
    guard : float
        Price up to which the cascade guard drew the stop, as known at this close; NaN for none.
    guarded : bool
        Whether the stop moved to the guard's price.
    """

    closed_at_ms: int
    close: float
    best: float
    stop: float
    width: float
    activation: float
    armed: bool
    moved: bool
    crossed: bool
    hit: bool
    causes: tuple[Cause, ...]
    factors: tuple[Factor, ...]
    guard: float
    guarded: bool

    @property
    def made_of(self) -> str:
        """What decided the width, with what multiplied it, in a few words."""
        decisive = " = ".join(cause.name for cause in self.causes if cause.decides)
        pressed = "".join(
            f", {factor.name} x{factor.times:.2f}" for factor in self.factors if factor.times != 1
        )
        return decisive + pressed

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; numbers that are not finite become null."""
        return {key: plain(value) for key, value in asdict(self).items()}


def width_causes(
    market: MarketColumns, row: int, columns: WidthColumns, armed: bool, settings: StopSettings
) -> tuple[Cause, ...]:
    """What the width at one candle was made of.

    Parameters
    ----------
    market : MarketColumns
        What the policy read.
    row : int
        Row of the candle.
    columns : WidthColumns
        The policy's answer for the trade's side.
    armed : bool
        Whether the trail's width is asked for, or the protective distance.
    settings : StopSettings
        Policy and its numbers.

    Returns
    -------
    tuple of Cause
        The candidates; those equal to the width that counted are marked.
    """
    sigma, widths = float(market.sigma[row]), columns.at(row)
    width = widths.trail if armed else widths.protect
    pressed = prod(float(times[row]) for times in columns.factors.values())
    candidates = {
        "fixed": {"fixed_distance": settings.fixed_distance},
        "trailing": {"trailing_width": settings.trailing_width},
        "chandelier": {
            "chandelier_multiple x ATR": settings.chandelier_multiple * float(market.atr[row]),
            "noise_floor": settings.noise_floor,
        },
        "volatility": {
            "trail_sigma x sigma": settings.trail_sigma * sigma * pressed,
            "trail_min": settings.trail_min,
            "trail_max": settings.trail_max,
            "noise_candles x range": settings.noise_candles * float(market.candle_range[row]),
        }
        if armed
        else {
            "protect_sigma x sigma": settings.protect_sigma * float(market.protect_sigma[row]),
            "protect_min": settings.protect_min,
            "protect_max": settings.protect_max,
        },
    }[settings.policy]
    return tuple(
        Cause(name, value, bool(np.isclose(value, width, rtol=1e-9))) for name, value in candidates.items()
    )


def explain(
    track: StopTrack,
    side: int,
    entry: float,
    opened_ms: int,
    settings: StopSettings,
    until_ms: int | None = None,
) -> list[Step]:
    """Replay one trade's stop over the candles of a track.

    Parameters
    ----------
    track : StopTrack
        Candles and widths of the pair.
    side : int
        +1 for a long, -1 for a short.
    entry : float
        Entry price.
    opened_ms : int
        When the trade was filled, in ms.
    settings : StopSettings
        The settings that the track's widths were made with.
    until_ms : int, optional
        Stop explaining here; by default at the end of the track or when the stop is hit or crossed.

    Returns
    -------
    list of Step
        The first step is the entry itself, told at the close of the entry candle.

    Raises
    ------
    DataError
        If the track does not cover the entry.
    """
    row, columns = track.last_closed(opened_ms), track.widths.of(side)
    if row < 0 or row + 1 >= len(track) or not isfinite(columns.at(row).protect):
        raise DataError(
            "the candles do not cover the entry with enough history for a forecast: "
            "load about a week of candles before it"
        )
    entered_ms = track.candle_end(opened_ms)
    state = open_stop(side, entry, columns.at(row), entered_ms)
    adverse = track.low if side > 0 else track.high
    steps: list[Step] = []
    for candle in range(row + 1, len(track)):
        closed_at = int(track.closed_at_ms[candle])
        if until_ms is not None and closed_at > until_ms:
            break
        hit = side * (float(adverse[candle]) - state.stop) <= 0
        before, known = state.stop, candle if closed_at > entered_ms else row
        extreme = float(track.extreme(side)[candle])
        state = advance(state, extreme, columns.at(known), closed_at, settings.min_step)
        moved = state.stop != before
        rows = candle, known, known if state.armed else row
        steps.append(_step(track, rows, state, settings, moved=moved, hit=hit))
        if until_ms is None and (hit or steps[-1].crossed):
            break
    return steps


def _step(
    track: StopTrack,
    rows: tuple[int, int, int],
    state: StopState,
    settings: StopSettings,
    *,
    moved: bool,
    hit: bool,
) -> Step:
    """Tell one candle; rows are the candle's own, that of the activation, and that of the width."""
    candle, known, decided = rows
    close, columns = float(track.close[candle]), track.widths.of(state.side)
    widths, asked = columns.at(decided), columns.at(known)
    guard = asked.guard if state.armed else asked.early_guard
    factors = tuple(Factor(name, float(times[decided])) for name, times in columns.factors.items())
    return Step(
        int(track.closed_at_ms[candle]),
        close,
        state.best,
        state.stop,
        widths.trail if state.armed else widths.protect,
        asked.activation,
        state.armed,
        moved,
        is_crossed(state, close),
        hit,
        width_causes(track.market, decided, columns, state.armed, settings),
        factors if state.armed else (),
        guard,
        moved and not isnan(guard) and state.stop == guard,
    )
