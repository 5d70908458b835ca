"""Estimated liquidation levels on the command line: what is read, told, drawn and refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from outrigger.commands.interest_files import archived_interest, freqtrade_interest
from outrigger.commands.liquidation_chart import figure, write_chart
from outrigger.commands.liquidations import COLUMNS_SHOWN, as_table, level_map
from outrigger.errors import DataError
from outrigger.market.features.level_columns import COLUMNS, level_columns
from tests.commands.candle_data import DAY_MS, DAYS, PAIR, START, START_MS, write_candles

LAST_DAY = datetime(2025, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_candles(tmp_path_factory.mktemp("levels"))


def _interest(datadir: Path, amount: float = 500.0) -> pd.DataFrame:
    frame = pd.DataFrame({"date": pd.date_range(START, periods=DAYS * 24, freq="1h", unit="ms")})
    frame["open_interest_amount"] = amount + np.arange(len(frame))
    frame["open_interest_value"] = frame["open_interest_amount"] * 40_000.0
    frame.to_feather(datadir / "futures" / "BTC_USDT_USDT-1h-open_interest.feather")
    return frame


def test_level_map_last_row_is_that_of_the_feature_columns(datadir: Path):
    found = level_map(datadir, PAIR)
    frame = pd.read_feather(datadir / "futures" / "BTC_USDT_USDT-5m-futures.feather")
    expected = level_columns(frame, "5m").iloc[-1]
    assert list(found.last) == list(COLUMNS)
    np.testing.assert_allclose(list(found.last.values()), expected.to_numpy())


def test_level_map_levels_lie_below_the_price_for_longs_and_add_up_to_the_columns(datadir: Path):
    found = level_map(datadir, PAIR)
    close = float(found.candles["close"].iloc[-1])
    near = (found.prices < close) & (found.prices > close * 0.97)
    assert found.levels[-1][near].sum() == pytest.approx(found.last["liquidation_long_3"], rel=0.1)
    assert found.levels.shape == (len(found.times_ms), len(found.prices))
    assert len(found.times_ms) <= COLUMNS_SHOWN
    assert found.times_ms[-1] == START_MS + DAYS * DAY_MS


def test_level_map_of_a_period_is_the_same_as_if_later_candles_were_not_there(datadir: Path, tmp_path: Path):
    short = tmp_path / "short" / "futures"
    short.mkdir(parents=True)
    name = "BTC_USDT_USDT-5m-futures.feather"
    whole = pd.read_feather(datadir / "futures" / name)
    whole[whole["date"] < LAST_DAY].reset_index(drop=True).to_feather(short / name)
    start = datetime(2025, 1, 12, tzinfo=UTC)
    found, known = level_map(datadir, PAIR, start, LAST_DAY), level_map(short.parent, PAIR, start)
    np.testing.assert_array_equal(found.levels, known.levels)
    np.testing.assert_array_equal(found.times_ms, known.times_ms)
    assert found.to_dict() == known.to_dict()


def test_level_map_says_whether_open_interest_was_known(datadir: Path, tmp_path: Path):
    assert "volume alone" in level_map(datadir, PAIR).title
    own = write_candles(tmp_path / "own")
    _interest(own)
    found = level_map(own, PAIR)
    assert found.anchored
    assert found.title == f"{PAIR}: estimate of liquidation levels from open interest and volume"
    assert found.last["liquidation_placed"] > 0.5


def test_freqtrade_interest_counts_from_the_close_of_its_candle(tmp_path: Path):
    own = write_candles(tmp_path / "own")
    _interest(own)
    rows = freqtrade_interest(own, PAIR)
    assert rows is not None
    assert rows["known_ms"].iloc[0] == START_MS + 3_600_000
    assert rows["open_interest_base"].iloc[0] == 500.0
    assert freqtrade_interest(tmp_path, PAIR) is None


def test_freqtrade_interest_broken_file_is_refused_not_passed_over(tmp_path: Path):
    own = write_candles(tmp_path / "own")
    (own / "futures" / "BTC_USDT_USDT-1h-open_interest.feather").write_bytes(b"ARROW1")
    with pytest.raises(DataError, match="truncated or no feather file"):
        freqtrade_interest(own, PAIR)


def test_level_map_of_a_synthetic_market_says_so(synthetic: Path):
    found = level_map(synthetic, PAIR)
    assert "synthetic market" in found.title
    assert found.to_dict()["synthetic"] is True
    # The market writes metrics archives beside its candles.
    assert found.anchored
    rows = archived_interest(synthetic, PAIR)
    assert rows is not None
    assert rows["known_ms"].is_monotonic_increasing
    assert len(rows) == 11 * 288


def test_to_dict_is_json_without_nan(datadir: Path):
    told = level_map(datadir, PAIR).to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["estimate"] is True
    assert told["liquidation_placed"] is None


def test_level_map_outside_the_candles_is_refused(datadir: Path):
    with pytest.raises(DataError, match="ask for a period inside it"):
        level_map(datadir, PAIR, datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(DataError, match="is missing"):
        level_map(datadir, "ETH/USDT:USDT")


def test_as_table_says_estimate_and_shows_both_sides(datadir: Path):
    console = Console(width=140, record=True, file=StringIO())
    console.print(as_table(level_map(datadir, PAIR)))
    told = console.export_text()
    assert "estimate" in told
    assert "2025-01-16 00:00 UTC" in told
    assert "move of 5%" in told


def test_write_chart_is_one_page_without_network_that_says_estimate(datadir: Path, tmp_path: Path):
    found = level_map(datadir, PAIR, datetime(2025, 1, 14, tzinfo=UTC), LAST_DAY)
    write_chart(found, tmp_path / "new" / "levels.html")
    html = (tmp_path / "new" / "levels.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert "<script src" not in html
    assert f"<title>{found.title}</title>" in html
    assert "estimate" in found.title


def test_figure_draws_levels_under_closes_at_candle_closes(datadir: Path):
    found = level_map(datadir, PAIR, datetime(2025, 1, 14, tzinfo=UTC), LAST_DAY)
    levels, closes = figure(found).data
    assert levels.type == "heatmap"
    np.testing.assert_allclose(np.asarray(levels.z) ** 2, found.levels.T, rtol=1e-4, atol=1.0)
    assert closes.x[0] == int(datetime(2025, 1, 14, tzinfo=UTC).timestamp() * 1000)
    assert closes.y[-1] == found.candles["close"].iloc[-1]


def test_level_map_unusable_last_candle_is_not_drawn(datadir: Path, tmp_path: Path):
    own = write_candles(tmp_path / "own")
    path = own / "futures" / "BTC_USDT_USDT-5m-futures.feather"
    frame = pd.read_feather(path)
    frame.loc[len(frame) - 1, "close"] = nan
    frame.to_feather(path)
    found = level_map(own, PAIR)
    assert found.times_ms[-1] == START_MS + DAYS * DAY_MS - 300_000
    assert json.dumps(found.to_dict(), allow_nan=False)
