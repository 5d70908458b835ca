"""Settings of the hedge: which pairs may stand against which, how much, and for how long.

The mapping is checked here as far as it can be without a market: a pair that is its own leg, a circle,
a name that is no futures pair. Whitelist and data are looked at by `outrigger.hedge.mapping`, because
only a running bot knows them.

The default ratio is where the drawdown of accounts and their bad days have got most of what legs can give
and single trades not yet much of what they take (`outrigger.hedge.stopouts`). Band and time between changes
are as narrow as they are because resizing costs next to nothing (`outrigger.hedge.study`). What a runner
waits for made no difference that could be told from noise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import field_validator, model_validator

from outrigger.settings.section import Section, Tune, parameter

PRIMARY = "multiple of the primary's notional"
_FUTURES_PAIR = re.compile(r"[^/:\s]+/[^/:\s]+:[^/:\s]+")


class HedgeSettings(Section):
    """A smaller, opposite position on a correlated pair, for as long as it is useful."""

    enabled: bool = parameter(
        True, "Hedge at all; false for `lookahead-analysis`, which runs every pair alone.", unit="yes or no"
    )
    candidates: dict[str, list[str]] = parameter(
        {},
        "For each primary pair, the pairs that may carry its leg, in order of preference where they measure "
        "alike; a pair that is not named, or has an empty list, is not hedged.",
        unit="pairs by pair",
    )
    ratio: float = parameter(
        0.5,
        "Share of the primary's beta that the leg takes on; larger protects more and costs more.",
        unit="share of beta",
        ge=0.05,
        le=1.5,
        tune=Tune("hedge", 0.25, 1.0, 2),
    )
    squeeze_gain: float = parameter(
        0.5,
        "Raises the ratio by this times the probability of a squeeze against the primary; 0 ignores it.",
        unit="share of beta",
        ge=0.0,
        le=2.0,
    )
    max_ratio: float = parameter(
        1.0, "The ratio is never raised above this.", unit="share of beta", ge=0.05, le=1.5
    )
    max_leg: float = parameter(
        1.5, "Largest leg; smaller binds where the candidate is much calmer.", unit=PRIMARY, ge=0.05, le=3.0
    )
    correlation_floor: float = parameter(
        0.6,
        "No leg while the correlation is lower; higher hedges less often and better.",
        unit="correlation",
        ge=0.2,
        le=0.95,
        tune=Tune("hedge", 0.5, 0.8, 2),
    )
    correlation_broken: float = parameter(
        0.3,
        "An open leg is closed when the correlation falls below this; higher gives up sooner.",
        unit="correlation",
        ge=0.0,
        le=0.9,
    )
    hysteresis: float = parameter(
        0.05,
        "How far the correlation must come back before a candidate's state changes again; larger changes "
        "less often.",
        unit="correlation",
        ge=0.0,
        le=0.2,
    )
    window_hours: float = parameter(
        160.0,
        "Past that correlation and the slow beta are measured on; longer is steadier and slower.",
        unit="hours",
        ge=48.0,
        le=166.0,
    )
    half_life_hours: float = parameter(
        24.0,
        "Half-life of the fast beta and correlation; shorter follows changes and noise.",
        unit="hours",
        ge=4.0,
        le=48.0,
    )
    beta_drift: float = parameter(
        0.1,
        "How much a beta is believed to move within the window; larger trusts the fast beta more.",
        unit="share of beta",
        ge=0.0,
        le=1.0,
    )
    band: float = parameter(
        0.1,
        "The leg is resized only when it is off its target by more than this; wider trades less and hedges "
        "worse.",
        unit="share of the target",
        ge=0.02,
        le=1.0,
    )
    rebalance_minutes: float = parameter(
        60.0, "Least time between two changes of a leg's size.", unit="minutes", ge=1.0, le=10080.0
    )
    spread: float = parameter(
        0.0002,
        "Bid-ask spread assumed for the leg, half of it paid at each order; larger refuses more legs.",
        unit="fraction of price",
        ge=0.0,
        le=0.01,
    )
    entry_minutes: float = parameter(
        60.0,
        "How long after its primary's entry a leg may still be opened; longer finds more legs, later.",
        unit="minutes",
        ge=2.0,
        le=1440.0,
    )
    expected_hours: float = parameter(
        24.0,
        "Time a leg is expected to be held, for its funding and for the risk it removes.",
        unit="hours",
        ge=1.0,
        le=240.0,
    )
    stop_times: float = parameter(
        3.0,
        "Distance of a paired leg's own stop. Its losses are its primary's gains, so a near stop only gives "
        "the hedge up when it is needed next; larger gives it up less often and uses less leverage.",
        unit="times the protective distance",
        ge=1.0,
        le=5.0,
    )
    runner_hours: float = parameter(
        4.0,
        "Longest life of a leg after its primary was stopped; 0 closes it at once.",
        unit="hours",
        ge=0.0,
        le=72.0,
    )
    runner_sigma: float = parameter(
        0.7,
        "Width of a runner's own trailing stop, from its first candle on; larger lets the tail run.",
        unit="sigma",
        ge=0.1,
        le=4.0,
    )
    runner_momentum_hours: float = parameter(
        1.0,
        "A runner ends when its price crosses its own moving average of this half-life; longer waits longer.",
        unit="hours",
        ge=0.25,
        le=24.0,
    )

    @property
    def active(self) -> bool:
        """Whether any pair is hedged."""
        return self.enabled and any(self.candidates.values())

    @property
    def pairs(self) -> tuple[str, ...]:
        """All pairs that the hedge looks at, primaries and candidates, each once."""
        hedged = [pair for pair in self.candidates if self.legs_of(pair)]
        return tuple(dict.fromkeys((*hedged, *(leg for pair in hedged for leg in self.legs_of(pair)))))

    def legs_of(self, primary: str) -> tuple[str, ...]:
        """Pairs that may carry a primary's leg; none where it is not hedged."""
        return tuple(self.candidates.get(primary, ())) if self.enabled else ()

    def primaries_of(self, leg: str) -> tuple[str, ...]:
        """Pairs whose leg a pair may carry."""
        return tuple(pair for pair in self.candidates if leg in self.legs_of(pair))

    @field_validator("candidates")
    @classmethod
    def _mapping_can_be_traded(cls, mapping: dict[str, list[str]]) -> dict[str, list[str]]:
        for primary, legs in mapping.items():
            for pair in (primary, *legs):
                if not _FUTURES_PAIR.fullmatch(pair):
                    raise ValueError(
                        f"{pair!r} is no futures pair: write it as in the whitelist, BTC/USDT:USDT"
                    )
            if primary in legs:
                raise ValueError(
                    f"{primary} is its own candidate: Freqtrade holds one position a pair; remove it"
                )
            if len(set(legs)) < len(legs):
                raise ValueError(f"{primary} names a candidate twice ({', '.join(legs)}): remove one")
        circle = find_circle(mapping)
        if circle:
            raise ValueError(
                f"{' → '.join(circle)} is a circle: two pairs could each hold the leg that the other needs "
                f"to trade as a primary; remove {circle[-1]} from the candidates of {circle[-2]}"
            )
        return mapping

    @model_validator(mode="after")
    def _limits_fit_together(self) -> Self:
        if self.max_ratio < self.ratio:
            raise ValueError(
                f"max_ratio ({self.max_ratio:g}) is below ratio ({self.ratio:g}): raise max_ratio or "
                "lower ratio"
            )
        if self.correlation_broken + 2 * self.hysteresis > self.correlation_floor:
            raise ValueError(
                f"correlation_broken ({self.correlation_broken:g}) and correlation_floor "
                f"({self.correlation_floor:g}) are nearer than twice the hysteresis ({self.hysteresis:g}): "
                "a candidate could be effective and broken at once; lower correlation_broken or hysteresis"
            )
        return self


def find_circle(mapping: Mapping[str, Sequence[str]]) -> list[str]:
    """Find a way from a pair back to itself.

    Parameters
    ----------
    mapping : mapping of str to sequence of str
        Candidates by primary.

    Returns
    -------
    list of str
        The pairs along the circle, the first again at the end; empty where there is none.
    """
    done: set[str] = set()
    for start in mapping:
        path: list[str] = []
        ahead = [iter((start,))]
        while ahead:
            pair = next(ahead[-1], None)
            if pair is None:
                ahead.pop()
                if path:
                    done.add(path.pop())
            elif pair in path:
                return [*path[path.index(pair) :], pair]
            elif pair not in done:
                path.append(pair)
                ahead.append(iter(mapping.get(pair, ())))
    return []
