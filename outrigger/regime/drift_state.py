"""When a model is no longer to be believed, and when it is again.

Three states. `steady`; `drifting`: many features have left the range of their training, a warning;
`worse_than_prior`: the model's log loss on what has happened since exceeds that of the classes' shares, so
the strategy falls back to neutral. A state changes only after its reason has held without a break for a set
time, and is left at a lower threshold than it is entered at. A reading that has nothing to say
changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from outrigger.errors import SettingsError, StateError

_DAY_MS = 86_400_000


class Drift(StrEnum):
    """What the drift watch says, from good to bad."""

    STEADY = "steady"
    DRIFTING = "drifting"
    WORSE_THAN_PRIOR = "worse_than_prior"


@dataclass(frozen=True, slots=True)
class DriftRules:
    """Thresholds.

    Parameters
    ----------
    patience_ms : int
        How long a reason has to hold before the state changes, for the worse or for the better.
    enter_excess, leave_excess : float
        Mean log loss above the prior's, in nats, at which `worse_than_prior` is entered and left.
    enter_share, leave_share : float
        Share of features that have drifted at which `drifting` is entered and left.

    Raises
    ------
    SettingsError
        If a state would be left before it is entered.
    """

    patience_ms: int = _DAY_MS
    enter_excess: float = 0.0
    leave_excess: float = -0.01
    enter_share: float = 0.3
    leave_share: float = 0.2

    def __post_init__(self) -> None:
        if self.patience_ms < 0:
            raise SettingsError(f"drift: patience is {self.patience_ms} ms, it must not be negative")
        if not self.leave_excess <= self.enter_excess or not 0 <= self.leave_share <= self.enter_share <= 1:
            raise SettingsError(
                "drift: thresholds to leave a state must not lie above those to enter it: "
                f"excess {self.leave_excess} and {self.enter_excess}, share {self.leave_share} and "
                f"{self.enter_share}"
            )


@dataclass(frozen=True, slots=True)
class DriftReading:
    """What can be said of a model now; None where there is too little to go by.

    Parameters
    ----------
    excess : float or None
        Mean log loss of the model minus the prior's, in nats; above 0 the model is worse than nothing.
    share : float or None
        Share of features that have drifted.
    """

    excess: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class DriftState:
    """Where the watch stands.

    Parameters
    ----------
    status : Drift
        What holds.
    since_ms : int or None
        Since when; None before the first reading.
    wanted : Drift
        What the readings ask for.
    wanted_since_ms : int or None
        Since when without a break.
    """

    status: Drift = Drift.STEADY
    since_ms: int | None = None
    wanted: Drift = Drift.STEADY
    wanted_since_ms: int | None = None

    @property
    def neutral(self) -> bool:
        """Whether the strategy is to do as if there were no model."""
        return self.status is Drift.WORSE_THAN_PRIOR

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "status": self.status.value,
            "since_ms": self.since_ms,
            "wanted": self.wanted.value,
            "wanted_since_ms": self.wanted_since_ms,
        }

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> DriftState:
        """Read the JSON-able form.

        Raises
        ------
        StateError
            If it is not one.
        """
        try:
            since, wanted_since = (
                None if body[name] is None else int(body[name]) for name in ("since_ms", "wanted_since_ms")
            )
            return cls(Drift(body["status"]), since, Drift(body["wanted"]), wanted_since)
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(
                f"drift state cannot be read ({error!r}): the watch has to start anew"
            ) from error


def advance(
    state: DriftState, reading: DriftReading, now_ms: int, rules: DriftRules | None = None
) -> DriftState:
    """Take a reading into account.

    Parameters
    ----------
    state : DriftState
        Before.
    reading : DriftReading
        What can be said now.
    now_ms : int
        Its moment, in milliseconds since 1970.
    rules : DriftRules, optional
        Thresholds.

    Returns
    -------
    DriftState
        After; its `status` differs from the one before only where a change is due.
    """
    rules = rules or DriftRules()
    wanted = _wanted(state.status, reading, rules)
    if wanted is None:
        return state
    since = state.wanted_since_ms
    if since is None or _another_reason(state, wanted):
        since = now_ms
    begun = now_ms if state.since_ms is None else state.since_ms
    state = replace(state, since_ms=begun, wanted=wanted, wanted_since_ms=since)
    if wanted is state.status or now_ms - since < rules.patience_ms:
        return state
    return replace(state, status=wanted, since_ms=now_ms)


def _another_reason(state: DriftState, wanted: Drift) -> bool:
    """Whether a reading breaks with those before; once worse, all that counts is whether it still is."""
    if state.status is Drift.WORSE_THAN_PRIOR:
        return (wanted is Drift.WORSE_THAN_PRIOR) is not (state.wanted is Drift.WORSE_THAN_PRIOR)
    return wanted is not state.wanted


def _wanted(status: Drift, reading: DriftReading, rules: DriftRules) -> Drift | None:
    """State that a reading alone asks for, hysteresis included; None where it cannot tell."""
    worse = _beyond(reading.excess, rules.enter_excess, rules.leave_excess, status is Drift.WORSE_THAN_PRIOR)
    if worse:
        return Drift.WORSE_THAN_PRIOR
    drifting = _beyond(reading.share, rules.enter_share, rules.leave_share, status is Drift.DRIFTING)
    if worse is None and (drifting is None or status is Drift.WORSE_THAN_PRIOR):
        return None
    if drifting is None and status is Drift.DRIFTING:
        return None
    return Drift.DRIFTING if drifting else Drift.STEADY


def _beyond(value: float | None, enter: float, leave: float, inside: bool) -> bool | None:
    """Whether a value is beyond its threshold, which lies lower for a state one is in."""
    if value is None:
        return None
    return value > (leave if inside else enter)
