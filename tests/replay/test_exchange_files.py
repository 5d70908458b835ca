"""What is refused of a data directory, and the message that says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.replay.clock import Clock
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from tests.replay.data_directory import START, START_MS, walk, write, write_market

DAY = 86_400_000


def test_files_of_a_missing_directory_are_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no data directory at .*nowhere"):
        MarketFiles(tmp_path / "nowhere")


def test_files_of_an_empty_directory_are_refused_saying_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"futures/BTC_USDT_USDT-1m-futures\.feather; fill it with"):
        MarketFiles(tmp_path)


def test_files_of_the_futures_folder_itself_are_refused_with_a_hint(tmp_path: Path) -> None:
    write_market(tmp_path, days=1, bases=("BTC",))
    with pytest.raises(DataError, match="give its parent"):
        MarketFiles(tmp_path / "futures")


def test_files_without_candles_or_settled_elsewhere_are_not_contracts(tmp_path: Path) -> None:
    write_market(tmp_path, days=1, bases=("BTC",))
    folder = tmp_path / "futures"
    walk(5, 2_000.0, 0).to_feather(folder / "ETH_USD_ETH-1m-futures.feather")
    walk(5, 2_000.0, 0).to_feather(folder / "SOL_USDT_USDT-1h-mark.feather")
    walk(5, 2_000.0, 0).to_feather(folder / "ADA_USDT_USDT-7m-futures.feather")
    assert list(MarketFiles(tmp_path).contracts) == ["BTCUSDT"]
    assert MarketFiles(tmp_path).contracts["BTCUSDT"].pair == "BTC/USDT:USDT"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.iloc[::-1].reset_index(drop=True), "row 1 is not later"),
        (lambda f: f.iloc[:0], "has no rows"),
        (lambda f: f.drop(columns="volume"), "lacks the columns volume"),
        (lambda f: f.assign(close=np.nan), "row 0 holds a value that is not a number"),
    ],
)
def test_files_that_contradict_themselves_are_refused(tmp_path: Path, spoil: object, message: str) -> None:
    write(spoil(walk(10, 100.0, 0)), tmp_path, "BTC", "1m-futures")  # type: ignore[operator]
    with pytest.raises(DataError, match=message):
        MarketFiles(tmp_path).candles("BTCUSDT", "futures", "1m")


def test_files_that_are_not_feather_are_refused(tmp_path: Path) -> None:
    (tmp_path / "futures").mkdir()
    (tmp_path / "futures" / "BTC_USDT_USDT-1m-futures.feather").write_text("not arrow")
    with pytest.raises(DataError, match="cannot read"):
        MarketFiles(tmp_path).candles("BTCUSDT", "futures", "1m")


def test_files_with_legacy_funding_and_other_resolutions_are_read(tmp_path: Path) -> None:
    write(walk(10, 100.0, 0).astype({"date": "datetime64[ns, UTC]"}), tmp_path, "BTC", "1m-futures")
    legacy = walk(3, 100.0, 0).assign(open=[1e-4, 2e-4, 3e-4])
    write(legacy, tmp_path, "BTC", "8h-funding_rate")
    files = MarketFiles(tmp_path, DAY)
    rates = files.readings("BTCUSDT", "funding_rate", ("funding_rate",))
    assert rates is not None
    assert rates.values[:, 0].tolist() == [1e-4, 2e-4, 3e-4]
    assert rates.times[0] == START_MS + DAY
    candles = files.candles("BTCUSDT", "futures", "1m")
    assert candles is not None
    assert candles.times[0] == START_MS + DAY


def test_files_of_weeks_moved_off_monday_are_made_from_finer_ones(tmp_path: Path) -> None:
    days = walk(28, 100.0, 0).assign(date=pd.date_range(START, periods=28, freq="1D", unit="ms"))
    write(days, tmp_path, "BTC", "1d-futures")
    write(days.iloc[::7].reset_index(drop=True), tmp_path, "BTC", "1w-futures")
    assert MarketFiles(tmp_path).candles("BTCUSDT", "futures", "1w") is not None
    assert MarketFiles(tmp_path, 7 * DAY).candles("BTCUSDT", "futures", "1w") is not None
    assert MarketFiles(tmp_path, DAY).candles("BTCUSDT", "futures", "1w") is None


def test_market_of_weeks_alone_that_cannot_be_moved_is_refused(tmp_path: Path) -> None:
    weeks = walk(4, 100.0, 0).assign(date=pd.date_range(START, periods=4, freq="7D", unit="ms"))
    write(weeks, tmp_path, "BTC", "1w-futures")
    with pytest.raises(DataError, match="survive a shift"):
        ReplayMarket(MarketFiles(tmp_path, DAY), Clock()).finest("BTCUSDT")


def test_market_span_is_what_all_contracts_share(tmp_path: Path) -> None:
    write_market(tmp_path, days=2, bases=("BTC",))
    later = walk(1440, 2_000.0, 1)
    write(later.assign(date=later["date"] + pd.Timedelta(days=1)), tmp_path, "ETH", "1m-futures")
    market = ReplayMarket(MarketFiles(tmp_path), Clock())
    assert market.span() == (START_MS + DAY, START_MS + 2 * DAY - 60_000)
    write(later.assign(date=later["date"] + pd.Timedelta(days=9)), tmp_path, "ETH", "1m-futures")
    apart = ReplayMarket(MarketFiles(tmp_path), Clock())
    assert apart.span() == (START_MS, START_MS + 10 * DAY - 60_000)


def test_files_are_unpacked_outside_of_the_pool_that_gives_nothing_back(tmp_path: Path) -> None:
    rows = 20_000
    write(walk(rows, 100.0, 0), tmp_path, "BTC", "1m-futures")
    # Arrow tells the most that it ever lent, so a process that has read nothing else is asked.
    program = (
        "import sys; from pathlib import Path; import pyarrow as pa;"
        "from outrigger.replay.market_files import MarketFiles;"
        "read = MarketFiles(Path(sys.argv[1])).candles('BTCUSDT', 'futures', '1m');"
        "print(len(read), pa.default_memory_pool().max_memory() or 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True, text=True
    )
    read, lent = map(int, ran.stdout.split())
    assert read == rows
    # A column at a time passes through on its way to numpy; all six were there at once.
    assert lent < 2 * 8 * rows
