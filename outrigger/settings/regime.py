"""Settings of the regime classifier: which bundle, and what its probabilities do."""

from __future__ import annotations

from typing import Any

from outrigger.settings.section import Section, Tune, parameter

# Seen from a trade's own side, the two squeezes are one that forces it out and one that carries it.
SEEN = ("calm", "trending", "whipsaw", "squeezed", "carried")
_WORDS = {
    "calm": "the next hours are calm",
    "trending": "the next hours trend",
    "whipsaw": "both sides are swept",
    "squeezed": "the trade's own side is forced out",
    "carried": "the other side is forced out",
}


def _times(what: str, regime: str, default: float, low: float, high: float, tune: Tune | None) -> Any:
    return parameter(
        default,
        f"Multiplier of {what} when it is certain that {_WORDS[regime]}; weighed by its probability.",
        unit=f"times {what}",
        ge=low,
        le=high,
        tune=tune,
    )


def _trail(regime: str, default: float, low: float, high: float) -> Any:
    return _times("the trail", regime, default, 0.3, 3.0, Tune("regime", low, high, 2))


def _activation(regime: str, default: float, low: float, high: float) -> Any:
    return _times("the activation", regime, default, 0.3, 3.0, Tune("regime", low, high, 2))


def _size(regime: str, default: float) -> Any:
    return _times("the size", regime, default, 0.05, 1.0, Tune("regime", 0.2, 1.0, 2))


def _leverage(regime: str, default: float) -> Any:
    return _times("the leverage", regime, default, 0.1, 1.0, Tune("regime", 0.3, 1.0, 2))


class RegimeSettings(Section):
    """What the classifier's probabilities do; an unknown regime does nothing."""

    enabled: bool = parameter(
        False, "Let a bundle's probabilities widen stops, size trades and keep out.", unit="yes or no"
    )
    bundle: str = parameter(
        "models/default", "Directory of the bundle, from the working directory.", unit="path"
    )
    smoothing_minutes: float = parameter(
        15.0,
        "Half-life of the average over past probabilities; longer reacts later and turns less often.",
        unit="minutes",
        ge=0.0,
        le=240.0,
    )
    max_whipsaw: float = parameter(
        0.2,
        "No entry while the probability of a whipsaw is above this; 1 never keeps out.",
        unit="probability",
        ge=0.0,
        le=1.0,
        tune=Tune("regime", 0.1, 1.0, 2),
    )
    max_squeezed: float = parameter(
        0.25,
        "No entry while the probability of a squeeze against the trade is above this; 1 never keeps out.",
        unit="probability",
        ge=0.0,
        le=1.0,
        tune=Tune("regime", 0.1, 1.0, 2),
    )
    trail_calm: float = _trail("calm", 0.9, 0.6, 1.2)
    trail_trending: float = _trail("trending", 1.0, 0.8, 1.4)
    trail_whipsaw: float = _trail("whipsaw", 1.3, 0.8, 2.0)
    trail_squeezed: float = _trail("squeezed", 0.8, 0.5, 1.2)
    trail_carried: float = _trail("carried", 1.1, 0.8, 1.6)
    activation_calm: float = _activation("calm", 1.2, 0.7, 1.3)
    activation_trending: float = _activation("trending", 1.0, 0.7, 1.3)
    activation_whipsaw: float = _activation("whipsaw", 0.8, 0.7, 1.6)
    activation_squeezed: float = _activation("squeezed", 1.0, 0.5, 1.3)
    activation_carried: float = _activation("carried", 1.0, 0.7, 1.6)
    size_calm: float = _size("calm", 1.0)
    size_trending: float = _size("trending", 1.0)
    size_whipsaw: float = _size("whipsaw", 0.5)
    size_squeezed: float = _size("squeezed", 0.4)
    size_carried: float = _size("carried", 1.0)
    leverage_calm: float = _leverage("calm", 1.0)
    leverage_trending: float = _leverage("trending", 1.0)
    leverage_whipsaw: float = _leverage("whipsaw", 0.6)
    leverage_squeezed: float = _leverage("squeezed", 0.5)
    leverage_carried: float = _leverage("carried", 1.0)
    fallback: bool = parameter(
        True,
        "Do as if there were no model while it has been worse than the shares of the regimes alone.",
        unit="yes or no",
    )
    fallback_hours: float = parameter(
        24.0,
        "How long the model has to have been worse before that, and better before it counts again.",
        unit="hours",
        ge=1.0,
        le=720.0,
    )

    def multipliers(self, what: str) -> tuple[float, ...]:
        """Give the multipliers of trail, activation, size or leverage, in the order of `SEEN`."""
        return tuple(float(getattr(self, f"{what}_{regime}")) for regime in SEEN)
