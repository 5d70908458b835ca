"""Reads the arguments of `outrigger explain-stop`: settings, side, prices, trade."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from outrigger.commands.explain_stop import TradeAsked
from outrigger.errors import DataError, SettingsError
from outrigger.market.moment import to_ms
from outrigger.review.backtest_export import read_export
from outrigger.settings.configured import block_of
from outrigger.settings.read import Settings, with_values

# Which settings `--width` and `--activation` stand for under each policy.
WIDTH = {"trailing": "trailing_width", "fixed": "fixed_distance"}
ACTIVATION = {"trailing": "trailing_activation", "volatility": "activation"}


def stop_settings(
    config: Path | None, policy: str | None, width: float | None, activation: float | None
) -> Settings:
    """Settings of a configuration, with single values of the stop replaced.

    Parameters
    ----------
    config : Path or None
        A Freqtrade configuration; None takes `config.json` where there is one, else the defaults.
    policy : str or None
        Replaces the policy.
    width, activation : float or None
        Replace the policy's width and activation, fractions of price.

    Returns
    -------
    Settings
        Checked.

    Raises
    ------
    SettingsError
        If a value cannot be used, or the policy has no such value.
    """
    settings = block_of(config)
    changed: dict[str, Any] = {} if policy is None else {"policy": policy}
    name = policy or settings.stop.policy
    for value, option, keys in ((width, "--width", WIDTH), (activation, "--activation", ACTIVATION)):
        if value is not None and name not in keys:
            raise SettingsError(f"policy {name} has no {option}: it knows {', '.join(keys)}")
        if value is not None:
            changed[keys[name]] = value
    return with_values(settings, {"stop": changed}) if changed else settings


def refuse_mixture(path: str | None, data: Path | None, export: Path | None) -> None:
    """Refuse sources that contradict each other, instead of leaving one of them out.

    Parameters
    ----------
    path : str or None
        Prices.
    data : Path or None
        Freqtrade data directory.
    export : Path or None
        Backtest result.

    Raises
    ------
    DataError
        If prices and candles are both given, or a result without the candles it was made on.
    """
    if path is not None and data is not None:
        raise DataError("--path and --data exclude each other: give prices or recorded candles")
    if export is not None and data is None:
        raise DataError("--export names a trade, its candles are missing: add --data DIR")


def side_of(name: str) -> int:
    """Read a side.

    Parameters
    ----------
    name : str
        `"long"` or `"short"`.

    Returns
    -------
    int
        +1 or -1.

    Raises
    ------
    SettingsError
        If it is neither.
    """
    sides = {"long": 1, "short": -1}
    if name not in sides:
        raise SettingsError(f"--side is {name!r}: say long or short")
    return sides[name]


def prices_of(text: str | None) -> list[float]:
    """Read comma-separated prices.

    Parameters
    ----------
    text : str or None
        Such as `"40000,42000,41000"`.

    Returns
    -------
    list of float
        At least one.

    Raises
    ------
    DataError
        If there is none, or one is not a positive number.
    """
    if text is None:
        raise DataError("nothing to explain: give prices with --path, or recorded candles with --data")
    try:
        prices = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise DataError(f"--path {text!r} cannot be read: write prices like 40000,42000,41000") from error
    if not all(0 < price < float("inf") for price in prices):
        raise DataError(f"--path {text!r} holds a price that is not a positive number")
    return prices


def trade_by_hand(
    data: Path, pair: str, timeframe: str, side: str, opened: datetime | None, entry: float | None
) -> TradeAsked:
    """Describe a trade by its pair, side and time.

    Parameters
    ----------
    data : Path
        Freqtrade data directory.
    pair, timeframe, side : str
        As on the command line.
    opened : datetime or None
        Time of the fill.
    entry : float or None
        Fill price.

    Returns
    -------
    TradeAsked
        To be explained.

    Raises
    ------
    DataError
        If the time is missing.
    """
    if opened is None:
        raise DataError("say when the trade was filled: --opened '2025-05-10 12:00'")
    return TradeAsked(data, pair, timeframe, side_of(side), to_ms(opened), entry)


def trade_of_export(data: Path, export: Path, number: int) -> TradeAsked:
    """Take a trade out of a Freqtrade backtest result.

    Parameters
    ----------
    data : Path
        Freqtrade data directory.
    export : Path
        The result: zip, JSON or the results directory.
    number : int
        Which trade of its first strategy, counted from 1 in the order of exits.

    Returns
    -------
    TradeAsked
        To be explained.

    Raises
    ------
    DataError
        If the result cannot be read or has fewer trades.
    """
    result = read_export(export)[0]
    if not 1 <= number <= len(result.trades):
        raise DataError(f"{export} holds {len(result.trades)} trades: there is no number {number}")
    trade = result.trades[number - 1]
    moments = (trade.opened_ms, trade.open_rate, trade.closed_ms)
    return TradeAsked(data, trade.pair, result.timeframe, trade.side, *moments)


def require_entry(entry: float | None) -> float:
    """Entry price of a path.

    Parameters
    ----------
    entry : float or None
        As on the command line.

    Returns
    -------
    float
        The price.

    Raises
    ------
    DataError
        If it was not given.
    """
    if entry is None:
        raise DataError("give the entry price: --entry 40000")
    return entry
