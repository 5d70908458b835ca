"""Freqtrade's own part of the configuration: valid, for futures, and what it means for the account."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from math import inf

from freqtrade.configuration.config_validation import validate_config_consistency
from freqtrade.exceptions import FreqtradeException

from outrigger.bot.frames import charts
from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.doctor.strategy import freqtrade_muted
from outrigger.errors import OutriggerError
from outrigger.signals.indicators import chart_lookbacks, startup_candles

SMALLEST_BUFFER = 0.01
# Freqtrade asks Binance at most five times for a chart, 499 candles each.
MOST_STARTUP_CANDLES = 2494
MARGIN_MODES = {
    "isolated": "a liquidation takes the margin of its own position and no more",
    "cross": "all positions share the whole balance: one liquidation can take the account, and the "
    "liquidation distances shown here, which are those of isolated margin, do not hold",
}


def check(case: Case) -> Iterator[Finding]:
    """Check what Freqtrade reads for itself.

    Parameters
    ----------
    case : Case
        What to look at.

    Yields
    ------
    Finding
        One a subject.
    """
    yield _schema(case)
    yield _money(case)
    yield from _futures(case)
    yield from _charts(case)
    yield _open_trades(case)


def _schema(case: Case) -> Finding:
    """Freqtrade's own validation, on a copy because it fills in defaults."""
    copy = deepcopy(case.config)
    if case.strategy is not None:
        copy = {**deepcopy(dict(case.strategy.config)), **copy}
    try:
        with freqtrade_muted():
            validate_config_consistency(copy)
    except FreqtradeException as problem:
        return error("configuration", f"Freqtrade refuses it: {problem}", "mend the key it names")
    except (TypeError, ValueError, AttributeError, KeyError) as problem:
        return error(
            "configuration",
            f"Freqtrade cannot read it ({type(problem).__name__}: {problem})",
            "`freqtrade show-config` names the key; compare it with the config.json that Outrigger ships",
        )
    return ok("configuration", f"valid: {', '.join(str(file) for file in case.files)}")


def _money(case: Case) -> Finding:
    if case.live:
        return warning(
            "dry_run",
            "false: this configuration trades real money",
            'set "dry_run": true until a backtest and a dry run have been read',
        )
    if case.config.get("dry_run") is True:
        return ok("dry_run", "true: no order leaves this machine")
    return warning("dry_run", "not set: Freqtrade decides by its default", 'write "dry_run": true')


def _futures(case: Case) -> Iterator[Finding]:
    mode, margin = case.config.get("trading_mode"), str(case.config.get("margin_mode", ""))
    if mode != "futures":
        yield error(
            "trading_mode",
            f"{mode or 'not set'}: Outrigger shorts and uses leverage, which takes perpetual futures",
            'set "trading_mode": "futures" and "margin_mode": "isolated"',
        )
        return
    if margin not in MARGIN_MODES:
        yield error("margin_mode", f"{margin or 'not set'}", 'set "margin_mode": "isolated"')
        return
    told = f"futures with {margin} margin: {MARGIN_MODES[margin]}"
    if margin == "isolated":
        yield ok("margin_mode", told)
    else:
        yield warning("margin_mode", told, 'set "margin_mode": "isolated"')
    buffer = case.config.get("liquidation_buffer", 0.05)
    if isinstance(buffer, int | float) and buffer < SMALLEST_BUFFER:
        yield warning(
            "liquidation_buffer",
            f"{buffer:g}: Freqtrade would leave a position only at the exchange's own liquidation price, "
            "which also costs the liquidation fee",
            'set "liquidation_buffer": 0.05',
        )
    else:
        yield ok("liquidation_buffer", f"{buffer}: Freqtrade leaves that share of the distance earlier")


def _charts(case: Case) -> Iterator[Finding]:
    if case.settings is None:
        return
    step = 'set "timeframe": "1m", or change signals.middle_chart and signals.slow_chart'
    try:
        chart_lookbacks(case.settings.signals, case.timeframe)
    except OutriggerError as problem:
        yield error("timeframe", str(problem), step)
        return
    yield from _startup(case)
    others = ", ".join(charts(case.settings, case.timeframe))
    yield ok("timeframe", f"{case.timeframe}, with the charts {others}")


def _startup(case: Case) -> Iterator[Finding]:
    if case.strategy is None or case.settings is None:
        return
    subject, count = "startup_candle_count", case.strategy.startup_candle_count
    needed = startup_candles(case.settings.signals, case.timeframe)
    step = f'remove "{subject}" from the configuration: the strategy brings its own'
    if not isinstance(count, int) or not 0 <= count <= MOST_STARTUP_CANDLES:
        told = f"{count!r}: Freqtrade takes a whole number up to {MOST_STARTUP_CANDLES}"
        yield error(subject, told, step)
    elif count < needed:
        yield warning(
            subject, f"{count}: the signals look back on {needed} candles, entries start late", step
        )


def _open_trades(case: Case) -> Finding:
    subject = "max_open_trades"
    slots = case.config.get(subject)
    if slots is None and case.strategy is not None:
        slots = case.strategy.max_open_trades
    if isinstance(slots, bool) or not isinstance(slots, int | float):
        return error(subject, f"{slots!r}: it has to be a number", f'set "{subject}": {len(case.pairs) or 1}')
    slots = inf if slots == -1 else slots
    if slots == 0:
        return error(subject, "0: no trade would ever be opened", f'set "{subject}": {len(case.pairs) or 1}')
    most = min(slots, len(case.pairs)) if case.pairs else slots
    if slots < len(case.pairs):
        return ok(subject, f"{slots:g} of {len(case.pairs)} pairs can be in a trade at the same time")
    if case.settings is not None and most * case.settings.risk.risk_per_trade > _budget(case):
        risk = case.settings.risk
        fits = max(1, int(risk.max_open_risk / risk.risk_per_trade))
        return warning(
            subject,
            f"{most:g} trades at risk_per_trade {risk.risk_per_trade:.2%} would risk more than max_open_risk "
            f"{risk.max_open_risk:.2%}: after {fits} full trades the next are cut or refused",
            f'set "{subject}": {fits}, or lower risk.risk_per_trade',
        )
    return ok(subject, f"{slots:g} for {len(case.pairs)} pairs")


def _budget(case: Case) -> float:
    # Six times .005 is .03 to a trader, and a little more to a float.
    return case.settings.risk.max_open_risk * (1 + 1e-9) if case.settings else inf
