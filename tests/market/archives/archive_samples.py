"""Archives made by hand: a sound book around a slowly moving mid, and ways to pack it."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pandas as pd

START = pd.Timestamp("2025-03-01", tz="UTC")
BANDS = (0.2, 1.0, 2.0, 3.0, 4.0, 5.0)


def book(count: int = 60, *, bands: tuple[float, ...] = BANDS, step_s: int = 30) -> pd.DataFrame:
    """Lines of a sound archive: mean price of each band lies .45 of the band from the mid."""
    rng = np.random.default_rng(7)
    mid = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.0002, count)))
    lines = []
    for row in range(count):
        stamp = (START + pd.Timedelta(seconds=step_s * row)).strftime("%Y-%m-%d %H:%M:%S")
        for sign in (-1, 1):
            amount = 10.0 * np.cumsum(rng.uniform(0.8, 1.2, len(bands)))
            for band, depth in zip(bands, amount, strict=True):
                price = mid[row] * (1 + sign * 0.45 * band / 100)
                lines.append((stamp, sign * band, round(depth, 6), round(depth * price, 6)))
    return pd.DataFrame(lines, columns=["timestamp", "percentage", "depth", "notional"])


def text(frame: pd.DataFrame, *, header: bool = True, style: str = "{:.2f}") -> bytes:
    out = frame.assign(percentage=[style.format(value) for value in frame["percentage"]])
    return out.to_csv(index=False, header=header).encode()


def zipped(content: bytes, name: str = "file.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def metrics_text(day: str = "2025-03-01", periods: int = 288, symbol: str = "BTCUSDT") -> bytes:
    times = pd.date_range(day, periods=periods, freq="5min") + pd.Timedelta(minutes=5)
    lines = [
        f"{time:%Y-%m-%d %H:%M:%S},{symbol},{1000 + i},{100_000 + 100 * i},1.1,1.2,1.3,0.9"
        for i, time in enumerate(times)
    ]
    header = (
        "create_time,symbol,sum_open_interest,sum_open_interest_value,count_toptrader_long_short_ratio,"
        "sum_toptrader_long_short_ratio,count_long_short_ratio,sum_taker_long_short_vol_ratio"
    )
    return "\n".join([header, *lines, ""]).encode()
