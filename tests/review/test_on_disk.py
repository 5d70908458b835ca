"""What was known beside prices, from files: as in a bot, and nothing where nothing is switched on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from outrigger.commands.explain_stop import TradeAsked, on_candles
from outrigger.errors import StateError
from outrigger.market.candles import read_candles
from outrigger.market.features.inputs import INPUT_NAMES
from outrigger.market.store.schema import Kind
from outrigger.market.store.store import MarketStore
from outrigger.regime.bundle.files import read_bundle
from outrigger.regime.classes import REGIMES
from outrigger.regime.effects import smoothed
from outrigger.regime.features import CANDLE_FEATURES, regime_features
from outrigger.regime.live import closes_of
from outrigger.regime.scoring import score
from outrigger.review.inputs_on_disk import inputs_on_disk
from outrigger.review.pair_market import load_pair
from outrigger.review.regimes_on_disk import regimes_on_disk
from outrigger.settings.read import Settings, read_settings
from tests.market.features.rows import book
from tests.regime.bundles import DAY_MS, START_MS, forest, written
from tests.regime.markets import write_market

ETH, BTC = "ETH/USDT:USDT", "BTC/USDT:USDT"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty days of two pairs, and a bundle trained before the last three weeks."""
    home = tmp_path_factory.mktemp("desk")
    write_market(home / "data")
    ends = (START_MS + 9 * DAY_MS,)
    written(home / "bundle", ends_ms=ends, features=CANDLE_FEATURES, models=[forest(1, CANDLE_FEATURES)])
    return home


def chosen(desk: Path, **switched: bool) -> Settings:
    regime = {"enabled": switched.pop("regime", False), "bundle": str(desk / "bundle")}
    return read_settings({"outrigger": {"squeeze": switched, "regime": regime}})


def test_nothing_is_read_where_nothing_is_switched_on(desk: Path) -> None:
    chart = read_candles(desk / "data", ETH, "5m")
    assert inputs_on_disk(desk / "data", ETH, chart, Settings()) is None
    assert regimes_on_disk(desk / "data", ETH, Settings()) is None


def test_inputs_on_disk_take_funding_from_the_directory_and_books_from_the_store(desk: Path) -> None:
    chart = read_candles(desk / "data", ETH, "5m")
    times = START_MS + 300_000 * np.arange(1, len(chart) + 1)
    store = MarketStore(desk / "store")
    with store:
        store.append(ETH, Kind.BOOK, book(times, **{"bid_quote_1": np.full(len(times), 2e6)}))
    found = inputs_on_disk(desk / "data", ETH, chart, chosen(desk, funding=True, depth=True), store)
    assert found is not None
    assert tuple(found.columns) == INPUT_NAMES
    assert found["funding_percentile_90d"].notna().any()
    assert found["book_bid_depth_vs_norm"].iloc[-1] == pytest.approx(0.0)
    # Liquidation levels cost more than the rest together, and only the guard reads them.
    assert found["liquidation_long_distance"].isna().all()
    guarded = inputs_on_disk(desk / "data", ETH, chart, chosen(desk, guard=True), store)
    assert guarded is not None
    assert guarded["liquidation_long_2"].notna().any()


def test_regimes_on_disk_are_the_scored_and_smoothed_chart_with_its_leader(desk: Path) -> None:
    settings = chosen(desk, regime=True)
    found = regimes_on_disk(desk / "data", ETH, settings)
    assert found is not None
    assert tuple(found.columns) == REGIMES
    charts, leader = (
        {chart: read_candles(desk / "data", pair, chart) for chart in ("5m", "15m", "4h")}
        for pair in (ETH, BTC)
    )
    told = score(
        read_bundle(desk / "bundle"),
        regime_features(charts, {BTC: leader}, pair=ETH),
        closes_of(charts["5m"], ETH),
    )
    np.testing.assert_allclose(found, smoothed(told, settings.regime.smoothing_minutes), atol=1e-9)
    before = closes_of(charts["5m"], ETH) < START_MS + 9 * DAY_MS
    assert found[before].isna().all(axis=None)
    assert found.iloc[-1].sum() == pytest.approx(1.0)


def test_regimes_on_disk_without_a_bundle_are_refused(desk: Path, tmp_path: Path) -> None:
    settings = read_settings({"outrigger": {"regime": {"enabled": True, "bundle": str(tmp_path / "none")}}})
    with pytest.raises(StateError):
        regimes_on_disk(desk / "data", ETH, settings)


def test_explained_stop_tells_funding_and_regime_as_causes_of_its_width(desk: Path) -> None:
    settings = chosen(desk, regime=True, funding=True)
    asked = TradeAsked(desk / "data", ETH, "5m", 1, START_MS + 20 * DAY_MS)
    told = on_candles(asked, settings)
    plain = on_candles(asked, Settings())
    assert told.steps[0].stop == plain.steps[0].stop  # the protective stop listens to neither
    columns = told.track.widths.long
    assert set(columns.factors) == {"funding", "regime"}
    assert set(REGIMES) <= set(told.beside)
    row = len(told.track) - 1
    factor = columns.factors["funding"][row] * columns.factors["regime"][row]
    base = settings.stop.trail_sigma * told.track.market.sigma[row] * factor
    floor = settings.stop.noise_candles * told.track.market.candle_range[row]
    assert columns.trail[row] == pytest.approx(
        max(min(max(base, settings.stop.trail_min), settings.stop.trail_max), floor)
    )


def test_load_pair_brings_inputs_and_regimes_for_a_study(desk: Path) -> None:
    # The lab measures the Chandelier, too, and needs the hourly chart.
    chart = read_candles(desk / "data", ETH, "5m")
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    hourly = chart.resample("1h", on="date").agg(how).reset_index()
    hourly.to_feather(desk / "data" / "futures" / "ETH_USDT_USDT-1h-futures.feather")
    market = load_pair(desk / "data", ETH, "5m", chosen(desk, regime=True, funding=True))
    assert set(INPUT_NAMES) == set(market.inputs)
    assert market.regimes is not None
    assert market.regimes.shape == (len(chart), len(REGIMES))
    plain = load_pair(desk / "data", ETH, "5m")
    assert (plain.inputs, plain.regimes) == ({}, None)
