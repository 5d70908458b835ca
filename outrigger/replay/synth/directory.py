"""The synthetic market on disk: a Freqtrade data directory with book and metrics archives beside it.

Why: everything downstream (the real `freqtrade`, the replay exchange, readers, training) must not know that
the market is invented, except by its label. Assumes the layout that Freqtrade and Binance's archives use.
A directory that holds candles without a label is refused: it may be real. Weak: an earlier synthetic market
in the same place is replaced file by file, so a reader must wait until the label says complete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

import outrigger
from outrigger.errors import DataError
from outrigger.replay.synth.candles import TIMEFRAME_MINUTES, resample
from outrigger.replay.synth.cascades import BuildUp
from outrigger.replay.synth.instruments import DEFAULT_PAIRS, instrument
from outrigger.replay.synth.manifest import Manifest, PlantedCascade, is_synthetic
from outrigger.replay.synth.market import PairMarket, SyntheticMarket
from outrigger.replay.synth.parameters import MarketParameters
from outrigger.replay.synth.seasonality import MINUTES_PER_DAY

DEFAULT_START: Final = date(2026, 3, 2)
DEFAULT_WARMUP_DAYS: Final = 45
DEFAULT_DEPTH_MINUTES: Final = 5
_OWN_FILES: Final = {"futures": "*.feather", "orderbook": "*-bookDepth-*.csv", "metrics": "*-metrics-*.csv"}

Progress = Callable[[str, int, int], None]


def write_market(
    out: Path,
    days: int,
    seed: int,
    pairs: Sequence[str] = DEFAULT_PAIRS,
    start: date = DEFAULT_START,
    *,
    warmup_days: int = DEFAULT_WARMUP_DAYS,
    depth_minutes: int = DEFAULT_DEPTH_MINUTES,
    parameters: MarketParameters | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Write a synthetic market as a Freqtrade data directory.

    Parameters
    ----------
    out : Path
        Directory to write into; made if absent, replaced if it holds an earlier synthetic market.
    days : int
        Days of one-minute candles, at least 1.
    seed : int
        Same seed and arguments, same candles to the last bit; not negative.
    pairs : sequence of str, optional
        For example `"BTC/USDT:USDT"` or `"BTC"`.
    start : date, optional
        Day of the first one-minute candle (UTC).
    warmup_days : int, optional
        Days before that for which only 5m and coarser candles are written; funding, book and metrics
        cover them too.
    depth_minutes : int, optional
        Minutes between order book snapshots; must divide an hour.
    parameters : MarketParameters, optional
        How the market behaves.
    progress : callable, optional
        Called with (what, done, total) after each pair.

    Returns
    -------
    Manifest
        The label that was written.

    Raises
    ------
    DataError
        If an argument cannot be used or the directory holds data that is not synthetic.
    """
    _check(days, seed, pairs, warmup_days, depth_minutes)
    items = tuple(instrument(name) for name in pairs)
    if len({item.base for item in items}) != len(items):
        raise DataError(f"synthetic pairs {list(pairs)}: one is named twice; name each pair once")
    first = datetime(start.year, start.month, start.day, tzinfo=UTC) - timedelta(days=warmup_days)
    origin = int(first.timestamp()) // 60
    minutes = np.arange(origin, origin + (warmup_days + days) * MINUTES_PER_DAY, dtype=np.int64)
    market = SyntheticMarket(seed, items, minutes, parameters or MarketParameters())
    label = _label(market, first, warmup_days, depth_minutes)
    _prepare(out)
    replace(label, complete=False).write(out)
    for done, pair in enumerate(market.pairs(depth_minutes), start=1):
        _write_pair(out, pair, warmup_days * MINUTES_PER_DAY, minutes, depth_minutes)
        if progress is not None:
            progress(pair.item.pair, done, len(items))
    label.write(out)
    return label


def _check(days: int, seed: int, pairs: Sequence[str], warmup_days: int, depth_minutes: int) -> None:
    if days < 1 or warmup_days < 0:
        raise DataError(f"synthetic market of {days} days after {warmup_days}: ask for at least 1 after 0")
    if seed < 0:
        raise DataError(f"synthetic market seed {seed}: choose a whole number that is not negative")
    if not pairs:
        raise DataError("synthetic market without pairs: name at least one, for example 'BTC/USDT:USDT'")
    if depth_minutes < 1 or 60 % depth_minutes:
        raise DataError(f"order book snapshot every {depth_minutes} minutes: choose a divisor of 60")


def _label(market: SyntheticMarket, first: datetime, warmup_days: int, depth_minutes: int) -> Manifest:
    pair_of = {item.base: item.pair for item in market.items}

    def moment(minute: int) -> str:
        return (first + timedelta(minutes=minute)).isoformat()

    def planted(event: BuildUp) -> PlantedCascade:
        return PlantedCascade(
            pair=pair_of[event.base],
            origin=event.origin,
            side="long_squeeze" if event.side == 1 else "short_squeeze",
            build_up_from=moment(event.start),
            triggered_at=moment(event.trigger),
            extreme_at=moment(event.trigger + event.fall),
            fired=event.size > 0.0,
            size_pct=round(event.size, 6),
            recovery=round(event.recovery, 4),
        )

    return Manifest(
        version=outrigger.__version__,
        seed=market.seed,
        pairs=tuple(pair_of.values()),
        warmup_start=moment(0),
        start=moment(warmup_days * MINUTES_PER_DAY),
        end=moment(market.minutes.size),
        depth_minutes=depth_minutes,
        parameters=market.parameters,
        cascades=tuple(planted(event) for event in market.build_ups),
    )


def _prepare(out: Path) -> None:
    """Make the folders; clear an earlier synthetic market, refuse anything else."""
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: is a file; choose a directory for the synthetic market")
    earlier = is_synthetic(out)
    for folder, pattern in _OWN_FILES.items():
        found = sorted((out / folder).glob(pattern))
        if found and not earlier:
            raise DataError(
                f"{found[0]}: market data that is not labelled synthetic; choose an empty directory for --out"
            )
        for path in found:
            path.unlink()
        (out / folder).mkdir(parents=True, exist_ok=True)


def _write_pair(
    out: Path, pair: PairMarket, warmup_minutes: int, minutes: np.ndarray, depth_minutes: int
) -> None:
    stem, symbol = pair.item.file_stem, pair.item.symbol
    futures = out / "futures"
    for timeframe, length in TIMEFRAME_MINUTES.items():
        candles = pair.candles.iloc[warmup_minutes:] if length == 1 else pair.candles
        _write_feather(futures / f"{stem}-{timeframe}-futures.feather", resample(candles, length))
    _write_feather(futures / f"{stem}-1h-funding_rate.feather", pair.funding)
    _write_feather(futures / f"{stem}-1h-mark.feather", pair.mark)
    midnights = np.datetime_as_string(minutes[::MINUTES_PER_DAY].astype("datetime64[m]"), unit="D")
    for kind, folder, table in (("bookDepth", "orderbook", pair.book), ("metrics", "metrics", pair.metrics)):
        rows = table.num_rows // len(midnights)
        for index, day in enumerate(midnights):
            _write_csv(out / folder / f"{symbol}-{kind}-{day}.csv", table.slice(index * rows, rows))


def _write_feather(path: Path, frame: pd.DataFrame) -> None:
    temporary = path.with_suffix(".tmp")
    # Freqtrade's own choice of compression, so that its files and these are alike.
    frame.reset_index(drop=True).to_feather(temporary, compression="lz4", compression_level=9)
    temporary.replace(path)


def _write_csv(path: Path, table: pa.Table) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as sink:
        sink.write((",".join(table.column_names) + "\n").encode())
        options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
        pyarrow.csv.write_csv(table, sink, options)
    temporary.replace(path)
