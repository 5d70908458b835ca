"""How large a position is: from what it may lose, not from what the account could carry.

Size = risk ÷ (protective distance + round-trip costs), so that a wide stop means a small position and
every full-confidence trade costs the same share of the account when it is stopped. Then the limits:
each one that binds is named, and a position that would fall below the exchange's minimum is refused
rather than rounded up. The unknown (NaN equity, no forecast) refuses as well; it never sizes.

Open risk counts from each trade's entry: profit given back down to a stop above the entry is no risk
here. Gaps beyond the slippage allowance are not in it; `liquidation_fraction` and `max_sigma` are for
them. Size does not depend on leverage except through the margin at hand, and only ever grows with it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import inf, isfinite
from typing import Any

from outrigger.errors import DataError
from outrigger.settings.risk import RiskSettings


@dataclass(frozen=True, slots=True)
class Account:
    """What the account can carry at this moment, in quote currency.

    Parameters
    ----------
    equity : float
        Balance plus the unrealised result of all open trades.
    open_risk : float
        Sum of `open_risk` over all open trades; infinity where a stop is not known.
    available_margin : float
        Margin that is not tied up; infinity leaves it out of account.
    """

    equity: float
    open_risk: float = 0.0
    available_margin: float = inf


@dataclass(frozen=True, slots=True)
class Market:
    """What the pair's market and its exchange say about a new position.

    Parameters
    ----------
    protective_distance : float
        Distance of the protective stop, fraction of price; NaN where it is not known.
    sigma : float
        Forecast move over the stop's horizon, fraction of price; NaN where it is not known.
    min_notional, max_notional : float
        Smallest and largest position value that the exchange takes, quote currency.
    """

    protective_distance: float
    sigma: float
    min_notional: float = 0.0
    max_notional: float = inf


@dataclass(frozen=True, slots=True)
class SizeDecision:
    """A position's value, or its refusal, and what decided it.

    Parameters
    ----------
    notional : float or None
        Position value, quote currency; None refuses the trade.
    risk_quote : float
        Loss if the protective stop is hit, costs included, quote currency; 0 if refused.
    reasons : tuple of str
        Every limit that bound, in plain words; the last one is the cause of a refusal.
    """

    notional: float | None
    risk_quote: float
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {**asdict(self), "reasons": list(self.reasons)}


def open_risk(side: int, entry: float, stop: float, notional: float, settings: RiskSettings) -> float:
    """Tell what an open trade would lose if its present stop were hit.

    Parameters
    ----------
    side : int
        +1 for a long, -1 for a short.
    entry, stop : float
        Entry price and price of the stop in force.
    notional : float
        Position value at entry, quote currency.
    settings : RiskSettings
        Fee and slippage allowance.

    Returns
    -------
    float
        Quote currency, costs included; 0 where the stop secures a profit.

    Raises
    ------
    DataError
        If a price or the notional is not a usable number: a risk that is not known is not zero.
    """
    if side not in (1, -1):
        raise DataError(f"side is {side!r}: pass 1 for a long or -1 for a short")
    if not all(isfinite(number) and number > 0 for number in (entry, stop, notional)):
        raise DataError(
            f"open trade with entry {entry!r}, stop {stop!r}, notional {notional!r}: all have to be positive"
        )
    return max(0.0, notional * (side * (1 - stop / entry) + settings.round_trip_cost))


def position_size(
    account: Account, market: Market, confidence: float, leverage: float, settings: RiskSettings
) -> SizeDecision:
    """Size one new position.

    Parameters
    ----------
    account : Account
        Equity, open risk and margin.
    market : Market
        Protective distance, forecast and the exchange's limits.
    confidence : float
        Share of full risk, 0 to 1.
    leverage : float
        Leverage that the position would use, at least 1.
    settings : RiskSettings
        Risk per trade and every limit.

    Returns
    -------
    SizeDecision
        With a notional of None where the trade is refused.

    Raises
    ------
    DataError
        If the confidence or the leverage is out of its range.
    """
    if not 0 <= confidence <= 1:
        raise DataError(f"confidence is {confidence!r}: it has to lie between 0 and 1")
    if not (isfinite(leverage) and leverage >= 1):
        raise DataError(f"leverage is {leverage!r}: it has to be at least 1")
    refusal = _refusal(account, market, confidence, settings)
    if refusal is not None:
        return SizeDecision(None, 0.0, (refusal,))
    loss = market.protective_distance + settings.round_trip_cost
    notional = account.equity * settings.risk_per_trade * confidence / loss
    reasons = []
    for limit, name in _limits(account, market, leverage, loss, settings):
        if limit < notional:
            notional = limit
            reasons.append(f"{name}: position cut to {limit:,.2f}" if limit > 0 else f"{name}: no trade")
    if 0 < notional < market.min_notional:
        reasons.append(
            f"{notional:,.2f} of notional is below the exchange's minimum of {market.min_notional:,.2f}: "
            "no trade"
        )
    if notional <= 0 or notional < market.min_notional:
        return SizeDecision(None, 0.0, tuple(reasons))
    return SizeDecision(notional, notional * loss, tuple(reasons))


def _refusal(account: Account, market: Market, confidence: float, settings: RiskSettings) -> str | None:
    """Why nothing may be opened at all, or None."""
    if not (isfinite(account.equity) and account.equity > 0):
        return f"equity is {account.equity}: no trade without a known, positive equity"
    if not (account.open_risk >= 0 and account.available_margin >= 0):
        return (
            f"open risk is {account.open_risk}, available margin {account.available_margin}: no trade while "
            "either is unknown or negative"
        )
    if not (isfinite(market.protective_distance) and 0 < market.protective_distance < 1):
        return f"protective distance is {market.protective_distance}: no trade without a stop"
    if not (isfinite(market.sigma) and market.sigma > 0):
        return f"forecast sigma is {market.sigma}: no trade without a forecast"
    if not (market.min_notional >= 0 and market.max_notional > 0):
        return f"exchange limits are {market.min_notional} to {market.max_notional}: no trade without them"
    if market.sigma > settings.max_sigma:
        return (
            f"max_sigma: the forecast move of {market.sigma:.2%} is above {settings.max_sigma:.2%}: "
            "walking away"
        )
    return "confidence is 0: no trade" if confidence == 0 else None


def _limits(
    account: Account, market: Market, leverage: float, loss: float, settings: RiskSettings
) -> tuple[tuple[float, str], ...]:
    """Largest notional under each limit, and the limit's name in plain words."""
    budget = settings.max_open_risk * account.equity
    return (
        (
            settings.max_pair_notional * account.equity,
            f"max_pair_notional of {settings.max_pair_notional:g} times equity",
        ),
        (
            (budget - account.open_risk) / loss,
            f"max_open_risk of {settings.max_open_risk:.2%}: {account.open_risk:,.2f} of {budget:,.2f} is at "
            "risk already",
        ),
        (
            account.available_margin * leverage,
            f"available margin {account.available_margin:,.2f} at {leverage:g}x",
        ),
        (market.max_notional, "largest position that the exchange takes"),
    )
