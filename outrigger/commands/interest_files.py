"""Open interest that lies in a Freqtrade data directory, as rows of the market store's METRICS table.

Two kinds of files: daily metrics archives in `metrics/`, as the synthetic market writes them, and Freqtrade's
own open-interest candles. Assumes that a candle's reading counts from its close on. Weak: archives of a whole
directory are read at once, a year of one pair in some seconds; the market store is the place for more.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from outrigger.market.archives.metrics import read_metrics
from outrigger.market.candles import candle_path, read_candles
from outrigger.market.features.interest import interest_rows


def interest_in(datadir: Path, pair: str) -> pd.DataFrame | None:
    """Open interest from a data directory: metrics archives before Freqtrade's candles.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    pair : str
        `"BTC/USDT:USDT"`.

    Returns
    -------
    DataFrame or None
        Rows ordered by `known_ms`; None where there is no file.

    Raises
    ------
    DataError
        If an archive cannot be read.
    """
    archived = archived_interest(datadir, pair)
    return archived if archived is not None else freqtrade_interest(datadir, pair)


def archived_interest(datadir: Path, pair: str) -> pd.DataFrame | None:
    """Rows of `metrics/BTCUSDT-metrics-DATE.csv` or `.zip`; None where there are none, see `interest_in`."""
    symbol = pair.partition(":")[0].replace("/", "")
    found = sorted((datadir / "metrics").glob(f"{symbol}-metrics-*.*"))
    days = [read_metrics(path, symbol)[0] for path in found if path.suffix in (".csv", ".zip")]
    if not days:
        return None
    return pd.concat(days).sort_values(["known_ms", "time_ms"], ignore_index=True)


def freqtrade_interest(datadir: Path, pair: str) -> pd.DataFrame | None:
    """Open interest from Freqtrade's own candles, as METRICS rows; None where there are none.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    pair : str
        `"BTC/USDT:USDT"`.

    Returns
    -------
    DataFrame or None
        A reading dated at a candle's open counts from its close on.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    for timeframe in ("5m", "15m", "1h", "4h"):
        if not candle_path(datadir, pair, timeframe, "open_interest").is_file():
            continue
        return interest_rows(read_candles(datadir, pair, timeframe, "open_interest"), timeframe, pair)
    return None
