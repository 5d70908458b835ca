"""What a running bot is like at one moment, in numbers and in one line.

Everything a trader would want to look up at once when something feels wrong: how far the worst position is
from its stop and from liquidation, how much is at risk, whether candles and loops still come.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from outrigger.market.moment import from_ms


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst of several: its name, and how bad it is, in the unit of the field that holds it."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Vitals:
    """State of a running bot.

    Parameters
    ----------
    at_ms, since_ms : int
        Time of the loop that it was taken in, and from when on loops, faults and gaps are counted.
    loops : int
        Loops begun since then.
    longest_loop_ms : int
        Longest time from one loop's start to the next.
    positions, without_stop : int
        Open positions, and those whose stop is not known to the stop law.
    to_stop, to_liquidation : Worst or None
        Position nearest to its stop, and to liquidation: its distance as a fraction of price. None without
        a position, or where no price is known.
    open_risk : float or None
        Loss if every stop were hit, as a fraction of equity; None where it is not known.
    max_open_risk : float
        Its limit.
    oldest_candle : Worst or None
        Pair with the oldest last candle, seconds since it closed; None before the first analysis.
    unseen : tuple of str
        Pairs that have not been analysed yet.
    faults : int
        Faults in callbacks.
    gaps : int or None
        Readings that the recorder missed or lost; None where nothing is recorded.
    regime, breaker : str
        How they stand, in words.
    overrides : int
        Words of the trader in force.
    memory_mb : float or None
        Resident memory.
    """

    at_ms: int
    since_ms: int
    loops: int
    longest_loop_ms: int
    positions: int
    without_stop: int
    to_stop: Worst | None
    to_liquidation: Worst | None
    open_risk: float | None
    max_open_risk: float
    oldest_candle: Worst | None
    unseen: tuple[str, ...]
    faults: int
    gaps: int | None
    regime: str
    breaker: str
    overrides: int
    memory_mb: float | None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self) | {"unseen": list(self.unseen)}

    def line(self) -> str:
        """Say it in one line."""
        told = [self._positions(), self._candles(), self._running(), self.regime, self.breaker]
        if self.overrides:
            told.append(f"{self.overrides} override{'s' * (self.overrides != 1)} in force")
        if self.memory_mb is not None:
            told.append(f"{self.memory_mb:.0f} MB")
        return "; ".join(told)

    def _positions(self) -> str:
        risk = "unknown" if self.open_risk is None else f"{self.open_risk:.2%}"
        told = [f"{self.positions or 'no'} position{'s' * (self.positions != 1)}"]
        for what, worst in (("stop", self.to_stop), ("liquidation", self.to_liquidation)):
            if worst is not None:
                told.append(f"nearest {what} {worst.value:.2%} away ({worst.name})")
        if self.without_stop:
            told.append(f"{self.without_stop} WITHOUT A KNOWN STOP")
        told.append(f"open risk {risk} of {self.max_open_risk:.2%}")
        return ", ".join(told)

    def _candles(self) -> str:
        worst = self.oldest_candle
        told = "no candles yet" if worst is None else f"oldest candle {worst.value:.0f} s ({worst.name})"
        return told + (f", not analysed: {', '.join(self.unseen)}" if self.unseen and worst else "")

    def _running(self) -> str:
        told = [
            f"since {from_ms(self.since_ms):%H:%M} {self.loops} loops",
            f"longest {self.longest_loop_ms / 1000:.1f} s",
            f"{self.faults} fault{'s' * (self.faults != 1)}",
        ]
        if self.gaps is not None:
            told.append(f"{self.gaps} recorder gap{'s' * (self.gaps != 1)}")
        return ", ".join(told)
