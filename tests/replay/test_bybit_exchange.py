"""Freqtrade's own Bybit class, in this process, against the replay exchange: what a dry run asks it for."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from freqtrade.enums import CandleType, MarginMode, RunMode, TradingMode
from freqtrade.exchange import Bybit
from freqtrade.resolvers import ExchangeResolver

from outrigger.replay.exchange import ReplayServer, open_market
from outrigger.replay.overlay import exchange_overlay
from outrigger.replay.venues import BYBIT
from tests.replay.data_directory import write_market
from tests.replay.test_offline_freqtrade import CONFIG

BTC = "BTC/USDT:USDT"
HOUR = 3_600_000


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("data"), bases=("BTC", "ETH"), funding_hours={"BTC": 1})


@pytest.fixture(scope="module")
def server(datadir: Path) -> Iterator[ReplayServer]:
    with ReplayServer(open_market(datadir, replay=True), venue=BYBIT) as running:
        yield running


@pytest.fixture(scope="module")
def exchange(server: ReplayServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bybit]:
    config: dict[str, Any] = deepcopy(CONFIG)
    config["exchange"] |= exchange_overlay(server.url, "bybit")["exchange"]
    home = tmp_path_factory.mktemp("home")
    (home / "futures").mkdir()
    config |= {
        "runmode": RunMode.DRY_RUN,
        "datadir": home,
        "user_data_dir": home,
        "trading_mode": TradingMode.FUTURES,
        "margin_mode": MarginMode.ISOLATED,
        "candle_type_def": CandleType.FUTURES,
        "dataformat_ohlcv": "feather",
        "dataformat_trades": "feather",
        "timeframe": "1m",
        "liquidation_buffer": 0.05,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = ExchangeResolver.load_exchange(config, validate=True, load_leverage_tiers=True)
        yield made
        made.close()


def test_exchange_is_bybits_class_and_knows_the_pairs(exchange: Bybit) -> None:
    assert type(exchange) is Bybit
    assert sorted(exchange.markets) == [BTC, "ETH/USDT:USDT"]
    assert exchange.get_fee(BTC, taker_or_maker="taker") == 0.0006
    assert exchange.check_delisting_time(BTC) is None
    assert exchange.get_max_leverage(BTC, 100.0) > 10


def test_exchange_asks_for_the_least_order_of_bybit(exchange: Bybit, server: ReplayServer) -> None:
    price = server.market.price("BTCUSDT")
    assert price is not None
    # The larger of a lot and five units of quote currency, with Freqtrade's reserve for a stop's slippage.
    lot = 0.001 * price
    assert lot <= exchange.get_min_pair_stake_amount(BTC, price, 0.0) <= 1.1 * lot


def test_exchange_charges_a_dry_run_the_recorded_funding(
    exchange: Bybit, server: ReplayServer, datadir: Path
) -> None:
    """A short of half a coin, open through five hourly charges: rate times mark, received by a short."""
    market = server.market
    now, shift = market.clock.now_ms(), market.clock.shift_ms
    opened = now // HOUR * HOUR - 4 * HOUR - 60_000
    rates = pd.read_feather(datadir / "futures" / "BTC_USDT_USDT-1h-funding_rate.feather")
    marks = pd.read_feather(datadir / "futures" / "BTC_USDT_USDT-1h-mark.feather")
    together = rates.merge(marks, on="date")
    at = together["date"].dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype("int64") + shift
    charged = together[(at >= opened) & (at <= now)]
    assert len(charged) == 5
    expected = float((charged["funding_rate"] * charged["open"]).sum() * 0.5)
    found = exchange.get_funding_fees(BTC, 0.5, True, datetime.fromtimestamp(opened / 1000, UTC))
    assert found == pytest.approx(expected, rel=1e-6)


def test_exchange_prices_entries_from_the_book(exchange: Bybit, server: ReplayServer) -> None:
    book = exchange.fetch_l2_order_book(BTC, 25)
    assert len(book["bids"]) == 25
    rate = exchange.get_rate(BTC, refresh=True, side="entry", is_short=False)
    assert rate == pytest.approx(server.market.price("BTCUSDT"), rel=0.002)
