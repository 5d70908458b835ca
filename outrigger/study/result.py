"""What a study found: figures by set, reading and policy, and what they rest on.

Three readings. *As is*: every policy with its own widths. *Matched*: widths scaled until the mean notional
equals that of a 3 % stop; policies that are only another width of the same stop are left out. *Equal CVaR*:
widths as they are, but positions sized until the worst 5 % of trades cost the account as much as under the
shipped stop; its expectancy is of the account, where the others' are of the position's notional.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from outrigger.json_values import plain
from outrigger.review.paired import Difference
from outrigger.study.measures import KEYS, Figure
from outrigger.study.nulls import MatchedNull
from outrigger.study.overfitting import DeflatedSharpe, Overfitting

READING_AS_IS, READING_MATCHED, READING_CVAR = "as_is", "matched", "equal_cvar"
READINGS = (READING_AS_IS, READING_MATCHED, READING_CVAR)
POOLED = "pooled"
UNITS = {
    "premature_stop_rate": "share of trades: left by a stop at a loss, then entry +1 % within 24 h",
    "trend_capture": "share of the best move until 24 h after the exit, mean over winners",
    "liquidations": "trades",
    "win_rate": "share of trades",
    "expectancy_bp": "bp of notional a trade; equal_cvar: bp of an account that risks about 1 % a trade",
    "expectancy_minus_null_bp": "the same, less random entries with the same side counts",
    "cvar95": "R, mean of the worst 5 % of trades",
    "max_drawdown": "share of the account, risking 1 % a day spread over the day's entries",
    "trades": "trades",
}


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """One policy in one table.

    Parameters
    ----------
    data, reading, policy, title : str
        Which table and which policy, its name and its words.
    figures : dict of str to Figure
        By the names in `outrigger.study.measures.KEYS`.
    scale : float
        Mean factor on the widths (matched), or on the size (equal CVaR); 1 as is.
    mean_r : Figure
        Mean result over the loss at the protective stop.
    sd_r, stop_share, armed_share, mean_hours : float
        Standard deviation in R, shares of trades that left by a stop and that armed, time in a trade.
    premature : dict of str to float
        Rates at 6 h and 72 h.
    slippage_bp : dict of str to float
        Expectancy in bp of notional at 0, 5, 10 and 20 bp slippage on stop exits.
    null : MatchedNull
        Expectancy of matched random entries.
    geometry_win_rate : float
        Win rate of the same stops on a driftless walk; NaN for stops that never arm.
    against_shipped : dict of str to Difference
        Premature rate, capture and mean R less the shipped stop's on the same entries.
    """

    data: str
    reading: str
    policy: str
    title: str
    figures: dict[str, Figure]
    scale: float
    mean_r: Figure
    sd_r: float
    stop_share: float
    armed_share: float
    mean_hours: float
    premature: dict[str, float]
    slippage_bp: dict[str, float]
    null: MatchedNull
    geometry_win_rate: float
    against_shipped: dict[str, Difference]


@dataclass(frozen=True, slots=True)
class Curve:
    """Account of one policy over the days of one table.

    Parameters
    ----------
    data, policy, title : str
        Which.
    days : tuple of int
        Days since the epoch.
    account : tuple of float
        Change of the starting account after each.
    """

    data: str
    policy: str
    title: str
    days: tuple[int, ...]
    account: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WindowRate:
    """Premature stop-outs of one policy in one window, matched where it can be.

    Parameters
    ----------
    data : str
        Set.
    window : int
        Number.
    start : str
        Its first day.
    policy, title : str
        Which.
    premature, mean_r : float
        Rate within 24 h and mean R.
    trades : int
        How many.
    """

    data: str
    window: int
    start: str
    policy: str
    title: str
    premature: float
    mean_r: float
    trades: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """The choice for one window.

    Parameters
    ----------
    data : str
        Set.
    window : int
        Number of the window that it was made for.
    scale : float
        Factor on all widths.
    trained_on : int
        Trades of each scale that had ended before.
    in_sample_r, out_of_sample_r : float
        Mean R of the chosen scale on them, and in the window itself.
    """

    data: str
    window: int
    scale: float
    trained_on: int
    in_sample_r: float
    out_of_sample_r: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """Walk-forward choice of the shipped stop's scale.

    Parameters
    ----------
    choices : list of Chosen
        One a window but the first.
    figures, untuned : dict of str to Figure
        Out of sample: of the chosen scales, and of the shipped stop in the same windows.
    """

    choices: list[Chosen]
    figures: dict[str, Figure]
    untuned: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Luck:
    """How much of the best policy is the best of many.

    Parameters
    ----------
    best : str
        Policy with the largest Sharpe ratio of daily results in R.
    deflated : dict of str to DeflatedSharpe
        By policy.
    overfitting : Overfitting or None
        None where there are too few days.
    """

    best: str
    deflated: dict[str, DeflatedSharpe]
    overfitting: Overfitting | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A cell, or a pair, that could not be worked out.

    Parameters
    ----------
    data, pair, policy : str
        Where; an empty policy is the whole pair.
    window : int
        Number; -1 for all.
    error : str
        Why.
    """

    data: str
    pair: str
    policy: str
    window: int
    error: str


@dataclass(frozen=True, slots=True)
class StudyResult:
    """A whole study.

    Parameters
    ----------
    about : dict
        Version, data, entries, assumptions, cells read and worked out, seconds.
    tables : list of PolicyFigures
        By set, reading, policy; pooled ones too where there are several sets.
    curves : list of Curve
        As is.
    windows : list of WindowRate
        By set and window.
    tuned : Tuned or None
        None where it was not asked for or there is one window.
    luck : Luck or None
        None with a single policy.
    failures : list of Failure
        What could not be worked out.
    """

    about: dict[str, Any]
    tables: list[PolicyFigures]
    curves: list[Curve]
    windows: list[WindowRate]
    tuned: Tuned | None
    luck: Luck | None
    failures: list[Failure]

    @property
    def whole(self) -> str:
        """Name of the table over all sets."""
        names = list(dict.fromkeys(one.data for one in self.tables))
        return POOLED if POOLED in names else next(iter(names), "")

    def find(self, data: str, reading: str) -> list[PolicyFigures]:
        """One table."""
        return [one for one in self.tables if (one.data, one.reading) == (data, reading)]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form; the figures over all sets stand in `policies`, `matched` and `equal_cvar`."""
        top = {READING_AS_IS: "policies", READING_MATCHED: "matched", READING_CVAR: "equal_cvar"}
        sets = [name for name in dict.fromkeys(one.data for one in self.tables) if name != self.whole]
        found: dict[str, Any] = {"about": self.about, "units": UNITS}
        found |= {top[reading]: self._figures(self.whole, reading) for reading in READINGS}
        found["by_data"] = {
            name: {top[reading]: self._figures(name, reading) for reading in READINGS} for name in sets
        }
        found["details"] = [
            {key: value for key, value in asdict(one).items() if key != "figures"} for one in self.tables
        ]
        found["windows"] = [asdict(one) for one in self.windows]
        found["walk_forward"] = None if self.tuned is None else asdict(self.tuned)
        found["overfitting"] = None if self.luck is None else asdict(self.luck)
        found["failed"] = [asdict(one) for one in self.failures]
        plained: dict[str, Any] = plain(found)
        return plained

    def _figures(self, data: str, reading: str) -> dict[str, Any]:
        return {
            one.policy: {key: asdict(one.figures[key]) for key in KEYS} for one in self.find(data, reading)
        }
