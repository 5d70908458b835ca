"""Whether the exchange answers, through the trader's own configuration, and lists the pairs.

Only public markets are asked for and no key is sent. The request runs in a thread of its own that is left
behind when the time is up, because a name look-up cannot be given a timeout. Being offline is no error:
backtests can run without a network.
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
    markets, problem = _load(case, limit_s)
    if markets is None:
        return None, [_unreachable(case, problem)]
    return markets, [
        ok("exchange", f"{case.exchange} answers with {len(markets)} markets"),
        *_pairs(case, markets),
    ]


def _options(case: Case) -> dict[str, Any]:
    exchange = case.config["exchange"]
    options = deepcopy(DEFAULTS)
    for key in ("ccxt_config", "ccxt_sync_config"):
        if isinstance(exchange.get(key), dict):
            deep_merge_dicts(deepcopy(exchange[key]), options)
    options["timeout"] = min(int(options["timeout"]), REQUEST_TIMEOUT_MS)
    return options


def _load(case: Case, limit_s: float) -> tuple[Markets | None, str]:
    """Markets, or None and the reason; never takes longer than the limit."""
    answer: list[Markets] = []
    problem: list[str] = []

    def ask() -> None:
        try:
            answer.append(getattr(ccxt, case.exchange)(_options(case)).load_markets())
        except Exception as failure:  # ccxt passes on whatever a network can do
            problem.append(f"{type(failure).__name__}: {failure}")

    asking = threading.Thread(target=ask, name="outrigger-doctor-exchange", daemon=True)
    asking.start()
    asking.join(limit_s)
    if answer:
        return answer[0], ""
    return None, problem[0] if problem else f"no answer within {limit_s:g} s"


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
