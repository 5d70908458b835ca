"""Every route of the Bybit venue, asked by ccxt's own Bybit class over loopback, against the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ccxt
import numpy as np
import pandas as pd
import pytest

from outrigger.replay import bybit_routes
from outrigger.replay.clock import Clock
from outrigger.replay.exchange import ReplayServer
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.overlay import exchange_overlay
from outrigger.replay.venues import BINANCE, BYBIT
from tests.replay.data_directory import PRICES, START, START_MS, merged, walk, write, write_market

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = START_MS + 2 * DAY + 10 * HOUR + 7 * MINUTE + 30_000
BTC, ETH, WIF, DOGE = (f"{base}/USDT:USDT" for base in ("BTC", "ETH", "WIF", "DOGE"))
FUNDING_HOURS = {"ETH": 4, "WIF": 1}


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    datadir = write_market(tmp_path_factory.mktemp("market"), funding_hours=FUNDING_HOURS)
    late = walk(600, 0.2, 9)
    write(late.assign(date=late["date"] + pd.Timedelta(days=3)), datadir, "DOGE", "1m-futures")
    times = pd.date_range(START, periods=72 * 12, freq="5min", unit="ms")
    amounts = np.arange(len(times), dtype=float) + 1000
    interest = {"date": times, "open_interest_amount": amounts, "open_interest_value": amounts * 2}
    write(pd.DataFrame(interest), datadir, "BTC", "5m-open_interest")
    folder = datadir / "metrics"
    folder.mkdir()
    for day in range(3):
        dates = pd.date_range(START + pd.Timedelta(days=day), periods=288, freq="5min")
        rows = pd.DataFrame(
            {
                "create_time": dates.strftime("%Y-%m-%d %H:%M:%S"),
                "symbol": "BTCUSDT",
                "sum_open_interest": 1.0,
                "sum_open_interest_value": 2.0,
                "count_toptrader_long_short_ratio": 1.5,
                "sum_toptrader_long_short_ratio": 1.5,
                "count_long_short_ratio": 1.0 + np.arange(288) / 100,
                "sum_taker_long_short_vol_ratio": 1.0,
            }
        )
        rows.to_csv(folder / f"BTCUSDT-metrics-{dates[0]:%Y-%m-%d}.csv", index=False)
    return datadir


@pytest.fixture(scope="module")
def market(datadir: Path) -> ReplayMarket:
    return ReplayMarket(MarketFiles(datadir), Clock(lambda: NOW))


@pytest.fixture(scope="module")
def server(market: ReplayMarket) -> Iterator[ReplayServer]:
    with ReplayServer(market, venue=BYBIT) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ReplayServer) -> ccxt.Exchange:
    config = exchange_overlay(server.url, "bybit")["exchange"]["ccxt_config"]
    # As Freqtrade makes it: bybit's class defaults to perpetuals, settled in the stake currency.
    found = ccxt.bybit(ccxt.Exchange.deep_extend({"options": {"defaultSettle": "USDT"}}, config))
    found.load_markets()
    return found


def minutes(base: str, seed: int) -> list[list[float]]:
    return walk(3 * 1440, PRICES[base], seed).iloc[:, 1:6].to_numpy().tolist()


def test_markets_have_the_rules_of_the_data_and_bybits_least_order(client: ccxt.Exchange) -> None:
    assert sorted(client.markets) == [BTC, DOGE, ETH, WIF]
    btc = client.markets[BTC]
    assert (btc["swap"], btc["linear"], btc["active"], btc["contractSize"]) == (True, True, True, 1)
    assert (btc["precision"]["price"], btc["precision"]["amount"]) == (0.1, 0.001)
    assert (btc["limits"]["amount"]["min"], btc["limits"]["cost"]["min"]) == (0.001, 5)
    assert btc["created"] == START_MS
    assert btc["taker"] > 0
    assert client.markets[DOGE]["active"] is False  # its data begins later


def test_markets_tell_the_funding_interval_of_each_contract(client: ccxt.Exchange) -> None:
    told = {pair: client.markets[pair]["info"]["fundingInterval"] for pair in (BTC, ETH, WIF, DOGE)}
    assert told == {BTC: 480, ETH: 240, WIF: 60, DOGE: 480}
    found = client.fetch_funding_rates()
    assert {pair: found[pair]["interval"] for pair in (BTC, ETH, WIF)} == {BTC: "8h", ETH: "4h", WIF: "1h"}
    assert {pair: found[pair]["fundingTimestamp"] - START_MS - 2 * DAY for pair in (BTC, ETH, WIF)} == {
        BTC: 16 * HOUR,
        ETH: 12 * HOUR,
        WIF: 11 * HOUR,
    }


def test_time_is_the_exchanges(client: ccxt.Exchange) -> None:
    assert client.fetch_time() == NOW


def test_klines_from_a_start_are_the_recorded_minutes_page_by_page(
    client: ccxt.Exchange, market: ReplayMarket
) -> None:
    rows: list[list[float]] = []
    since = START_MS
    while page := client.fetch_ohlcv(BTC, "1m", since=since, limit=1000):
        rows += page
        since = page[-1][0] + MINUTE
    assert [row[0] for row in rows] == list(range(START_MS, NOW // MINUTE * MINUTE + 1, MINUTE))
    assert [row[1:] for row in rows[:-1]] == minutes("BTC", 0)[: len(rows) - 1]
    # The minute that is forming ends at the price of now.
    assert (rows[-1][1], rows[-1][4]) == (minutes("BTC", 0)[len(rows) - 1][0], market.price("BTCUSDT"))


def test_klines_of_a_start_inside_a_candle_begin_with_that_candle(client: ccxt.Exchange) -> None:
    terms = {"category": "linear", "symbol": "BTCUSDT", "interval": "60"}
    found = client.publicGetV5MarketKline({**terms, "start": START_MS + 90 * MINUTE, "limit": 2})
    assert [int(row[0]) for row in found["result"]["list"]] == [START_MS + 2 * HOUR, START_MS + HOUR]


def test_klines_to_an_end_are_the_last_before_it_newest_first(client: ccxt.Exchange) -> None:
    terms = {"category": "linear", "symbol": "BTCUSDT", "interval": "1", "limit": 3}
    found = client.publicGetV5MarketKline({**terms, "start": START_MS, "end": START_MS + HOUR})
    times = [int(row[0]) for row in found["result"]["list"]]
    assert times == [START_MS + HOUR - MINUTE * k for k in range(3)]


@pytest.mark.parametrize(("timeframe", "freq"), [("5m", "5min"), ("4h", "4h"), ("1d", "1D")])
def test_klines_of_coarser_intervals_are_merged_from_minutes(
    client: ccxt.Exchange, timeframe: str, freq: str
) -> None:
    found = np.array(client.fetch_ohlcv(ETH, timeframe, since=START_MS, limit=1000))[:-1]
    expected = merged(walk(3 * 1440, PRICES["ETH"], 1), freq).iloc[: len(found)]
    np.testing.assert_allclose(found[:, 1:], expected.iloc[:, 1:6].to_numpy(), rtol=1e-12)


def test_mark_and_index_klines_are_the_recorded_marks(client: ccxt.Exchange, datadir: Path) -> None:
    recorded = pd.read_feather(datadir / "futures" / "BTC_USDT_USDT-1h-mark.feather")
    expected = recorded[["open", "high", "low", "close"]].to_numpy()[:5].tolist()
    for price in ("mark", "index"):
        rows = client.fetch_ohlcv(BTC, "1h", since=START_MS, limit=5, params={"price": price})
        assert [row[1:5] for row in rows] == expected


def test_funding_history_is_what_was_charged(client: ccxt.Exchange, datadir: Path) -> None:
    for pair, base, hours in ((BTC, "BTC", 8), (ETH, "ETH", 4), (WIF, "WIF", 1)):
        recorded = pd.read_feather(datadir / "futures" / f"{base}_USDT_USDT-1h-funding_rate.feather")
        rates = client.fetch_funding_rate_history(pair, since=START_MS, limit=200)
        assert [row["timestamp"] for row in rates] == list(range(START_MS, NOW, hours * HOUR))
        assert [row["fundingRate"] for row in rates] == recorded["funding_rate"].tolist()[: len(rates)]
        assert client.fetch_funding_rate(pair)["fundingRate"] == rates[-1]["fundingRate"]


def test_funding_history_with_a_start_alone_is_refused(client: ccxt.Exchange) -> None:
    with pytest.raises(ccxt.BadRequest, match="endTime is required"):
        client.publicGetV5MarketFundingHistory(
            {"category": "linear", "symbol": "BTCUSDT", "startTime": START_MS}
        )


def test_funding_history_longer_than_its_limit_keeps_the_newest(client: ccxt.Exchange) -> None:
    terms = {"category": "linear", "symbol": "WIFUSDT", "startTime": START_MS, "endTime": NOW, "limit": 2}
    rows = client.publicGetV5MarketFundingHistory(terms)["result"]["list"]
    last = NOW // HOUR * HOUR
    assert [int(row["fundingRateTimestamp"]) for row in rows] == [last, last - HOUR]


def test_order_book_encloses_the_last_price(client: ccxt.Exchange, market: ReplayMarket) -> None:
    book, price = client.fetch_order_book(BTC, 50), market.price("BTCUSDT")
    assert price is not None
    assert (len(book["bids"]), len(book["asks"])) == (50, 50)
    assert book["bids"][0][0] <= price < book["asks"][0][0] == pytest.approx(book["bids"][0][0] + 0.1)
    assert book["timestamp"] == NOW
    assert client.fetch_order_book(DOGE)["bids"] == []


def test_tickers_tell_price_book_funding_and_interest(client: ccxt.Exchange, market: ReplayMarket) -> None:
    found = client.fetch_tickers()
    assert sorted(found) == [BTC, ETH, WIF]
    ticker = found[BTC]
    day = np.array(minutes("BTC", 0))[(NOW - START_MS) // MINUTE - 1440 : (NOW - START_MS) // MINUTE]
    assert ticker["last"] == market.price("BTCUSDT")
    assert ticker["open"] == day[0, 0]
    assert (ticker["high"], ticker["low"]) == (day[:, 1].max(), day[:, 2].min())
    assert ticker["baseVolume"] == pytest.approx(day[:, 4].sum())
    assert ticker["bid"] <= ticker["last"] < ticker["ask"]
    assert sorted(client.fetch_bids_asks()) == [BTC, ETH, WIF]
    newest = 1000.0 + (NOW - START_MS) // (5 * MINUTE)
    assert float(ticker["info"]["openInterest"]) == newest
    assert found[ETH]["info"]["openInterest"] == ""


def test_open_interest_is_the_recorded_one(client: ccxt.Exchange) -> None:
    newest = client.fetch_open_interest(BTC, {"interval": "5m"})
    assert newest["openInterestAmount"] == 1000 + (NOW - START_MS) // (5 * MINUTE)
    history = client.fetch_open_interest_history(BTC, "1h", since=START_MS, limit=4)
    assert [row["openInterestAmount"] for row in history][-1] == 1048
    assert [row["timestamp"] for row in history][-1] == START_MS + 4 * HOUR


def test_open_interest_that_was_not_recorded_is_refused(client: ccxt.Exchange) -> None:
    with pytest.raises(ccxt.BadRequest, match="no open interest was recorded"):
        client.fetch_open_interest(ETH, {"interval": "5m"})


def test_account_ratio_is_that_of_the_archives(client: ccxt.Exchange) -> None:
    rows = client.fetch_long_short_ratio_history(BTC, "5min", limit=3)
    # A row of the archives is known a period after its time.
    last = (NOW // (5 * MINUTE) - 1) * 5 * MINUTE
    assert [row["timestamp"] for row in rows] == [last - 10 * MINUTE, last - 5 * MINUTE, last]
    expected = 1.0 + (last - START_MS - 2 * DAY) / (5 * MINUTE) / 100
    # The exchange rounds the shares to four decimals.
    assert rows[-1]["longShortRatio"] == pytest.approx(expected, rel=1e-3)
    assert client.fetch_long_short_ratio_history(ETH, "5min", limit=3) == []


def test_leverage_tiers_come_page_by_page(client: ccxt.Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    def numbers() -> dict[str, list[dict[str, object]]]:
        # ccxt leaves its cursor in what it read.
        found = client.fetch_leverage_tiers()
        return {
            pair: [{name: value for name, value in tier.items() if name != "info"} for tier in tiers]
            for pair, tiers in found.items()
        }

    whole = numbers()
    monkeypatch.setattr(bybit_routes, "RISK_LIMIT_SYMBOLS", 1)
    assert numbers() == whole
    assert sorted(whole) == [BTC, DOGE, ETH, WIF]
    tiers = whole[BTC]
    assert [tier["maxNotional"] for tier in tiers] == [
        tier["maxNotional"] for tier in client.fetch_market_leverage_tiers(BTC)
    ]
    assert [tier["minNotional"] for tier in tiers[1:]] == [tier["maxNotional"] for tier in tiers[:-1]]
    assert all(0 < tier["maintenanceMarginRate"] < 1 / tier["maxLeverage"] for tier in tiers)


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbol": "NOPEUSDT"},
        {"category": "cubic"},
        {"category": "inverse"},
        {"interval": "8"},
        {"limit": 1001},
        {"limit": "many"},
        {"start": NOW, "end": START_MS},
    ],
)
def test_client_asking_wrongly_gets_its_own_exception(
    client: ccxt.Exchange, wrong: dict[str, object]
) -> None:
    terms: dict[str, object] = {"category": "linear", "symbol": "BTCUSDT", "interval": "1"}
    client.publicGetV5MarketKline(terms)
    with pytest.raises(ccxt.BadRequest):
        client.publicGetV5MarketKline(terms | wrong)


def test_other_categories_list_nothing(client: ccxt.Exchange) -> None:
    for category in ("inverse", "spot", "option"):
        found = client.publicGetV5MarketInstrumentsInfo({"category": category})
        assert found["result"]["list"] == []


def test_client_knocking_at_another_door_stays_on_this_machine(
    server: ReplayServer, client: ccxt.Exchange
) -> None:
    assert all(address.startswith(server.url) for address in client.urls["api"].values())
    with pytest.raises(ccxt.ExchangeError, match="Path /v5/market/recent-trade"):
        client.fetch_trades(BTC)


def test_unreadable_data_is_the_exchanges_own_error(tmp_path: Path) -> None:
    broken = write_market(tmp_path, days=1, bases=("BTC",))
    market = ReplayMarket(MarketFiles(broken), Clock(lambda: START_MS + HOUR))
    (broken / "futures" / "BTC_USDT_USDT-1h-funding_rate.feather").write_bytes(b"no feather")
    with ReplayServer(market, venue=BYBIT) as running:
        config = exchange_overlay(running.url, "bybit")["exchange"]["ccxt_config"]
        with pytest.raises(ccxt.ExchangeError, match="10016"):
            ccxt.bybit(config).publicGetV5MarketTickers({"category": "linear"})


def test_both_venues_tell_the_same_market(market: ReplayMarket, client: ccxt.Exchange) -> None:
    with ReplayServer(market, venue=BINANCE) as running:
        config = exchange_overlay(running.url, "binance")["exchange"]["ccxt_config"]
        other = ccxt.binance(ccxt.Exchange.deep_extend({"options": {"defaultType": "swap"}}, config))
        for pair in (BTC, ETH, WIF):
            assert other.fetch_ohlcv(pair, "15m", limit=90) == client.fetch_ohlcv(pair, "15m", limit=90)
            assert other.fetch_order_book(pair, 20)["asks"] == client.fetch_order_book(pair, 20)["asks"]
            rates = [
                [
                    (row["timestamp"], row["fundingRate"])
                    for row in one.fetch_funding_rate_history(pair, limit=9)
                ]
                for one in (other, client)
            ]
            assert rates[0] == rates[1]
            assert other.markets[pair]["precision"]["price"] == client.markets[pair]["precision"]["price"]
            next_charge = [one.fetch_funding_rate(pair)["fundingTimestamp"] for one in (other, client)]
            assert next_charge[0] == next_charge[1]
