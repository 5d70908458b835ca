"""What makes perpetual futures candles look like perpetual futures candles, in numbers.

Why: a synthetic market is only worth testing on if it is wrong in known ways; these facts (Cont 2001, and
funding and depth beside them) are computed the same way for real and synthetic directories. Assumes
Freqtrade feather files without gaps, funding events every eight hours, and depth either in Binance's
bookDepth archives or in feather tables of readings within ±1 %. Weak: tail and long-lag estimates from a few
weeks are noisy; compare means over pairs, not single pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from outrigger.errors import DataError
from outrigger.replay.synth.randomness import Floats

TAIL_SHARE: Final = 0.02
MISSING: Final = math.nan


@dataclass(frozen=True, slots=True)
class StylisedFacts:
    """Stylised facts of one pair; NaN where a directory does not hold what a fact needs.

    Parameters
    ----------
    hill_1m, hill_5m, hill_1h : float
        Hill tail index of absolute log returns, from the largest 2 %.
    clustering_5m_1, clustering_5m_12, clustering_5m_48, clustering_5m_288 : float
        Autocorrelation of absolute 5m returns, by lag in candles.
    clustering_1h_1, clustering_1h_6, clustering_1h_24 : float
        The same of 1h returns.
    correlation_5m, correlation_1h : float
        Mean correlation of returns with the other pairs'.
    daily_volatility, daily_dispersion : float
        Median of daily realised volatility (5m returns, fraction of price); standard deviation of its log.
    weekend, afternoon, morning : float
        Mean absolute 5m return at weekends over weekdays; of 13-17 h and of 3-9 h UTC over the whole day.
    range_over_move, parkinson_ratio : float
        1m candles: mean range over mean absolute body; Parkinson's over the close-to-close volatility.
    volume_range : float
        1m candles: correlation of log volume and log range.
    return_1m : float
        Lag-one autocorrelation of 1m returns.
    funding_mean, funding_sd, funding_persistence, funding_negative : float
        Per eight hours: mean, standard deviation, autocorrelation by one event, share below zero.
    depth_sd, depth_persistence, imbalance_sd : float
        Every eight hours: standard deviation of log ±1 % depth over its trailing 30-day median, its lag-one
        autocorrelation, and standard deviation of log bids over asks.
    """

    hill_1m: float
    hill_5m: float
    hill_1h: float
    clustering_5m_1: float
    clustering_5m_12: float
    clustering_5m_48: float
    clustering_5m_288: float
    clustering_1h_1: float
    clustering_1h_6: float
    clustering_1h_24: float
    correlation_5m: float
    correlation_1h: float
    daily_volatility: float
    daily_dispersion: float
    weekend: float
    afternoon: float
    morning: float
    range_over_move: float
    parkinson_ratio: float
    volume_range: float
    return_1m: float
    funding_mean: float
    funding_sd: float
    funding_persistence: float
    funding_negative: float
    depth_sd: float
    depth_persistence: float
    imbalance_sd: float


def hill_index(returns: Floats, share: float = TAIL_SHARE) -> float:
    """Tail index of absolute returns (Hill 1975).

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Log returns.
    share : float, optional
        Share of the largest absolute returns that count as the tail.

    Returns
    -------
    float
        One over the mean log excess over the threshold; about 3 in most markets.
    """
    size = np.sort(np.abs(returns))[::-1]
    tail = int(size.size * share)
    if tail < 2 or size[tail] <= 0.0:
        return MISSING
    return float(1.0 / np.mean(np.log(size[:tail] / size[tail])))


def autocorrelation(values: Floats, lag: int) -> float:
    """Autocorrelation of a series at one lag.

    Parameters
    ----------
    values : ndarray of shape (n,)
        The series.
    lag : int
        Steps, at least 1.

    Returns
    -------
    float
        Mean product of deviations over the variance; NaN if the series is too short or constant.
    """
    if values.size <= lag + 2 or values.std() == 0.0:
        return MISSING
    deviation = values - values.mean()
    return float(np.mean(deviation[lag:] * deviation[:-lag]) / np.mean(deviation**2))


def _read(directory: Path, stem: str, timeframe: str) -> pd.DataFrame | None:
    path = directory / "futures" / f"{stem}-{timeframe}.feather"
    return pd.read_feather(path).set_index("date") if path.is_file() else None


def _log(prices: pd.Series) -> pd.Series:
    """Natural logarithm with the index kept."""
    return pd.Series(np.log(prices.to_numpy(dtype=np.float64)), index=prices.index)


def _log_returns(candles: pd.DataFrame | None) -> pd.Series:
    if candles is None:
        return pd.Series(dtype=np.float64)
    return _log(candles["close"]).diff().dropna()


def _minute_facts(minute: pd.DataFrame | None) -> dict[str, float]:
    if minute is None:
        return dict.fromkeys(
            ("hill_1m", "range_over_move", "parkinson_ratio", "volume_range", "return_1m"), MISSING
        )
    returns = _log_returns(minute).to_numpy()
    spread = _log(minute["high"] / minute["low"]).to_numpy()
    body = _log(minute["close"] / minute["open"]).abs().to_numpy()
    traded = (spread > 0.0) & (minute["volume"].to_numpy() > 0.0)
    volume = np.log(minute["volume"].to_numpy()[traded])
    parkinson = np.sqrt(np.mean(spread**2) / (4.0 * math.log(2.0)))
    return {
        "hill_1m": hill_index(returns),
        "range_over_move": float(spread.mean() / body.mean()),
        "parkinson_ratio": float(parkinson / np.sqrt(np.mean(returns**2))),
        "volume_range": float(np.corrcoef(volume, np.log(spread[traded]))[0, 1]),
        "return_1m": autocorrelation(returns, 1),
    }


def _calendar_facts(returns: pd.Series) -> dict[str, float]:
    size = returns.abs()
    dates = pd.DatetimeIndex(returns.index)
    hour, weekend = dates.hour, dates.day_of_week >= 5
    variance = (returns**2).resample("1D").sum()
    daily = np.sqrt(variance[variance > 0.0])
    return {
        "daily_volatility": float(daily.median()),
        "daily_dispersion": float(np.log(daily).std()),
        "weekend": float(size[weekend].mean() / size[~weekend].mean()),
        "afternoon": float(size[(hour >= 13) & (hour < 17)].mean() / size.mean()),
        "morning": float(size[(hour >= 3) & (hour < 9)].mean() / size.mean()),
    }


def _clustering(returns: Floats, name: str, lags: tuple[int, ...]) -> dict[str, float]:
    return {f"clustering_{name}_{lag}": autocorrelation(np.abs(returns), lag) for lag in lags}


def _funding_facts(events: pd.DataFrame | None) -> dict[str, float]:
    if events is None:
        return dict.fromkeys(
            ("funding_mean", "funding_sd", "funding_persistence", "funding_negative"), MISSING
        )
    rate = events["funding_rate"].to_numpy(dtype=np.float64)
    return {
        "funding_mean": float(rate.mean()),
        "funding_sd": float(rate.std()),
        "funding_persistence": autocorrelation(rate, 1),
        "funding_negative": float(np.mean(rate < 0.0)),
    }


def read_depth(directory: Path, base: str) -> pd.DataFrame | None:
    """Read one pair's depth within ±1 % of the mid, in either of two layouts.

    Parameters
    ----------
    directory : Path
        Holds `{base}USDT-bookDepth-*.csv` archives, or `{base}-perp-depth1pct-8h.feather`.
    base : str
        Base currency.

    Returns
    -------
    DataFrame or None
        `bids_usd`, `asks_usd` by time (UTC); None where there is neither.
    """
    table = directory / f"{base}-perp-depth1pct-8h.feather"
    if table.is_file():
        return pd.read_feather(table).set_index("date")[["bids_usd", "asks_usd"]]
    archives = sorted(directory.glob(f"{base}USDT-bookDepth-*.csv"))
    if not archives:
        return None
    rows = pd.concat([pd.read_csv(path) for path in archives], ignore_index=True)
    near = rows[rows["percentage"].abs() == 1.0].assign(
        date=lambda f: pd.to_datetime(f["timestamp"], utc=True)
    )
    wide = near.pivot_table(index="date", columns="percentage", values="notional")
    return wide.rename(columns={-1.0: "bids_usd", 1.0: "asks_usd"})


def _depth_facts(depth: pd.DataFrame | None) -> dict[str, float]:
    if depth is None:
        return dict.fromkeys(("depth_sd", "depth_persistence", "imbalance_sd"), MISSING)
    every = depth.resample("8h").first().dropna()
    both = _log(every["bids_usd"] + every["asks_usd"])
    relative = (both - both.rolling("30D", min_periods=20).median()).dropna()
    return {
        "depth_sd": float(relative.std()),
        "depth_persistence": autocorrelation(relative.to_numpy(), 1),
        "imbalance_sd": float(np.log(every["bids_usd"] / every["asks_usd"]).std()),
    }


def _mean_correlations(returns: dict[str, pd.Series]) -> dict[str, float]:
    matrix = pd.DataFrame(returns).corr()
    others = len(matrix) - 1
    return {str(name): float((matrix[name].sum() - 1.0) / others) if others else MISSING for name in matrix}


def stylised_facts(directory: Path, depth: Path | None = None) -> dict[str, StylisedFacts]:
    """Compute the stylised facts of every pair of a data directory.

    Parameters
    ----------
    directory : Path
        Freqtrade data directory with a `futures` folder that holds at least 5m and 1h candles.
    depth : Path, optional
        Directory of depth files; `orderbook` inside `directory` unless given.

    Returns
    -------
    dict of str to StylisedFacts
        By base currency, sorted.

    Raises
    ------
    DataError
        If the directory holds no 5m candles.
    """
    stems = sorted(
        path.name.removesuffix("-5m-futures.feather")
        for path in (directory / "futures").glob("*-5m-futures.feather")
    )
    if not stems:
        raise DataError(f"{directory}: no futures/*-5m-futures.feather; pass a Freqtrade data directory")
    five = {stem: _log_returns(_read(directory, stem, "5m-futures")) for stem in stems}
    hour = {stem: _log_returns(_read(directory, stem, "1h-futures")) for stem in stems}
    correlation_5m, correlation_1h = _mean_correlations(five), _mean_correlations(hour)
    facts: dict[str, StylisedFacts] = {}
    for stem in stems:
        base = stem.split("_")[0]
        r5, r60 = five[stem].to_numpy(), hour[stem].to_numpy()
        facts[base] = StylisedFacts(
            hill_5m=hill_index(r5),
            hill_1h=hill_index(r60),
            correlation_5m=correlation_5m[stem],
            correlation_1h=correlation_1h[stem],
            **_minute_facts(_read(directory, stem, "1m-futures")),
            **_clustering(r5, "5m", (1, 12, 48, 288)),
            **_clustering(r60, "1h", (1, 6, 24)),
            **_calendar_facts(five[stem]),
            **_funding_facts(_read(directory, stem, "1h-funding_rate")),
            **_depth_facts(read_depth(depth or directory / "orderbook", base)),
        )
    return facts
