"""Runs every check and returns what they found; nothing a trader wrote makes it fail.

A check that breaks on input nobody thought of becomes a finding itself, and the others still run. An
unreadable configuration ends the matter early, since nothing else can be looked at without it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from freqtrade.configuration import TimeRange
from freqtrade.exceptions import FreqtradeException

from outrigger.doctor import (
    candle_files,
    configuration,
    exchange,
    funding_files,
    leverage_tiers,
    live,
    market_store,
    minimums,
    pairs,
    parameter_file,
    secret_files,
    startup_history,
    stop_overrides,
    strategy,
    versions,
)
from outrigger.doctor.case import Case, data_directory, read_config
from outrigger.doctor.finding import Finding, error, ok
from outrigger.doctor.live_client import has_key
from outrigger.errors import OutriggerError
from outrigger.market.moment import to_ms
from outrigger.settings.read import BLOCK, Settings, read_settings

logger = logging.getLogger(__name__)

PLAIN: tuple[Callable[[Case], Iterable[Finding]], ...] = (
    configuration.check,
    pairs.check,
    stop_overrides.check,
    parameter_file.check,
    secret_files.check,
    leverage_tiers.check,
)


def diagnose(
    config_files: Sequence[Path | str],
    datadir: Path | str | None = None,
    timerange: str | None = None,
    timeframe: str | None = None,
    check_exchange: bool = True,
    check_account: bool | None = None,
) -> list[Finding]:
    """Check configuration, data, versions and exchange.

    Parameters
    ----------
    config_files : sequence of path
        Configuration files in Freqtrade's order: later ones win.
    datadir : path, optional
        Data directory; the configuration's, or Freqtrade's default, when None.
    timerange : str, optional
        As for `freqtrade backtesting --timerange`; the start-up history is counted before it.
    timeframe : str, optional
        Base timeframe; the configuration's or the strategy's when None.
    check_exchange : bool
        Whether to ask the exchange; takes at most ten seconds.
    check_account : bool, optional
        Whether to look at the account with the key, at most half a minute; where a key is configured when
        None.

    Returns
    -------
    list of Finding
        In the order: versions, configuration, data, market store, exchange.
    """
    found = _guarded("versions", versions.check)
    case, opened = _open([Path(file) for file in config_files], datadir, timerange, timeframe)
    found += opened
    if case is None:
        return found
    for check in PLAIN:
        found += _guarded(check.__module__.rpartition(".")[2], lambda check=check: check(case))  # type: ignore[misc]
    prices: dict[str, float] = {}
    found += _guarded("data", lambda: _data(case, prices))
    found += _guarded(market_store.SUBJECT, lambda: market_store.check(case, to_ms(datetime.now(UTC))))
    if check_exchange:
        found += _guarded("exchange", lambda: _exchange(case, prices, check_account))
    return found


def _open(
    files: list[Path], datadir: Path | str | None, timerange: str | None, timeframe: str | None
) -> tuple[Case | None, list[Finding]]:
    """Load everything the checks need; None where there is no configuration to check."""
    subject = ", ".join(str(file) for file in files) or "configuration"
    step = "name a readable JSON file with --config; `freqtrade new-config` writes one"
    if not files:
        return None, [error(subject, "no configuration file is named", step)]
    if Path("-") in files:
        return None, [error(subject, "standard input cannot be checked", "write it to a file and name that")]
    try:
        config = read_config(files)
    except (FreqtradeException, OSError, ValueError, TypeError, AttributeError) as problem:
        return None, [error(subject, f"cannot be read: {problem}", step)]
    settings, found = _settings(config)
    loaded, told = strategy.load(config if settings else {**config, BLOCK: {}})
    found.append(told)
    try:
        span = TimeRange.parse_timerange(timerange or config.get("timerange"))
    except (FreqtradeException, TypeError, AttributeError) as problem:
        span = TimeRange.parse_timerange(None)
        found.append(error("timerange", str(problem), "write it as 20250501-20250601"))
    where, named = data_directory(config, Path(datadir) if datadir is not None else None)
    base = str(timeframe or config.get("timeframe") or getattr(loaded, "timeframe", None) or "1m")
    # Freqtrade lists them backwards; a command that names them has to let the later ones win.
    read = tuple(Path(file) for file in reversed(config["config_files"]))
    return Case(config, read, base, settings, loaded, where, named, span), found


def _settings(config: dict[str, Any]) -> tuple[Settings | None, list[Finding]]:
    try:
        settings = read_settings(config)
    except OutriggerError as problem:
        return None, [error(f'"{BLOCK}" block', str(problem), "mend the keys it names")]
    named = "as written" if BLOCK in config else "not in the configuration: all defaults hold"
    return settings, [ok(f'"{BLOCK}" block', f"valid, {named}; the stop's policy is {settings.stop.policy}")]


def _data(case: Case, prices: dict[str, float]) -> list[Finding]:
    """Look at the data directory; the last closes it holds are added to the prices."""
    defect = candle_files.directory(case)
    if defect is not None:
        return [defect]
    read, found = candle_files.check(case, datetime.now(UTC))
    prices.update({chart.pair: chart.close for chart in read if chart.timeframe == case.timeframe})
    return [*found, *startup_history.check(case, read), *funding_files.check(case, read)]


def _exchange(case: Case, prices: dict[str, float], account: bool | None) -> list[Finding]:
    """Look at the exchange, then at the account, whose money and prices the order minimums go by."""
    markets, found = exchange.check(case)
    known = live.LiveAccount()
    if has_key(case) if account is None else account:
        known = live.check(case, markets)
    return [*found, *known.findings, *minimums.check(case, markets, prices | known.prices, known.wallet)]


def _guarded(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Run one check; what it found before it broke is kept."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except OutriggerError as problem:
        found.append(error(name, str(problem), "mend what it names and run the check again"))
    except Exception as problem:
        logger.debug("check %s broke", name, exc_info=True)
        told = f"could not be checked ({type(problem).__name__}: {problem})"
        found.append(error(name, told, "mend the other findings first; a value may have the wrong type"))
    return found
