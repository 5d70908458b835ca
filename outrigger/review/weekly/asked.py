"""What a trader asked to be reviewed, completed from the configuration: beside it, nothing has to be said.

The database is Freqtrade's `db_url`, or what it takes where none is configured; candles are where Freqtrade
keeps them. What is given on the command line wins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any

from outrigger.errors import SettingsError
from outrigger.market.moment import from_ms
from outrigger.market.store.store import MarketStore
from outrigger.review.backtest_export import BacktestResult, read_export
from outrigger.review.database import read_database
from outrigger.review.trade_list import read_trade_list
from outrigger.review.weekly.account import DATABASE, Account, of_backtest, of_database
from outrigger.review.weekly.review import Place
from outrigger.settings.configured import DEFAULT, read_config
from outrigger.settings.read import Settings

USER_DATA = Path("user_data")
# What Freqtrade takes where `db_url` is not configured.
DRY, LIVE = "sqlite:///tradesv3.dryrun.sqlite", "sqlite:///tradesv3.sqlite"
# A whitelist may hold regular expressions, and a dynamic one is empty: then the pairs traded have to do.
PAIR = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9]+(:[A-Za-z0-9]+)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """Arguments of the command; None for what was not said.

    Parameters
    ----------
    config : tuple of Path
        Freqtrade configurations, a later one winning; `config.json`, where there is one, if none is named.
    db : str, optional
        Path or SQLAlchemy URL of a Freqtrade database.
    export : Path, optional
        Backtest export, instead of a database.
    trades : Path, optional
        CSV file of trades, instead of both.
    strategy : str, optional
        Class whose trades are wanted.
    datadir, user_data, bundle : Path, optional
        Candles; Freqtrade's working directory; a regime bundle to ask.
    balance : float, optional
        Account value at the start.
    """

    config: tuple[Path, ...] = ()
    db: str | None = None
    export: Path | None = None
    trades: Path | None = None
    strategy: str | None = None
    datadir: Path | None = None
    user_data: Path | None = None
    bundle: Path | None = None
    balance: float | None = None

    def configuration(self) -> dict[str, Any]:
        """Read the configuration; empty where none is named and none lies here."""
        files = self.config or ((DEFAULT,) if DEFAULT.is_file() else ())
        merged: dict[str, Any] = {}
        for file in files:
            merged = _merged(merged, _whole(file))
        return merged


def _whole(file: Path) -> dict[str, Any]:
    """A configuration with the files that it adds, which win over it as they do in Freqtrade."""
    read = read_config(file)
    for name in read.pop("add_config_files", None) or ():
        read = _merged(read, _whole(file.parent / str(name)))
    return read


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {**base, **over}
    for key in base.keys() & over.keys():
        if isinstance(base[key], Mapping) and isinstance(over[key], Mapping):
            both[key] = _merged(base[key], over[key])
    return both


def account_of(asked: Asked, config: Mapping[str, Any], now_ms: int) -> Account:
    """Read the account.

    Parameters
    ----------
    asked : Asked
        What was said.
    config : mapping
        Freqtrade's configuration.
    now_ms : int
        The present.

    Returns
    -------
    Account

    Raises
    ------
    SettingsError
        If more than one account is named.
    DataError
        If what is named cannot be read.
    """
    if sum(one is not None for one in (asked.db, asked.export, asked.trades)) > 1:
        raise SettingsError("--db, --export and --trades name several accounts: review one at a time")
    if asked.export is not None:
        return of_backtest(_exported(asked.export, asked.strategy), str(asked.export))
    dry = bool(config.get("dry_run", True))
    wallet = config.get("dry_run_wallet") if dry else None
    start = asked.balance if asked.balance is not None else _amount(wallet, config.get("stake_currency"))
    timeframe, currency = str(config.get("timeframe") or "5m"), str(config.get("stake_currency") or "")
    if asked.trades is not None:
        journal = read_trade_list(asked.trades, nan if start is None else start, timeframe, currency)
        return of_backtest(journal, str(asked.trades))
    address = asked.db or config.get("db_url") or (DRY if dry else LIVE)
    found = read_database(str(address), now_ms, asked.strategy or config.get("strategy"))
    listed = (config.get("exchange") or {}).get("pair_whitelist") or ()
    named = [pair for pair in listed if PAIR.fullmatch(pair)]
    pairs = tuple(named or dict.fromkeys(trade.pair for trade in found.trades))
    return of_database(found, now_ms, pairs, timeframe, currency, start)


def _exported(path: Path, strategy: str | None) -> BacktestResult:
    """The one backtest of an export that is meant."""
    results = read_export(path)
    wanted = [one for one in results if strategy in {None, one.strategy}]
    if len(wanted) != 1:
        names = ", ".join(one.strategy for one in results)
        raise SettingsError(f"{path} holds backtests of {names}: name one of them with --strategy")
    return wanted[0]


def place_of(asked: Asked, config: Mapping[str, Any], settings: Settings) -> Place:
    """Say where candles and files are.

    Parameters
    ----------
    asked : Asked
        What was said.
    config : mapping
        Freqtrade's configuration.
    settings : Settings
        Its `"outrigger"` block.

    Returns
    -------
    Place
        With a bundle only where one is named or the classifier is switched on.
    """
    user_data = user_data_of(asked, config)
    exchange = str((config.get("exchange") or {}).get("name") or "binance")
    named = asked.datadir or (Path(config["datadir"]) if config.get("datadir") else None)
    datadir = named or user_data / "data" / exchange
    bundle = asked.bundle or (Path(settings.regime.bundle) if settings.regime.enabled else None)
    recorded = user_data / "outrigger" / "market"
    return Place(
        datadir=datadir,
        user_data=user_data,
        strategies=Path(config.get("strategy_path") or user_data / "strategies"),
        bundle=bundle,
        store=MarketStore(recorded, settings.market.source or exchange) if recorded.is_dir() else None,
    )


def user_data_of(asked: Asked, config: Mapping[str, Any]) -> Path:
    """Freqtrade's working directory."""
    return asked.user_data or Path(config.get("user_data_dir") or USER_DATA)


def watched(account: Account, user_data: Path) -> bool:
    """Whether a running bot watches over a classifier there; a backtest has no bot."""
    return account.kind == DATABASE and drift_path(user_data).is_file()


def drift_path(user_data: Path) -> Path:
    """Where a bot keeps its watch over the classifier."""
    return user_data / "outrigger" / "drift.json"


def page_path(user_data: Path, name: str, as_of_ms: int) -> Path:
    """Where a review's page is kept unless said."""
    dated = f"{from_ms(as_of_ms):%Y-%m-%d}" if name == "last 7 days" else name
    return user_data / "outrigger" / "reviews" / f"review-{dated}.html"


def _amount(wallet: Any, currency: Any) -> float | None:
    """Freqtrade's dry wallet: a number, or amounts by currency."""
    amount = wallet.get(currency) if isinstance(wallet, Mapping) else wallet
    return float(amount) if isinstance(amount, int | float) and not isinstance(amount, bool) else None
