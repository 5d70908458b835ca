"""Whatever in configuration, parameter file or subclass would defeat the stop.

Looks at the loaded strategy, where all overrides have taken effect, rather than at one of their sources.
The strategy itself refuses some of these when it starts; here they are found before that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning

# Beyond this share of margin a position may be liquidated before the hard stop is reached.
WIDEST_STOPLOSS = 0.6
SLOWEST_INTERVAL_S = 60
FASTEST_INTERVAL_S = 10
SWITCHES = {
    "trailing_stop": (
        False,
        "Freqtrade would move the stop beside Outrigger, by other rules",
    ),
    "use_custom_stoploss": (True, "Outrigger's stop would never be asked for"),
    "use_exit_signal": (True, "a stop that price has already passed could not be left"),
}


def check(case: Case) -> Iterator[Finding]:
    """Check everything that decides whether the stop law's answer is what happens.

    Parameters
    ----------
    case : Case
        With a strategy; nothing is found without one.

    Yields
    ------
    Finding
        One a defect; a single `ok` where there is none.
    """
    if case.strategy is None:
        return
    found = [*_switches(case), *_return_targets(case), *_hard_stop(case), *_order_types(case)]
    yield from found or [ok("stop", "nothing in the configuration works against the stop")]
    yield _on_exchange(case)


def _source(case: Case, key: str) -> str:
    """Where a value came from, for the trader who has to change it."""
    if key in case.config:
        return "in the configuration"
    return "in the strategy or its parameter file"


def _switches(case: Case) -> Iterator[Finding]:
    for key, (wanted, consequence) in SWITCHES.items():
        value = getattr(case.strategy, key, wanted)
        if bool(value) is not wanted:
            yield error(
                key,
                f"{str(value).lower()} {_source(case, key)}: {consequence}",
                f'remove "{key}"' if key in case.config else f'set "{key}": {str(wanted).lower()}',
            )


def _return_targets(case: Case) -> Iterator[Finding]:
    targets = case.strategy.minimal_roi
    if targets:
        yield warning(
            "minimal_roi",
            f"{targets} {_source(case, 'minimal_roi')}: winners leave at these profits (on margin), "
            "not by the trail",
            'remove "minimal_roi", or write "minimal_roi": {}',
        )


def _hard_stop(case: Case) -> Iterator[Finding]:
    stoploss = float(case.strategy.stoploss)
    leverage = case.settings.risk.max_leverage if case.settings else 1
    if abs(stoploss) > WIDEST_STOPLOSS:
        yield warning(
            "stoploss",
            f"{stoploss:g} of margin {_source(case, 'stoploss')}: between a fill and the stop law's first "
            "answer nothing stands before liquidation",
            'remove "stoploss" from the configuration, or write -0.3',
        )
    elif case.settings and abs(stoploss) / leverage < case.settings.stop.noise_floor:
        yield warning(
            "stoploss",
            f"{stoploss:g} of margin {_source(case, 'stoploss')} is {abs(stoploss) / leverage:.2%} of price "
            f"at {leverage}x: a trade can be stopped by noise before the stop law's first answer",
            'remove "stoploss" from the configuration, or write -0.3',
        )


def _order_types(case: Case) -> Iterator[Finding]:
    types: dict[str, Any] = case.strategy.order_types
    if types.get("stoploss") != "market":
        yield error(
            "order_types.stoploss",
            f"{types.get('stoploss')}: a limit order can be jumped, and then there is no stop",
            'set "stoploss": "market" in "order_types"',
        )
    for key in ("exit", "emergency_exit", "force_exit"):
        if types.get(key, "market") != "market":
            yield warning(
                f"order_types.{key}",
                f"{types[key]}: an exit that does not fill leaves the position open",
                f'set "{key}": "market" in "order_types" and "price_side": "other" in "exit_pricing"',
            )


def _on_exchange(case: Case) -> Finding:
    types: dict[str, Any] = case.strategy.order_types
    subject = "order_types.stoploss_on_exchange"
    if not types.get("stoploss_on_exchange"):
        message = (
            "false: the stop lives in the bot; if the bot or its network fails, nothing guards the position"
        )
        step = 'set "stoploss_on_exchange": true in "order_types"'
        return warning(subject, message, step) if case.live else ok(subject, f"{message} (live: {step})")
    interval = types.get("stoploss_on_exchange_interval", SLOWEST_INTERVAL_S)
    if not isinstance(interval, int | float) or not FASTEST_INTERVAL_S <= interval <= SLOWEST_INTERVAL_S:
        return warning(
            f"{subject}_interval",
            f"{interval} s: a slower one leaves the order behind the stop, a faster one meets rate limits",
            f'set "stoploss_on_exchange_interval": {SLOWEST_INTERVAL_S} in "order_types"',
        )
    return ok(subject, f"true, moved at most every {interval:g} s and only in the trade's favour")
