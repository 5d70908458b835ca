"""Which pairs can be checked before the bot runs, and in what order they stand."""

from __future__ import annotations

from collections.abc import Iterator

from outrigger.doctor.case import REGULAR_EXPRESSION, Case
from outrigger.doctor.finding import Finding, error, ok, warning


def check(case: Case) -> Iterator[Finding]:
    """Check the whitelist and the pair lists.

    Parameters
    ----------
    case : Case
        What to look at.

    Yields
    ------
    Finding
        What the data checks will cover.
    """
    lists = case.config.get("pairlists") or [{"method": "StaticPairList"}]
    methods = [entry.get("method") for entry in lists if isinstance(entry, dict)]
    if methods[:1] != ["StaticPairList"]:
        yield warning(
            "pairlists",
            f"{methods[0] if methods else 'none'} picks pairs at run time: they cannot be checked here, and "
            "a backtest with them cannot be repeated",
            'use {"method": "StaticPairList"} and name the pairs in exchange.pair_whitelist',
        )
    patterns = [pair for pair in case.whitelist if REGULAR_EXPRESSION.intersection(pair)]
    if patterns:
        named = ", ".join(patterns)
        told = f"{named} are regular expressions: what they match is not checked"
        yield warning("pair_whitelist", told, "`freqtrade test-pairlist` prints the pairs; name them")
    spot = [pair for pair in case.pairs if ":" not in pair]
    if spot:
        yield error(
            "pair_whitelist",
            f"{', '.join(spot)} are no perpetual futures",
            f"write {spot[0]}:{spot[0].split('/')[-1]} for {spot[0]}",
        )
    if not case.whitelist and methods[:1] == ["StaticPairList"]:
        yield error(
            "pair_whitelist", "no pair is named", 'add "pair_whitelist": ["BTC/USDT:USDT"] to "exchange"'
        )
    elif not patterns and not spot:
        yield ok("pair_whitelist", ", ".join(case.pairs))
