"""Five-minute futures candles out of a Freqtrade data directory, without starting Freqtrade.

Reads the Feather files that `freqtrade download-data` writes by default; other storage formats have to be
converted first (`freqtrade convert-data`).
"""

from __future__ import annotations

from pathlib import Path

from outrigger.market.candles import read_candles
from outrigger.volatility.grid import CandleGrid

_SUFFIX = "-5m-futures.feather"


def pairs_in(datadir: Path) -> list[str]:
    """List the pairs with 5m futures candles in a Freqtrade data directory.

    Parameters
    ----------
    datadir : Path
        Directory that holds `futures/`.

    Returns
    -------
    list of str
        Names as in file names, such as `BTC_USDT_USDT`.
    """
    return sorted(path.name.removesuffix(_SUFFIX) for path in (datadir / "futures").glob(f"*{_SUFFIX}"))


def load_grid(datadir: Path, pair: str) -> CandleGrid:
    """Read one pair's 5m futures candles.

    Parameters
    ----------
    datadir : Path
        Directory that holds `futures/`.
    pair : str
        `BTC/USDT:USDT` or `BTC_USDT_USDT`.

    Returns
    -------
    CandleGrid

    Raises
    ------
    DataError
        The file is not there or is not one of 5m candles.
    """
    return CandleGrid.from_frame(read_candles(datadir, pair, "5m"))
