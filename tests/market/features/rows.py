"""Rows of the store for tests, made by hand or drawn at random."""

import numpy as np
import pandas as pd

from outrigger.market.store.schema import BANDS, BOOK, METRICS, band_name

START = 1_735_689_600_000  # 2025-01-01 00:00 UTC
MINUTE = 60_000
HOUR = 3_600_000
DAY = 24 * HOUR


def book(times, known=None, **columns):
    rows = pd.DataFrame(np.nan, index=range(len(times)), columns=list(BOOK.columns))
    for name, values in columns.items():
        rows[name] = np.asarray(values, dtype=float)
    rows["time_ms"] = np.asarray(times, dtype=np.int64)
    rows["known_ms"] = np.asarray(times if known is None else known, dtype=np.int64)
    return rows


def metrics(times, known=None, **columns):
    rows = pd.DataFrame(np.nan, index=range(len(times)), columns=list(METRICS.columns))
    for name, values in columns.items():
        rows[name] = np.asarray(values, dtype=float)
    rows["time_ms"] = np.asarray(times, dtype=np.int64)
    rows["known_ms"] = np.asarray(times if known is None else known, dtype=np.int64)
    return rows


def quote(band, bid, ask):
    return {band_name("bid", band, "quote"): bid, band_name("ask", band, "quote"): ask}


def random_book(seed, count, every_ms=30_000, missing=0.1):
    """Snapshots with a top, all bands, some values missing and some rows known late or out of turn."""
    rng = np.random.default_rng(seed)
    times = START + np.sort(rng.integers(0, count * every_ms, count))
    late = np.where(rng.random(count) < 0.1, rng.integers(0, 5 * every_ms, count), 200)
    mid = 100 * np.exp(np.cumsum(rng.normal(0, 1e-4, count)))
    columns = {
        "best_bid": mid - 0.01,
        "best_ask": mid + 0.01,
        "best_bid_base": rng.uniform(1, 9, count),
        "best_ask_base": rng.uniform(1, 9, count),
    }
    for side in ("bid", "ask"):
        depth = np.cumsum(rng.uniform(1e5, 2e5, (count, len(BANDS))), axis=1)
        columns |= {band_name(side, band, "quote"): depth[:, j] for j, band in enumerate(BANDS)}
    rows = book(times, times + late, **columns)
    values = list(BOOK.values)
    rows[values] = rows[values].mask(rng.random((count, len(values))) < missing)
    return rows.sort_values(["known_ms", "time_ms"], ignore_index=True)


def random_metrics(seed, count, every_ms=300_000, missing=0.1):
    rng = np.random.default_rng(seed)
    times = START + every_ms * np.arange(count)
    rate = np.repeat(rng.normal(0, 1e-4, count // 96 + 1), 96)[:count]
    rows = metrics(
        times,
        times + rng.integers(0, 2 * every_ms, count),
        open_interest_base=1e4 * np.exp(np.cumsum(rng.normal(0, 0.002, count))),
        open_interest_quote=1e6 * np.exp(np.cumsum(rng.normal(0, 0.002, count))),
        funding_rate=rate,
        predicted_funding_rate=rate + rng.normal(0, 1e-5, count),
        next_funding_ms=(times // (8 * HOUR) + 1) * 8 * HOUR,
        **{
            name: np.exp(rng.normal(0, 0.3, count))
            for name in ("top_account_ratio", "top_position_ratio", "account_ratio", "taker_ratio")
        },
    )
    values = list(METRICS.values)
    rows[values] = rows[values].mask(rng.random((count, len(values))) < missing)
    return rows.sort_values(["known_ms", "time_ms"], ignore_index=True)


def same(left, right, *, check_exact=True, **tolerance):
    """Equal to the last bit unless a tolerance is given."""
    pd.testing.assert_frame_equal(left, right, check_exact=check_exact, **tolerance)


def frozen(rows):
    """The same rows in memory that cannot be written to."""
    data = {name: rows[name].to_numpy(copy=True) for name in rows.columns}
    for values in data.values():
        values.setflags(write=False)
    return pd.DataFrame(data, copy=False)
