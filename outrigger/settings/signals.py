"""Settings of the three-chart entry signals.

Lookbacks are hours, not candles, so that a 1m and a 5m base timeframe measure the same span.
Only thresholds and the confidence of a partial agreement are open to hyperopt: they act on
measures that are computed once. Lookbacks and the quiet time are not, by choice: no variant tried in
`outrigger.signals.study` could be told from random entries by its returns, and where returns are
that close to noise every further free number mostly fits luck.
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from outrigger.settings.section import Section, Tune, parameter

_LOOKBACK = "Hours of closed candles that the {} chart's momentum and channel look back on; longer is slower."
_MOMENTUM = "Normalised move that the {} chart must have made to vote; higher votes less often."


class SignalSettings(Section):
    """How three charts vote, what agreement is worth and when it opens a trade."""

    middle_chart: str = parameter(
        "15m", "Timeframe of the middle chart; the fast chart is the strategy's own.", unit="timeframe"
    )
    slow_chart: str = parameter("4h", "Timeframe of the slow chart.", unit="timeframe")
    fast_hours: float = parameter(4.0, _LOOKBACK.format("fast"), unit="hours", ge=0.5, le=24.0)
    middle_hours: float = parameter(24.0, _LOOKBACK.format("middle"), unit="hours", ge=2.0, le=240.0)
    slow_hours: float = parameter(240.0, _LOOKBACK.format("slow"), unit="hours", ge=24.0, le=480.0)
    fast_momentum: float = parameter(
        1.5, _MOMENTUM.format("fast"), unit="sigma", ge=0.0, le=5.0, tune=Tune("enter", 0.5, 3.0, 2)
    )
    middle_momentum: float = parameter(
        1.0, _MOMENTUM.format("middle"), unit="sigma", ge=0.0, le=5.0, tune=Tune("enter", 0.25, 2.0, 2)
    )
    slow_momentum: float = parameter(
        0.5, _MOMENTUM.format("slow"), unit="sigma", ge=0.0, le=5.0, tune=Tune("enter", 0.0, 1.5, 2)
    )
    channel: float = parameter(
        0.5,
        "How far from the middle (0) towards the edge (1) of its recent channels the price must stand for "
        "any chart to vote; higher votes less often.",
        unit="share of half the channel",
        ge=0.0,
        le=1.0,
        tune=Tune("enter", 0.0, 0.9, 2),
    )
    partial_confidence: float = parameter(
        0.5,
        "Share of full risk when two charts agree and the third is silent; 0 trades full agreement only.",
        unit="share of full risk",
        ge=0.0,
        le=1.0,
        tune=Tune("enter", 0.0, 1.0, 2),
    )
    quiet_hours: float = parameter(
        4.0,
        "Hours for which an agreement must have been absent before it counts as a new one; longer enters "
        "less often.",
        unit="hours",
        ge=0.0,
        le=24.0,
    )

    @model_validator(mode="after")
    def _slower_charts_look_back_longer(self) -> Self:
        if not self.fast_hours < self.middle_hours < self.slow_hours:
            raise ValueError(
                "lookbacks must grow from chart to chart: fast_hours < middle_hours < slow_hours, got "
                f"{self.fast_hours:g}, {self.middle_hours:g}, {self.slow_hours:g}"
            )
        if self.middle_chart == self.slow_chart:
            raise ValueError(f"middle_chart and slow_chart are both {self.slow_chart!r}: name two timeframes")
        return self
