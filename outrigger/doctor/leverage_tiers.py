"""The leverage that results at the farthest protective stop, and how far liquidation is then.

Read from the tiers that Freqtrade ships for Binance and uses itself in dry runs and backtests, or from those
that it keeps beside the data of another exchange; live, the exchange's own may differ. Where there are none,
nothing is known offline, and that is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.doctor.protective_range import protective_range
from outrigger.doctor.wallet import wallet
from outrigger.errors import DataError
from outrigger.risk.leverage import LeverageChoice, choose_leverage
from outrigger.risk.liquidation import maintenance_tiers
from outrigger.risk.size import Account, Market, position_size
from outrigger.settings.read import Settings

SHIPPED = "binance"
SIDES = (1, -1)


def check(case: Case) -> Iterator[Finding]:
    """Work out leverage and liquidation for every pair, as the strategy would.

    Parameters
    ----------
    case : Case
        With settings; nothing is found without them.

    Yields
    ------
    Finding
        One for each result, naming the pairs that share it.
    """
    if case.settings is None:
        return
    tiers = _shipped() if case.exchange == SHIPPED else _kept(case)
    if not tiers:
        yield warning(
            "leverage",
            f"Freqtrade ships leverage tiers for Binance only, not for {case.exchange or 'no exchange'}, and "
            f"keeps none in {_file(case)}: liquidation distances are known only once the bot is connected",
            "run a backtest or dry run online once: Freqtrade then keeps the exchange's tiers there",
        )
        return
    absent = [pair for pair in case.pairs if pair not in tiers]
    if absent:
        yield error(
            "leverage",
            f"Freqtrade has no leverage tiers for {', '.join(absent)}: a backtest or dry run of them fails",
            "remove them from pair_whitelist, or write them as BASE/QUOTE:SETTLE, such as BTC/USDT:USDT",
        )
    groups: dict[tuple[str, str], list[str]] = {}
    for pair in case.pairs:
        if pair in tiers:
            groups.setdefault(_outcome(pair, tiers[pair], case, case.settings), []).append(pair)
    for (level, message), pairs in groups.items():
        subject = f"leverage of {', '.join(pairs)}"
        yield ok(subject, message) if level == "ok" else error(subject, message, _remedy(case.settings))


def _shipped() -> dict[str, list[dict[str, Any]]]:
    text = resources.files("freqtrade.exchange").joinpath("binance_leverage_tiers.json").read_text()
    tiers: dict[str, list[dict[str, Any]]] = json.loads(text)
    return tiers


def _file(case: Case) -> Path:
    return case.datadir / "futures" / f"leverage_tiers_{case.config.get('stake_currency', 'USDT')}.json"


def _kept(case: Case) -> dict[str, list[dict[str, Any]]]:
    """Tiers that Freqtrade keeps beside the candles; none where there is no such file."""
    path = _file(case)
    if not path.is_file():
        return {}
    try:
        tiers: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))["data"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise DataError(
            f"{path} cannot be read ({problem}): remove it, and Freqtrade asks again"
        ) from problem
    return tiers


def _outcome(pair: str, rows: list[dict[str, Any]], case: Case, settings: Settings) -> tuple[str, str]:
    """Level and message for one pair, rounded so that pairs with the same outcome fall together."""
    _, far = protective_range(settings)
    try:
        choices = [_choice(side, far, rows, pair, case, settings) for side in SIDES]
    except DataError as problem:
        return "error", str(problem)
    worst = min(
        choices, key=lambda choice: (choice.stop_inside, choice.leverage, choice.liquidation_distance)
    )
    told = (
        f"a stop {far:.1%} away gets {worst.leverage}x, liquidation is {worst.liquidation_distance:.1%} away "
        f"({worst.reason if worst.stop_inside else 'too near'})"
    )
    if worst.stop_inside:
        return "ok", told
    return "error", f"{told}: such a trade is refused; {worst.reason}"


def _choice(
    side: int, far: float, rows: list[dict[str, Any]], pair: str, case: Case, settings: Settings
) -> LeverageChoice:
    risk, equity = settings.risk, wallet(case.config) or 1.0
    size = position_size(Account(equity), Market(far, min(far, risk.max_sigma)), 1.0, risk.max_leverage, risk)
    return choose_leverage(
        side,
        size.notional or equity,
        far,
        maintenance_tiers(rows, pair),
        risk,
        buffer=float(case.config.get("liquidation_buffer", 0.05)),
    )


def _remedy(settings: Settings) -> str:
    name = {"volatility": "protect_max", "trailing": "trailing_width", "fixed": "fixed_distance"}
    distance = name.get(settings.stop.policy, "chandelier_multiple")
    return f"lower stop.{distance}, or raise risk.liquidation_fraction"
