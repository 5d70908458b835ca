"""Trades and candles for property tests: prices from 1e-8 to 1e6, candles that cannot be read, odd widths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from outrigger.stops.law import StopState, Widths, advance, open_stop

MINUTE = 60_000
NAN, INF = float("nan"), float("inf")

sides = st.sampled_from([1, -1])
entries = st.floats(-8.0, 6.0).map(lambda exponent: 10.0**exponent)
distances = st.floats(0.001, 0.5)
activations = st.one_of(st.sampled_from([0.0, 0.015, NAN, INF]), st.floats(0.0, 0.15))
trails = st.one_of(st.sampled_from([0.03, NAN]), st.floats(0.001, 0.4))
# A guard's price over the entry price, or none.
guards = st.one_of(st.just(NAN), st.floats(0.7, 1.4))
min_steps = st.one_of(st.just(0.0), st.floats(0.0, 0.02))
# A candle's extreme over the entry price, or one that cannot be read.
relatives = st.one_of(st.floats(0.6, 1.6), st.sampled_from([NAN, INF, 0.0, -1.0]))


@dataclass(frozen=True)
class Trade:
    """A trade and the candles after its entry candle."""

    side: int
    entry: float
    opening: Widths
    extremes: np.ndarray
    widths: list[Widths]

    def opened(self) -> StopState:
        return open_stop(self.side, self.entry, self.opening, 0)

    def states(self, min_step: float = 0.0) -> list[StopState]:
        """The law, one candle at a time: states after each close."""
        state, seen = self.opened(), []
        for row, (extreme, widths) in enumerate(zip(self.extremes, self.widths, strict=True)):
            state = advance(state, float(extreme), widths, (row + 1) * MINUTE, min_step)
            seen.append(state)
        return seen

    def stops(self, min_step: float = 0.0) -> np.ndarray:
        return np.array([state.stop for state in self.states(min_step)])


def column(widths: list[Widths], name: str) -> np.ndarray:
    return np.array([getattr(row, name) for row in widths], dtype=float)


@st.composite
def trades(draw: st.DrawFn, longest: int = 30, guarded: bool = False) -> Trade:
    """A trade under widths, and guards where wanted, that change without any order from candle to candle."""
    size = draw(st.integers(0, longest))
    entry = draw(entries)
    relative = draw(st.lists(relatives, min_size=size, max_size=size))
    widths = [
        Widths(
            draw(distances),
            draw(activations),
            draw(trails),
            entry * draw(guards) if guarded else NAN,
            entry * draw(guards) if guarded else NAN,
        )
        for _ in range(size)
    ]
    opening = Widths(draw(distances), draw(activations), draw(trails))
    return Trade(draw(sides), entry, opening, entry * np.array(relative, dtype=float), widths)
