"""The case at hand: configuration, strategy, settings and data directory, loaded once for all checks.

Configuration files are merged and overridden by environment variables exactly as Freqtrade does it, but
without its side effects: no directory is made, no log is set up, no exchange is asked. The strategy is
loaded with Freqtrade's resolver, because only then do overrides show that come from the configuration, a
parameter file or a subclass; its module is executed in doing so, as Freqtrade would.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqtrade.configuration import TimeRange
from freqtrade.configuration.environment_vars import environment_vars_to_dict
from freqtrade.configuration.load_config import load_from_files
from freqtrade.constants import DEFAULT_DB_DRYRUN_URL, DEFAULT_DB_PROD_URL
from freqtrade.misc import deep_merge_dicts

from outrigger.settings.read import Settings

REGULAR_EXPRESSION = frozenset("*?[]()|^\\+{}")


@dataclass(frozen=True, slots=True)
class Case:
    """What the checks look at.

    Parameters
    ----------
    config : dict
        Freqtrade's configuration, merged, with the environment on top.
    files : tuple of Path
        Every configuration file that went into it.
    timeframe : str
        Base timeframe.
    settings : Settings or None
        The `"outrigger"` block; None where it cannot be used.
    strategy : IStrategy or None
        With all overrides applied; None where it cannot be loaded.
    datadir : Path
        Freqtrade's data directory.
    datadir_named : bool
        Whether the trader named it; Freqtrade's default otherwise, which need not exist.
    timerange : TimeRange
        Unbounded where none is given.
    """

    config: dict[str, Any]
    files: tuple[Path, ...]
    timeframe: str
    settings: Settings | None
    strategy: Any
    datadir: Path
    datadir_named: bool
    timerange: TimeRange

    @property
    def whitelist(self) -> tuple[str, ...]:
        """Pairs as the configuration writes them."""
        exchange = self.config.get("exchange")
        pairs = exchange.get("pair_whitelist") if isinstance(exchange, dict) else None
        return tuple(pair for pair in pairs if isinstance(pair, str)) if isinstance(pairs, list) else ()

    @property
    def pairs(self) -> tuple[str, ...]:
        """Pairs that are named, each once; regular expressions are left out."""
        return tuple(
            dict.fromkeys(pair for pair in self.whitelist if not REGULAR_EXPRESSION.intersection(pair))
        )

    @property
    def exchange(self) -> str:
        """Name of the exchange as ccxt knows it."""
        exchange = self.config.get("exchange")
        return str(exchange.get("name", "")).lower() if isinstance(exchange, dict) else ""

    @property
    def live(self) -> bool:
        """Whether orders would be real."""
        return self.config.get("dry_run") is False


def read_config(files: list[Path]) -> dict[str, Any]:
    """Read and merge configuration files as Freqtrade does.

    Parameters
    ----------
    files : list of Path
        In Freqtrade's order: later ones win.

    Returns
    -------
    dict
        With environment variables on top and `config_files` naming every file that was read.

    Raises
    ------
    OperationalException
        If a file is missing or no JSON.
    OSError, ValueError
        If a file cannot be opened or is no text.
    """
    merged: dict[str, Any] = load_from_files([str(file) for file in files])
    deep_merge_dicts(environment_vars_to_dict(), merged)
    return merged


def prepared(config: dict[str, Any]) -> dict[str, Any]:
    """Copy a configuration and add what Freqtrade's loaders take for granted."""
    copy = deepcopy(config)
    copy.setdefault("internals", {})
    named = config.get("user_data_dir")
    copy["user_data_dir"] = Path(named) if named and isinstance(named, str) else Path.cwd() / "user_data"
    return copy


def database_of(config: dict[str, Any]) -> str:
    """Address of the trades' database as a bot would settle on it, without `--db-url`."""
    named = config.get("db_url")
    if config.get("dry_run"):
        return DEFAULT_DB_DRYRUN_URL if named in (None, DEFAULT_DB_PROD_URL) else str(named)
    return str(named or DEFAULT_DB_PROD_URL)


def data_directory(config: dict[str, Any], named: Path | None) -> tuple[Path, bool]:
    """Find the data directory that Freqtrade would read, and whether the trader named it."""
    chosen = named or config.get("datadir")
    if chosen:
        return Path(str(chosen)), True
    exchange = config.get("exchange")
    name = str(exchange.get("name", "")).lower() if isinstance(exchange, dict) else ""
    return Path(prepared(config)["user_data_dir"]) / "data" / name, False
