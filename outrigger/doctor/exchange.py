"""Whether the exchange answers, through the trader's own configuration, and lists the pairs.

Only public markets and funding intervals are asked for and no key is sent. The requests run in a thread of
their own that is left behind when the time is up, because a name look-up cannot be given a timeout. Being
offline is no error: backtests can run without a network.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import ccxt
from freqtrade.misc import deep_merge_dicts

from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning

REQUEST_TIMEOUT_MS = 4_000
LIMIT_S = 9.0
USUAL_H = 8.0
# Perpetual futures only: Binance is otherwise asked for spot markets and coin-margined futures as well.
DEFAULTS: dict[str, Any] = {
    "timeout": REQUEST_TIMEOUT_MS,
    "options": {"defaultType": "swap", "fetchMarkets": {"types": ["linear"]}, "fetchCurrencies": False},
}

Markets = Mapping[str, Mapping[str, Any]]


def check(case: Case, limit_s: float = LIMIT_S) -> tuple[Markets | None, list[Finding]]:
    """Load the exchange's markets and look for the pairs.

    Parameters
    ----------
    case : Case
        Exchange, its ccxt options and the pairs.
    limit_s : float
        Longest time to wait, seconds.

    Returns
    -------
    tuple of (Markets or None, list of Finding)
        The markets, None where the exchange was not reached.
    """
    if not hasattr(ccxt, case.exchange or "?") or case.exchange not in ccxt.exchanges:
        named = case.exchange or "none"
        return None, [
            error("exchange", f"{named} is unknown to ccxt", 'set "name" in "exchange", such as "binance"')
        ]
    markets, hours, problem = _load(case, limit_s)
    if markets is None:
        return None, [_unreachable(case, problem)]
    return markets, [
        ok("exchange", f"{case.exchange} answers with {len(markets)} markets"),
        *_pairs(case, markets),
        *_funding(hours),
    ]


def _options(case: Case) -> dict[str, Any]:
    exchange = case.config["exchange"]
    options = deepcopy(DEFAULTS)
    for key in ("ccxt_config", "ccxt_sync_config"):
        if isinstance(exchange.get(key), dict):
            deep_merge_dicts(deepcopy(exchange[key]), options)
    options["timeout"] = min(int(options["timeout"]), REQUEST_TIMEOUT_MS)
    return options


def _load(case: Case, limit_s: float) -> tuple[Markets | None, dict[str, float], str]:
    """Markets, hours between funding by pair, and what went wrong; never takes longer than the limit."""
    answer: list[Markets] = []
    hours: dict[str, float] = {}
    problem: list[str] = []

    def ask() -> None:
        try:
            client = getattr(ccxt, case.exchange)(_options(case))
            answer.append(client.load_markets())
            hours.update(_funding_hours(client, [pair for pair in case.pairs if pair in answer[0]]))
        except Exception as failure:  # ccxt passes on whatever a network can do
            problem.append(f"{type(failure).__name__}: {failure}")

    asking = threading.Thread(target=ask, name="outrigger-doctor-exchange", daemon=True)
    asking.start()
    asking.join(limit_s)
    if answer:
        return answer[0], dict(hours), ""
    return None, {}, problem[0] if problem else f"no answer within {limit_s:g} s"


def _funding_hours(client: Any, pairs: list[str]) -> dict[str, float]:
    """Hours between funding, from the markets themselves where they tell it (Bybit), else asked for."""
    told = {pair: client.markets[pair]["info"].get("fundingInterval") for pair in pairs}
    if any(minutes is not None for minutes in told.values()):
        return {pair: float(minutes) / 60 for pair, minutes in told.items() if minutes is not None}
    if not pairs or not client.has.get("fetchFundingIntervals"):
        return {}
    found = client.fetch_funding_intervals(pairs)
    # Binance names only the contracts that once were not charged every eight hours.
    return {pair: float(found[pair]["interval"].rstrip("h")) if pair in found else USUAL_H for pair in pairs}


def _funding(hours: Mapping[str, float]) -> list[Finding]:
    """Name the pairs of each interval."""
    if not hours:
        return []
    groups: dict[float, list[str]] = {}
    for pair, interval in hours.items():
        groups.setdefault(interval, []).append(pair)
    told = "; ".join(f"every {interval:g} h: {', '.join(groups[interval])}" for interval in sorted(groups))
    return [ok("funding", f"charged {told}")]


def _unreachable(case: Case, problem: str) -> Finding:
    reason = " ".join(problem.split())[:200]
    return warning(
        "exchange",
        f"{case.exchange} cannot be reached ({reason}): pairs and order minimums are not checked",
        "check the network and exchange.ccxt_config, or work offline: "
        f"`outrigger offline --datadir {case.datadir} -- backtesting`",
    )


def _pairs(case: Case, markets: Markets) -> list[Finding]:
    absent = [pair for pair in case.pairs if pair not in markets]
    asleep = [pair for pair in case.pairs if pair in markets and markets[pair].get("active") is False]
    swaps = [pair for pair in case.pairs if pair in markets and not markets[pair].get("swap")]
    found = []
    for pairs, told in (
        (absent, "does not list"),
        (asleep, "has suspended"),
        (swaps, "does not trade as perpetual futures"),
    ):
        if pairs:
            named = ", ".join(pairs)
            step = f"remove {named} from pair_whitelist; `freqtrade list-pairs --print-list` shows the names"
            found.append(error("pairs", f"{case.exchange} {told} {named}", step))
    return found or [ok("pairs", f"all {len(case.pairs)} are listed and active")]
