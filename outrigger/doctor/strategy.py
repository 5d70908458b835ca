"""Loads the strategy as Freqtrade does and says why where it cannot.

Freqtrade reports a strategy that fails to import with a log line and "does not exist or contains Python
code errors"; the log line is the reason, so it is caught here and becomes part of the finding.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from freqtrade.exceptions import FreqtradeException
from freqtrade.resolvers import StrategyResolver

from outrigger.doctor.case import prepared
from outrigger.doctor.finding import Finding, error, ok


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def freqtrade_muted() -> Iterator[list[str]]:
    """Keep Freqtrade's log off the terminal; yields its warnings as they come in."""
    logger, collector = logging.getLogger("freqtrade"), _Collector()
    before = logger.propagate
    logger.addHandler(collector)
    logger.propagate = False
    try:
        yield collector.messages
    finally:
        logger.propagate = before
        logger.removeHandler(collector)


def load(config: dict[str, Any]) -> tuple[Any, Finding]:
    """Load the configured strategy.

    Parameters
    ----------
    config : dict
        Merged configuration; left as it is.

    Returns
    -------
    tuple of (IStrategy or None, Finding)
        The strategy with all overrides applied, or None and why not.
    """
    name = config.get("strategy")
    if not name or not isinstance(name, str):
        return None, error(
            "strategy",
            "no strategy is configured",
            'add "strategy": "Outrigger" and "strategy_path": "strategies" to the configuration',
        )
    with freqtrade_muted() as warnings:
        try:
            strategy = StrategyResolver.load_strategy(prepared(config))
        except FreqtradeException as problem:
            return None, _refusal(name, str(problem), warnings, config)
        except Exception as problem:  # a strategy's own code may raise anything
            return None, _refusal(name, f"{type(problem).__name__}: {problem}", warnings, config)
    return strategy, ok("strategy", f"{name} from {Path(getattr(strategy, '__file__', '?'))}")


def strategy_file(config: dict[str, Any]) -> Path | None:
    """File in which Freqtrade would look for the strategy first, found without importing it.

    Parameters
    ----------
    config : dict
        Merged configuration.

    Returns
    -------
    Path or None
        None where no file of the search path declares the class.
    """
    name = config.get("strategy")
    whole = prepared(config)
    for directory in StrategyResolver.build_search_paths(whole, user_subdir="strategies"):
        for file in sorted(Path(directory).glob("*.py")):
            if f"class {name}(" in file.read_text(encoding="utf-8", errors="replace"):
                return file
    return None


def _refusal(name: str, reason: str, warnings: list[str], config: dict[str, Any]) -> Finding:
    told = "; ".join(dict.fromkeys([*warnings, reason]))
    path = config.get("strategy_path")
    where = f'in "strategy_path" ({path})' if path else 'in user_data/strategies; "strategy_path" is not set'
    return error(
        "strategy",
        f"{name} cannot be loaded: {told}",
        f"look for the class {where}; `freqtrade list-strategies` shows what Freqtrade finds",
    )
