"""The futures files of a Freqtrade data directory, read once and moved in time.

Names are Freqtrade's: `futures/BTC_USDT_USDT-1m-futures.feather` and its kin for mark prices, funding
rates and open interest. Only linear contracts (settled in their quote currency) are served. Files are
read when first asked for and stay in memory as arrays, about 48 bytes a candle; the directory is never
written to. A file that contradicts itself is refused, not repaired.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import ipc

from outrigger.errors import DataError
from outrigger.replay.candles import Candles
from outrigger.replay.intervals import LENGTH_MS, open_of

FILE_NAME = re.compile(
    r"(?P<base>\w+)_(?P<quote>[A-Z0-9]+)_(?P<settle>[A-Z0-9]+)-(?P<interval>\d+(?:m|h|d|w|Mo))"
    r"-(?P<kind>futures|mark|index|funding_rate|open_interest)\.feather"
)
POOL = pa.system_memory_pool()
OHLCV = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Contract:
    """A perpetual contract found in a data directory.

    Parameters
    ----------
    base, quote : str
        Currency codes; the quote currency is also the margin.
    files : dict of (kind, interval) to Path
        The contract's files.
    """

    base: str
    quote: str
    files: dict[tuple[str, str], Path] = field(repr=False)

    @property
    def symbol(self) -> str:
        """The exchange's name, such as BTCUSDT."""
        return self.base + self.quote

    @property
    def pair(self) -> str:
        """Freqtrade's name, such as BTC/USDT:USDT."""
        return f"{self.base}/{self.quote}:{self.quote}"

    def intervals(self, kind: str) -> list[str]:
        """Intervals for which there is a file of this kind, finest first."""
        found = [interval for k, interval in self.files if k == kind]
        return sorted(found, key=LENGTH_MS.__getitem__)


@dataclass(frozen=True, slots=True)
class Readings:
    """Values published at instants, such as funding rates or open interest.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Milliseconds since the epoch, ascending.
    values : ndarray of float64, shape (n, k)
        One row an instant.
    """

    times: NDArray[np.int64]
    values: NDArray[np.float64]


def _find_contracts(datadir: Path) -> dict[str, Contract]:
    found: dict[str, Contract] = {}
    for path in sorted((datadir / "futures").glob("*.feather")):
        name = FILE_NAME.fullmatch(path.name)
        if name is None or name["settle"] != name["quote"]:
            continue
        interval = name["interval"].replace("Mo", "M")
        if interval in LENGTH_MS:
            contract = found.setdefault(
                name["base"] + name["quote"], Contract(name["base"], name["quote"], {})
            )
            contract.files[name["kind"], interval] = path
    return {symbol: contract for symbol, contract in found.items() if contract.intervals("futures")}


def find_contracts(datadir: Path) -> dict[str, Contract]:
    """Contracts with candles in a Freqtrade data directory.

    Parameters
    ----------
    datadir : Path
        The directory that holds `futures/`, as Freqtrade's `--datadir` takes it.

    Returns
    -------
    dict of str to Contract
        By the exchange's symbol, in the order of file names.

    Raises
    ------
    DataError
        When there is no such directory, or nothing in it that can be served.
    """
    if not datadir.is_dir():
        raise DataError(
            f"no data directory at {datadir}: give the directory that holds the futures folder, as for "
            "freqtrade's --datadir"
        )
    contracts = _find_contracts(datadir)
    if not contracts:
        hint = "give its parent" if datadir.name == "futures" else "fill it with `freqtrade download-data`"
        raise DataError(
            f"no futures candles in {datadir}: looked for futures/<BASE>_<QUOTE>_<QUOTE>-<timeframe>"
            f"-futures.feather, such as futures/BTC_USDT_USDT-1m-futures.feather; {hint}, or convert other "
            "formats with `freqtrade convert-data --format-to feather`"
        )
    return contracts


def _read(path: Path, columns: Sequence[str]) -> Readings:
    try:
        # Arrow's own pool would keep what it has once lent for unpacking; the system's takes it back.
        with pa.memory_map(str(path)) as mapped:
            table = ipc.open_file(mapped, memory_pool=POOL).read_all()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"cannot read {path}: {error}; download the file again") from error
    if "funding_rate" in columns and "funding_rate" not in table.column_names:
        # Before 2026 Freqtrade kept the rate in the open of a candle.
        table = table.rename_columns({"open": "funding_rate"} if "open" in table.column_names else {})
    absent = [name for name in ("date", *columns) if name not in table.column_names]
    if absent:
        raise DataError(f"{path} lacks the columns {', '.join(absent)}: it holds {table.column_names}")
    times = table.column("date").to_numpy().astype("datetime64[ms]").astype(np.int64)
    values = np.column_stack([table.column(name).to_numpy().astype(np.float64) for name in columns])
    if not len(times):
        raise DataError(f"{path} has no rows: download the file again or remove it")
    if np.any(np.diff(times) <= 0):
        row = int(np.argmax(np.diff(times) <= 0)) + 1
        raise DataError(f"{path}: row {row} is not later than the one before; download the file again")
    return Readings(times, values)


class MarketFiles:
    """Market data of one directory, every timestamp moved by the same amount.

    Parameters
    ----------
    datadir : Path
        A Freqtrade data directory.
    shift_ms : int
        Added to every timestamp, milliseconds.

    Raises
    ------
    DataError
        When the directory holds nothing that can be served.
    """

    def __init__(self, datadir: Path, shift_ms: int = 0) -> None:
        self.datadir = datadir
        self.shift_ms = shift_ms
        self.contracts = find_contracts(datadir)
        self._known: dict[Path, Readings] = {}

    def _readings(self, path: Path, columns: Sequence[str]) -> Readings:
        if path not in self._known:
            found = _read(path, columns)
            self._known[path] = Readings(found.times + self.shift_ms, found.values)
        return self._known[path]

    def candles(self, symbol: str, kind: str, interval: str) -> Candles | None:
        """Read recorded candles, or None where there is no usable file.

        Parameters
        ----------
        symbol : str
            The exchange's symbol.
        kind : str
            `"futures"`, `"mark"` or `"index"`.
        interval : str
            Name of the interval.

        Returns
        -------
        Candles or None
            None also when the shift has moved the file off the interval's grid, as it can for weeks.

        Raises
        ------
        DataError
            When the file cannot be read, has no rows, prices that are not finite or times out of order.
        """
        path = self.contracts[symbol].files.get((kind, interval))
        if path is None:
            return None
        found = self._readings(path, OHLCV)
        if not np.isfinite(found.values).all():
            row = int(np.argmin(np.isfinite(found.values).all(axis=1)))
            raise DataError(f"{path}: row {row} holds a value that is not a number; download the file again")
        first = int(found.times[0])
        return Candles(found.times, found.values) if open_of(first, interval) == first else None

    def readings(self, symbol: str, kind: str, columns: Sequence[str]) -> Readings | None:
        """Read recorded funding rates or open interest of the finest file, or None where there is none.

        Parameters
        ----------
        symbol : str
            The exchange's symbol.
        kind : str
            `"funding_rate"` or `"open_interest"`.
        columns : sequence of str
            The value columns, in the order wanted.

        Returns
        -------
        Readings or None
            All rows, as recorded.
        """
        contract = self.contracts[symbol]
        intervals = contract.intervals(kind)
        return self._readings(contract.files[kind, intervals[0]], columns) if intervals else None
