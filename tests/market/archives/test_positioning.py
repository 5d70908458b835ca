"""A vendor's positioning files: known in time, and free of depth that had stopped following the market."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.market.archives.market_prices import market_prices
from outrigger.market.archives.positioning import import_positioning, positioning_pairs
from outrigger.market.store.schema import SCHEMAS, Kind

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
HOUR, DAY = 3_600_000, 86_400_000
START = 1_735_689_600_000  # 2025-01-01 00:00 UTC


class MemoryStore:
    """Days in a dictionary: what is tested here is what comes out of the files, not the disk."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, Kind, int], pd.DataFrame] = {}
        times = dict.fromkeys(("time_ms", "known_ms"), np.int64)
        self._empty = {
            kind: pd.DataFrame(columns=list(schema.columns), dtype=float).astype(times)
            for kind, schema in SCHEMAS.items()
        }

    def read(self, pair: str, kind: Kind, start_ms: int = START - 60 * DAY, end_ms: int = START + 182 * DAY):
        days = range(start_ms // DAY, -(-end_ms // DAY))
        found = [self._days[pair, kind, day] for day in days if (pair, kind, day) in self._days]
        if not found:
            return self._empty[kind]
        rows = pd.concat(found, ignore_index=True)
        return rows[rows["known_ms"].between(start_ms, end_ms - 1)].reset_index(drop=True)

    def replace_day(self, pair: str, kind: Kind, day: date, rows: pd.DataFrame) -> None:
        self._days[pair, kind, (day - date(1970, 1, 1)).days] = rows

    def note_defects(self, pair: str, kind: Kind, day: date, source: str, notes: list) -> None:
        pass


def stamps(frame: pd.DataFrame) -> np.ndarray:
    return frame["date"].dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64)


def candles(directory: Path, chart: str, opens: list[float], step_h: float, first_ms: int = START) -> None:
    dates = pd.to_datetime(
        [first_ms + round(i * step_h * HOUR) for i in range(len(opens))], unit="ms", utc=True
    )
    frame = pd.DataFrame({"date": dates.as_unit("ms"), "open": opens})
    frame = frame.assign(high=frame["open"] + 1, low=frame["open"] - 1, close=frame["open"], volume=1.0)
    (directory / "futures").mkdir(exist_ok=True)
    frame.to_feather(directory / "futures" / f"BTC_USDT_USDT-{chart}-futures.feather")


def test_market_prices_of_several_charts_takes_the_finest_and_reaches_as_far_as_any(tmp_path: Path) -> None:
    candles(tmp_path, "4h", [100.0, 140.0, 180.0], 4)
    candles(tmp_path, "1h", [141.0, 150.0], 1, START + 4 * HOUR)
    found = market_prices(tmp_path, (BTC, ETH, BTC))
    assert list(found) == [BTC]
    assert found[BTC].to_dict() == {
        START: 100.0,
        START + 4 * HOUR: 141.0,
        START + 5 * HOUR: 150.0,
        START + 8 * HOUR: 180.0,
    }


def test_market_prices_without_candles_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no futures candles of BTC.*leave --prices out"):
        market_prices(tmp_path, (BTC,))


def test_import_positioning_against_prices_that_have_ended_masks_nothing_after_them(tmp_path: Path) -> None:
    dates = pd.to_datetime([START, START + 4 * HOUR, START + 8 * HOUR], unit="ms", utc=True).as_unit("ms")
    mid = np.array([100.0, 90.0, 120.0])
    depth = pd.DataFrame({"date": dates, "bids_quantity": [10.0, 11, 12], "asks_quantity": [20.0, 21, 22]})
    depth["bids_usd"], depth["asks_usd"] = (
        depth["bids_quantity"] * mid * 0.9955,
        depth["asks_quantity"] * mid * 1.0045,
    )
    depth.to_feather(tmp_path / "BTC-perp-depth1pct-4h.feather")
    # The second reading contradicts a price of its moment; the third has only one that is four hours old.
    prices = pd.Series([100.0, 100.0], index=[START, START + 4 * HOUR])
    store = MemoryStore()
    report = import_positioning(store, tmp_path, {BTC: prices})
    assert report.defects == {"off_market": 1}
    assert store.read(BTC, Kind.BOOK)["bid_quote_1"].isna().tolist() == [False, True, False]


@pytest.fixture(scope="module")
def imported(market: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[MemoryStore, dict]:
    directory = tmp_path_factory.mktemp("positioning")
    for path in (market / "positioning").glob("*"):
        if path.name.startswith("BTC") or "perp" in path.name:
            (directory / path.name).symlink_to(path)
    store = MemoryStore()
    prices = market_prices(market / "binance-5m-2025h1", positioning_pairs(directory))
    report = import_positioning(store, directory, prices)
    return store, {delivery.source: delivery for delivery in report.deliveries}


@pytest.mark.real_data
def test_import_positioning_real_values_are_known_when_the_vendor_says(imported, market: Path) -> None:
    """Readings at the start of their bucket, sums and closes at its end, each under that time alone."""
    store, _ = imported
    book = store.read(BTC, Kind.BOOK)
    depth = pd.read_feather(market / "positioning" / "BTC-perp-depth1pct-4h.feather")
    assert book["known_ms"].tolist() == stamps(depth).tolist()
    assert (book["time_ms"] == book["known_ms"]).all()
    sound = book["ask_quote_1"].notna().to_numpy()
    assert book["ask_quote_1"][sound].tolist() == depth["asks_usd"][sound].tolist()

    metrics = store.read(BTC, Kind.METRICS).set_index("known_ms")
    interest = pd.read_feather(market / "positioning" / "BTC-open-interest-usd-4h.feather")
    closes = pd.Series(interest["close"].to_numpy(float), index=stamps(interest) + 4 * HOUR)
    pd.testing.assert_series_equal(
        metrics["open_interest_quote"].dropna(), closes.dropna().sort_index(), check_names=False
    )
    ratios = pd.read_feather(market / "positioning" / "BTC-long-short-ratios-4h.feather")
    accounts = pd.Series(ratios["global_account_long_short_ratio"].to_numpy(float), index=stamps(ratios))
    pd.testing.assert_series_equal(
        metrics["account_ratio"].dropna(), accounts.dropna().sort_index(), check_names=False
    )

    forced = store.read(BTC, Kind.LIQUIDATIONS)
    sums = pd.read_feather(market / "positioning" / "BTC-liquidations-usd-4h.feather")
    longs = forced[forced["side"] == 1].set_index("known_ms")["quote"]
    expected = pd.Series(sums["long_liquidation_usd"].to_numpy(float), index=stamps(sums) + 4 * HOUR)
    pd.testing.assert_series_equal(longs, expected, check_names=False)
    assert (forced["known_ms"] > forced["time_ms"]).all()


@pytest.mark.real_data
def test_import_positioning_real_stale_sides_are_masked_and_counted(imported, market: Path) -> None:
    """An independent look: mean price of a side over the open of the candle that begins at the reading."""
    store, deliveries = imported
    for base, length in (("BTC", "4h"), ("ETH", "8h"), ("SOL", "8h"), ("XRP", "8h")):
        name, pair = f"{base}-perp-depth1pct-{length}.feather", f"{base}/USDT:USDT"
        depth = pd.read_feather(market / "positioning" / name).set_index("date")
        chart = pd.read_feather(
            market / "binance-5m-2025h1" / "futures" / f"{base}_USDT_USDT-5m-futures.feather"
        )
        price = chart.set_index("date")["open"].reindex(depth.index)
        repeated = (depth.diff() == 0).all(axis=1)
        off = pd.DataFrame(
            {
                "bid": (depth["bids_usd"] / depth["bids_quantity"] / (price * 0.9955) - 1).abs() > 0.005,
                "ask": (depth["asks_usd"] / depth["asks_quantity"] / (price * 1.0045) - 1).abs() > 0.005,
            }
        )
        rows = store.read(pair, Kind.BOOK)
        in_chart = price.notna().to_numpy()
        for side in ("bid", "ask"):
            masked = rows[f"{side}_quote_1"].isna().to_numpy()
            assert (masked == (repeated | off[side]).to_numpy())[in_chart].all(), (name, side)
        defects = {defect.name: defect.count for defect in deliveries[name].defects}
        assert defects.get("stale_rows", 0) == repeated.sum()
        # The README's 0.2 to 0.7 % of the rows.
        assert masked.mean() < 0.009
    assert deliveries["BTC-perp-depth1pct-8h.feather"].outcome == "skipped"
