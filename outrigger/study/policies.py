"""The policies of a study by name, so that a worker on another machine can look one up.

Widths come from `outrigger.review.policies_compared`; what is added here is what a study needs beside
widths: the classifier, a leg, another leverage, a scale that is tried. The name is the whole identity of a
policy, because functions cannot be sent to another process nor written into a cell's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from outrigger.errors import SettingsError
from outrigger.review.matched import scaled
from outrigger.review.pair_market import PairMarket
from outrigger.review.policies_compared import COMPARED, SHIPPED, Compared, pressed
from outrigger.settings.read import Settings, with_values
from outrigger.sided import Sided
from outrigger.stops.policies import WidthColumns

REGIME, HEDGE, NONE, NONE_10X = "volatility-regime", "volatility-hedge", "none", "none-10x"
# Factors on every width of the shipped stop that walk-forward tuning may choose from.
SCALES = (0.7, 0.85, 1.0, 1.2, 1.45)
_NAMES = {
    "naive": "naive volatility",
    "fixed": "fixed 3 %",
    "trail-1": "trail 1 %",
    "trail-2": "trail 2 %",
    "trail-3": "trail 3 %",
    "chandelier": "Chandelier 22×3",
    "activation-trail": "arm 1.5, trail 2 %",
    NONE: "no stop",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy of a study.

    Parameters
    ----------
    name : str
        Key in the results and on the command line.
    title : str
        For tables.
    compared : Compared
        Its widths, and what counts as one R.
    sized_by : str
        Policy with the same protective distances; its own name where there is none.
    regime : bool
        Whether the market has to be told its regimes first.
    hedged : bool
        Whether a leg is replayed beside each trade.
    leverage : float or None
        Its own leverage; None for the study's.
    trial : bool
        Whether it is only there to be chosen from, as a scale of the shipped stop.
    """

    name: str
    title: str
    compared: Compared
    sized_by: str
    regime: bool = False
    hedged: bool = False
    leverage: float | None = None
    trial: bool = False


def regime_settings(bundle: str) -> Settings:
    """Default settings with the classifier switched on."""
    return with_values(Settings(), {"regime": {"enabled": True, "bundle": bundle}})


def catalogue(bundle: str) -> dict[str, Policy]:
    """All policies that a study knows.

    Parameters
    ----------
    bundle : str
        Directory of the regime bundle; read only where the policy is asked for.

    Returns
    -------
    dict of str to Policy
        In the order of tables; the shipped stop first.
    """
    known = {one.name: one for one in COMPARED}
    shipped = known[SHIPPED]
    told = Compared("volatility + regime", pressed(regime_settings(bundle)))
    wild = replace(known[_NAMES[NONE]], name="no stop, 10x")
    found = [
        Policy(SHIPPED, "volatility", shipped, SHIPPED),
        Policy(REGIME, "volatility + regime", told, SHIPPED, regime=True),
        Policy(
            HEDGE, "volatility + hedge", replace(shipped, name="volatility + hedge"), SHIPPED, hedged=True
        ),
        *(Policy(key, known[name].name, known[name], key) for key, name in _NAMES.items()),
        Policy(NONE_10X, wild.name, wild, NONE_10X, leverage=10.0),
        *(_scaled(shipped, factor) for factor in SCALES if factor != 1),
    ]
    return {one.name: one for one in found}


def scale_name(factor: float) -> str:
    """Name of the shipped stop with all widths times a factor."""
    return SHIPPED if factor == 1 else f"{SHIPPED}-x{factor:g}"


def _scaled(shipped: Compared, factor: float) -> Policy:
    def columns(market: PairMarket) -> Sided[WidthColumns]:
        widths = shipped.columns(market)
        return Sided(scaled(widths.long, factor), scaled(widths.short, factor))

    name = scale_name(factor)
    return Policy(name, f"volatility × {factor:g}", Compared(name, columns, matched=False), name, trial=True)


def chosen(names: Sequence[str], bundle: str) -> tuple[Policy, ...]:
    """Policies by name.

    Parameters
    ----------
    names : sequence of str
        As on the command line; all that are no mere trials where empty. The shipped stop is always among
        them, because the others are compared with it.
    bundle : str
        Directory of the regime bundle.

    Returns
    -------
    tuple of Policy
        In the catalogue's order.

    Raises
    ------
    SettingsError
        If a name is not known.
    """
    known = {name: one for name, one in catalogue(bundle).items() if not one.trial}
    strange = [name for name in names if name not in known]
    if strange:
        raise SettingsError(f"unknown policy {', '.join(strange)}: choose from {', '.join(known)}")
    wanted = {SHIPPED, *(names or known)}
    return tuple(one for name, one in known.items() if name in wanted)


def trials(bundle: str) -> tuple[Policy, ...]:
    """Scales of the shipped stop, itself left out."""
    return tuple(one for one in catalogue(bundle).values() if one.trial)
