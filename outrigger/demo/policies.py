"""The stops that the demo sets side by side, and the configuration that selects each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outrigger.settings.read import BLOCK, Settings, read_settings, with_values
from outrigger.settings.stop import StopSettings


@dataclass(frozen=True, slots=True)
class Compared:
    """One stop of the comparison.

    Parameters
    ----------
    policy : str
        Its name in the settings.
    label : str
        Heading of its column.
    overlay : dict
        The further Freqtrade configuration that selects it.
    settings : Settings
        The configuration's settings with the overlay applied.
    """

    policy: str
    label: str
    overlay: dict[str, Any]
    settings: Settings


def compared(
    config: Mapping[str, Any], policies: Sequence[str], pairs: Sequence[str]
) -> tuple[Compared, ...]:
    """Make the comparison's configurations.

    Parameters
    ----------
    config : mapping
        The Freqtrade configuration that is run.
    policies : sequence of str
        Stop policies; the first is the one that the others are compared with.
    pairs : sequence of str
        Pairs to trade, in Freqtrade's names.

    Returns
    -------
    tuple of Compared
        One a policy, in the same order.

    Raises
    ------
    SettingsError
        If the configuration's own settings or a policy's name cannot be used.
    """
    settings = read_settings(config)
    chosen = []
    for policy in policies:
        changed = with_values(settings, {"stop": {"policy": policy}})
        overlay = {
            "exchange": {"pair_whitelist": list(pairs), "pair_blacklist": []},
            "pairlists": [{"method": "StaticPairList"}],
            BLOCK: {"stop": {"policy": policy}},
        }
        chosen.append(Compared(policy, _label(changed.stop), overlay, changed))
    return tuple(chosen)


def _label(stop: StopSettings) -> str:
    return {
        "volatility": "volatility",
        "fixed": f"fixed {stop.fixed_distance * 100:g} %",
        "trailing": f"trail {stop.trailing_width * 100:g} %",
        "chandelier": f"chandelier {stop.chandelier_bars} × {stop.chandelier_multiple:g}",
    }[stop.policy]
