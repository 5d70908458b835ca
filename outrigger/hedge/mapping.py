"""Whether the configured legs can be traded on this bot: its whitelist, its data, its slots.

The mapping itself (circles, a pair that is its own candidate) is checked where it is read, in
`outrigger.settings.hedge`; this needs to know what the bot was given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from outrigger.errors import SettingsError
from outrigger.settings.hedge import HedgeSettings


def require_tradable(
    settings: HedgeSettings, whitelist: Collection[str], with_data: Collection[str], max_open_trades: float
) -> None:
    """Refuse a mapping that the bot cannot trade, all of it in one message.

    Parameters
    ----------
    settings : HedgeSettings
        A hedge that is switched off is not looked at.
    whitelist : collection of str
        Pairs that Freqtrade trades.
    with_data : collection of str
        Pairs whose 5m candles are there.
    max_open_trades : float
        Freqtrade's limit, which counts legs too; infinity or -1 for none.

    Raises
    ------
    SettingsError
        Naming every pair and what to do about it.
    """
    if settings.enabled:
        problems = list(dict.fromkeys(_problems(settings, whitelist, with_data, max_open_trades)))
        if problems:
            listed = "\n".join(f"  - {problem}" for problem in problems)
            raise SettingsError(f"the hedge cannot be traded as configured:\n{listed}")


def _problems(
    settings: HedgeSettings, whitelist: Collection[str], with_data: Collection[str], max_open_trades: float
) -> Iterator[str]:
    hedged = {primary: legs for primary, legs in settings.candidates.items() if legs}
    for primary, legs in hedged.items():
        if primary not in whitelist:
            yield (
                f"{primary} is hedged but not on the whitelist: add it to pair_whitelist, or remove it from "
                "outrigger.hedge.candidates"
            )
        for pair in legs:
            if pair not in whitelist:
                yield (
                    f"{pair} is a candidate for {primary} but not on the whitelist: Freqtrade opens no leg "
                    "there; add it to pair_whitelist, or remove it"
                )
    for pair in dict.fromkeys(pair for primary, legs in hedged.items() for pair in (primary, *legs)):
        if pair in whitelist and pair not in with_data:
            yield (
                f"{pair} has no 5m candles: run `freqtrade download-data --trading-mode futures --timeframes "
                f"5m --pairs {pair}`, or remove it from outrigger.hedge.candidates"
            )
    if hedged and 0 <= max_open_trades < 2:
        yield (
            f"max_open_trades is {max_open_trades:g}, and a primary with its leg are two: raise it to two "
            "for each primary that you want hedged, or set outrigger.hedge.enabled to false"
        )
