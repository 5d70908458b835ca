"""Whether the positions that risk allows are large enough for the exchange.

Small accounts fail here silently: every entry is refused because half a percent of risk behind a wide stop
is less than the exchange's smallest order. Freqtrade raises that minimum by its reserves (5 % plus the hard
stop, together at most half), so the same is done here. Prices are today's where the exchange was asked with a
key, else the last closes of the data directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.doctor.protective_range import protective_range
from outrigger.doctor.wallet import wallet
from outrigger.risk.size import Account, Market, position_size
from outrigger.settings.risk import RiskSettings

LARGEST_RESERVE = 1.5


def check(
    case: Case,
    markets: Mapping[str, Any] | None,
    prices: Mapping[str, float],
    balance: float | None = None,
) -> Iterator[Finding]:
    """Compare each pair's smallest order with the sizes that the settings lead to.

    Parameters
    ----------
    case : Case
        With settings; nothing is found without them.
    markets : mapping of str to mapping, or None
        The exchange's markets as ccxt describes them; None where it was not reached.
    prices : mapping of str to float
        A recent price of each pair, where known, quote currency.
    balance : float or None
        Stake currency that the exchange holds; None where it was not asked.

    Yields
    ------
    Finding
        One a pair.
    """
    if case.settings is None or markets is None:
        return
    equity = wallet(case.config, balance)
    if equity is None:
        yield ok("order minimums", "not checked: the size of a live account is known to the exchange only")
        return
    for pair in case.pairs:
        if pair in markets:
            yield _judge(case, pair, equity, smallest_notional(case, markets[pair], prices.get(pair)))


def smallest_notional(case: Case, market: Mapping[str, Any], price: float | None) -> float:
    """Smallest position value that Freqtrade would let through.

    Parameters
    ----------
    case : Case
        For the reserves.
    market : mapping
        One market of ccxt.
    price : float or None
        Recent price; None leaves the smallest amount out of account.

    Returns
    -------
    float
        Quote currency; 0 where the exchange states no minimum.
    """
    limits = market.get("limits") or {}
    cost = (limits.get("cost") or {}).get("min") or 0.0
    amount = (limits.get("amount") or {}).get("min") or 0.0
    contract = market.get("contractSize") or 1.0
    reserve = 1.0 + float(case.config.get("amount_reserve_percent", 0.05))
    stoploss = abs(float(case.strategy.stoploss)) if case.strategy is not None else 0.3
    hard = LARGEST_RESERVE if stoploss >= 1 else min(max(reserve / (1 - stoploss), 1.0), LARGEST_RESERVE)
    return max(cost * contract * hard, amount * contract * (price or 0.0) * reserve)


def _judge(case: Case, pair: str, equity: float, smallest: float) -> Finding:
    assert case.settings is not None
    risk, (near, far) = case.settings.risk, protective_range(case.settings)
    largest, least = _size(equity, near, 1.0, risk), _size(equity, far, _least_confidence(case), risk)
    subject = f"order minimum of {pair}"
    told = (
        f"{smallest:,.2f} with Freqtrade's reserves; {equity:,.0f} at {risk.risk_per_trade:.2%} risk makes "
        f"positions of {least:,.2f} (stop {far:.1%} away) to {largest:,.2f} ({near:.1%})"
    )
    if least >= smallest:
        return ok(subject, told)
    needed = equity * smallest / least if least > 0 else float("inf")
    step = f"trade with {needed:,.0f} or more, raise risk.risk_per_trade, or remove {pair}"
    if largest < smallest:
        return error(subject, f"{told}: no trade can ever be opened", step)
    return warning(subject, f"{told}: entries with a wide stop or little confidence are refused", step)


def _least_confidence(case: Case) -> float:
    partial = case.settings.signals.partial_confidence if case.settings else 1.0
    return partial if partial > 0 else 1.0


def _size(equity: float, distance: float, confidence: float, risk: RiskSettings) -> float:
    market = Market(distance, min(distance, risk.max_sigma))
    return position_size(Account(equity), market, confidence, risk.max_leverage, risk).notional or 0.0
