"""A small, fixed grid of settings around the shipped stop, to see whether it is a plateau or a peak.

Every trial is matched, so the size of the protective distance itself drops out and only its horizon and the
proportions of the three distances are tried. The grid is fixed and its number of trials is printed, because
the best of 64 trials is a lucky one: a setting is worth keeping where its neighbours do as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import sqrt

from rich.console import Console
from rich.table import Table

from outrigger.errors import SettingsError
from outrigger.review.pair_market import PairMarket
from outrigger.review.policies_compared import Compared
from outrigger.review.same_entry_result import PolicyResult, SameEntryStudy
from outrigger.settings.stop import StopSettings
from outrigger.sided import Sided
from outrigger.stops.policies import MarketColumns, WidthColumns, sided_widths

GRID = {
    "protect_horizon_hours": (4.0, 24.0),
    "activation": (0.015, 0.02),
    "activation_sigma": (1.25, 1.5, 1.75, 2.0),
    "trail_sigma": (0.5, 0.7, 0.85, 1.0),
}
WANTED_PREMATURE, WANTED_CAPTURE = 0.08, 0.45


def _name(values: Sequence[float]) -> str:
    """Horizon of the protective stop, activation, activation_sigma, trail_sigma."""
    horizon, activation, activation_sigma, trail_sigma = values
    return f"{horizon:g}h {activation:g} {activation_sigma:g}σ {trail_sigma:g}σ".replace(" 0.", " .")


SHIPPED_TRIAL = _name([float(getattr(StopSettings(), key)) for key in GRID])


class _Columns:
    """Market columns by pair and horizon, measured once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, float], MarketColumns] = {}

    def of(self, market: PairMarket, settings: StopSettings) -> MarketColumns:
        key = (id(market), settings.protect_horizon_hours)
        if key not in self._known:
            self._known[key] = market.measured(settings)
        return self._known[key]


def trials() -> tuple[Compared, ...]:
    """All settings of the grid.

    Returns
    -------
    tuple of Compared
        One policy a setting. The protective distance is one sigma of a day whatever its horizon, by the
        square root of time.

    Raises
    ------
    SettingsError
        If the shipped settings are not among them: then the grid says nothing about them.
    """
    columns = _Columns()
    tried = tuple(Compared(_name(values), _policy(values, columns)) for values in product(*GRID.values()))
    if SHIPPED_TRIAL not in {one.name for one in tried}:
        raise SettingsError(f"the shipped stop ({SHIPPED_TRIAL}) is not in the grid: add its values to GRID")
    return tried


def _policy(values: Sequence[float], columns: _Columns) -> Callable[[PairMarket], Sided[WidthColumns]]:
    chosen = dict(zip(GRID, values, strict=True))
    shipped = StopSettings()
    chosen["protect_sigma"] = shipped.protect_sigma * sqrt(
        shipped.protect_horizon_hours / chosen["protect_horizon_hours"]
    )
    settings = StopSettings.model_validate({**shipped.model_dump(), **chosen})
    return lambda market: sided_widths(columns.of(market, settings), settings)


def print_plateau(study: SameEntryStudy, console: Console) -> None:
    """Print where the grid reaches what is wanted, and how the mean over each value compares.

    Parameters
    ----------
    study : SameEntryStudy
        Of `trials`, matched.
    console : Console
        Where to.
    """
    names = [_name(values) for values in product(*GRID.values())]
    keys = dict(zip(names, product(*GRID.values()), strict=True))
    for data in dict.fromkeys(one.data for one in study.results):
        results = [one for one in study.results if one.data == data]
        console.print(_by_value(data, results, keys))
        reached = sum(_is_wanted(one) for one in results)
        shipped = next(one for one in results if one.policy == SHIPPED_TRIAL)
        console.print(
            f"{data}: {reached} of {len(results)} trials have premature <= {WANTED_PREMATURE} and capture >= "
            f"{WANTED_CAPTURE}; the shipped one {'has' if _is_wanted(shipped) else 'has not'}",
            highlight=False,
        )


def _by_value(data: str, results: Sequence[PolicyResult], keys: dict[str, tuple[float, ...]]) -> Table:
    table = Table(
        "setting", "value", "trials", "premature 24h", "capture", "mean R", title=f"{data}: means by value"
    )
    for position, (setting, values) in enumerate(GRID.items()):
        for value in values:
            group = [one for one in results if keys[one.policy][position] == value]
            count = len(group)
            table.add_row(
                setting,
                f"{value:g}",
                str(count),
                f"{sum(one.premature['24h'] for one in group) / count:.3f}",
                f"{sum(one.capture for one in group) / count:.3f}",
                f"{sum(one.mean_r for one in group) / count:+.3f}",
            )
    return table


def _is_wanted(one: PolicyResult) -> bool:
    return one.premature["24h"] <= WANTED_PREMATURE and one.capture >= WANTED_CAPTURE
