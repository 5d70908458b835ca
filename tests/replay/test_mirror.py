"""What a command on Bybit is given instead of the trader's data directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outrigger.cli import app
from outrigger.errors import ReplayError
from outrigger.replay.bybit_contracts import tiers_of
from outrigger.replay.clock import Clock
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.mirror import mirror
from outrigger.replay.overlay import exchange_overlay
from outrigger.replay.venues import VENUES, venue_named
from tests.replay.data_directory import START_MS, write_market

TIER = {"minNotional": 0.0, "maxNotional": 2e6, "maintenanceMarginRate": 0.005, "maxLeverage": 100.0}


@pytest.fixture
def datadir(tmp_path: Path) -> Path:
    datadir = write_market(tmp_path / "data", days=1, bases=("BTC",))
    (datadir / "orderbook").mkdir()
    kept = {"updated": "2026-01-01T00:00:00+00:00", "data": {"BTC/USDT:USDT": [TIER]}}
    (datadir / "futures" / "leverage_tiers_USDT.json").write_text(json.dumps(kept))
    return datadir


def test_mirror_reads_as_the_original_without_its_kept_tiers(datadir: Path, tmp_path: Path) -> None:
    found = mirror(datadir, tmp_path / "mirror")
    originals = {path.name for path in (datadir / "futures").iterdir()}
    assert {path.name for path in (found / "futures").iterdir()} == originals - {"leverage_tiers_USDT.json"}
    assert (found / "orderbook").is_dir()
    for path in (found / "futures").iterdir():
        assert path.read_bytes() == (datadir / "futures" / path.name).read_bytes()


def test_mirror_written_into_leaves_the_original_as_it_is(datadir: Path, tmp_path: Path) -> None:
    before = (datadir / "futures" / "leverage_tiers_USDT.json").read_text()
    found = mirror(datadir, tmp_path / "mirror")
    (found / "futures" / "leverage_tiers_USDT.json").write_text("{}")
    (found / "new").write_text("")
    assert (datadir / "futures" / "leverage_tiers_USDT.json").read_text() == before
    assert not (datadir / "new").exists()


def test_mirror_of_nothing_is_empty(tmp_path: Path) -> None:
    found = mirror(tmp_path / "absent", tmp_path / "mirror")
    assert [path.name for path in found.rglob("*")] == ["futures"]


def test_tiers_are_those_kept_beside_the_data(datadir: Path) -> None:
    market = ReplayMarket(MarketFiles(datadir), Clock(lambda: START_MS))
    assert tiers_of(market, "BTCUSDT") == [TIER]


def test_tiers_without_kept_ones_are_the_shipped_or_a_single_one(tmp_path: Path) -> None:
    datadir = write_market(tmp_path, days=1, bases=("BTC",))
    for path in list((datadir / "futures").iterdir()):
        path.with_name(path.name.replace("BTC", "NOBODY")).write_bytes(path.read_bytes())
    (datadir / "futures" / "leverage_tiers_USDT.json").write_text("no JSON")
    market = ReplayMarket(MarketFiles(datadir), Clock(lambda: START_MS))
    assert len(tiers_of(market, "BTCUSDT")) > 5
    assert [tier["maxLeverage"] for tier in tiers_of(market, "NOBODYUSDT")] == [20]


def test_overlay_points_every_address_of_every_venue_at_this_machine() -> None:
    for name in VENUES:
        exchange = exchange_overlay("http://127.0.0.1:9", name)["exchange"]
        addresses = exchange["ccxt_config"]["urls"]["api"].values()
        assert exchange["name"] == name
        assert exchange["demo_trading"] is False
        assert all(address.startswith("http://127.0.0.1:9") for address in addresses)


def test_another_exchange_is_refused_with_the_choices(datadir: Path) -> None:
    def serve() -> None:
        command = ["serve", "--datadir", str(datadir), "--exchange", "kraken"]
        CliRunner().invoke(app, command, catch_exceptions=False)

    for ask in (
        serve,
        lambda: venue_named("kraken"),
        lambda: exchange_overlay("http://127.0.0.1:9", "kraken"),
    ):
        with pytest.raises(ReplayError, match="'kraken': choose binance or bybit"):
            ask()
