"""Legs on 2025-02-03, when ETH moved 36 % within an hour: bounded in size and life, and causal.

Whole backtests by the command that traders use, on real candles, with every number at its default.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from outrigger.hedge.measure import measure_hedges
from outrigger.hedge.pairing import pairings
from outrigger.hedge.trade_path import held
from outrigger.market.alignment import open_times_ms
from outrigger.market.candles import read_candles
from outrigger.replay.offline import offline
from outrigger.review.backtest_export import BacktestResult, read_export
from outrigger.settings.hedge import HedgeSettings
from tests.conftest import REPOSITORY

BTC, ETH, SOL, BNB = (f"{coin}/USDT:USDT" for coin in ("BTC", "ETH", "SOL", "BNB"))
CANDIDATES = {BTC: [ETH, BNB], SOL: [ETH, BNB]}
SETTINGS = HedgeSettings(candidates=CANDIDATES)
# Smallest changes of a position on Binance.
LOTS = {ETH: 0.001, BNB: 0.01}
MINUTE_MS = 60_000
BEGIN, CUT, END = (
    int(pd.Timestamp(moment, tz="UTC").timestamp())
    for moment in ("2025-02-01 12:00", "2025-02-03 02:17", "2025-02-04 00:00")
)

pytestmark = [pytest.mark.engine, pytest.mark.real_data, pytest.mark.xdist_group("hedge-crash")]


def backtest(home: Path, datadir: Path, end: int) -> BacktestResult:
    home.mkdir()
    overlay = home / "overlay.json"
    told = {"exchange": {"pair_whitelist": [BTC, SOL, BNB, ETH]}, "max_open_trades": 8}
    overlay.write_text(json.dumps(told | {"outrigger": {"hedge": {"candidates": CANDIDATES}}}))
    line = ["backtesting", "--config", str(REPOSITORY / "config.json"), "--config", str(overlay)]
    line += ["--strategy-path", str(REPOSITORY / "strategies"), "--userdir", str(home), "--timeframe", "1m"]
    line += ["--timerange", f"{BEGIN}-{end}", "--cache", "none", "--export", "trades"]
    with (home / "output.log").open("wb") as output:
        assert offline(datadir, line, output=output) == 0
    return read_export(home / "backtest_results")[0]


@pytest.fixture(scope="module")
def folder(market: Path) -> Path:
    return market / "binance-1m-2025-02"


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> BacktestResult:
    return backtest(tmp_path_factory.mktemp("whole") / "user_data", folder, END)


def test_no_leg_outlives_its_primary_by_more_than_its_time(whole: BacktestResult) -> None:
    found = pairings(whole.trades)
    assert len(found) >= 3
    longest = SETTINGS.runner_hours * 60 * MINUTE_MS
    for one in found:
        assert one.primary is not None
        assert one.leg.closed_ms - one.primary.closed_ms <= longest + MINUTE_MS


def test_no_candle_has_a_leg_larger_than_its_primary_allows(whole: BacktestResult, folder: Path) -> None:
    """Ratio times beta times primary at each change of size; two bands more at most where prices carry it."""
    five = {pair: read_candles(folder, pair, "5m") for pair in (BTC, SOL, ETH, BNB)}
    closes = {}
    for pair in five:
        frame = read_candles(folder, pair, "1m")
        closed = open_times_ms(frame["date"], pair) + MINUTE_MS
        closes[pair] = pd.Series(frame["close"].to_numpy(), index=closed)
    tracks = {
        primary: measure_hedges(primary, {pair: five[pair] for pair in (primary, *legs)}, SETTINGS)
        for primary, legs in CANDIDATES.items()
    }
    seen = 0
    for one in pairings(whole.trades):
        leg, primary = one.leg, one.primary
        assert primary is not None
        changed = {fill.filled_ms for fill in leg.fills}
        for now in range(leg.opened_ms, min(leg.closed_ms, primary.closed_ms), MINUTE_MS):
            reading = tracks[primary.pair][leg.pair].at(now)
            assert reading is not None
            worth = {trade.pair: held(trade, now + 1) * closes[trade.pair][now] for trade in (leg, primary)}
            allowed = SETTINGS.ratio * reading.beta * worth[primary.pair]
            # At a change the exchange's lots are the only reason to be beside the target.
            bands = 0.0 if now in changed else 2 * SETTINGS.band
            lot = LOTS[leg.pair] * closes[leg.pair][now]
            assert worth[leg.pair] <= allowed * (1.001 + bands) + lot
            seen += 1
    assert seen > 1_000


def test_window_cut_in_the_crash_agrees_on_every_trade_closed_before(
    whole: BacktestResult, folder: Path, tmp_path: Path
) -> None:
    cut = backtest(tmp_path / "user_data", folder, CUT)
    before = [trade for trade in whole.trades if trade.closed_ms < cut.end_ms]
    assert before == [trade for trade in cut.trades if trade.closed_ms < cut.end_ms]
    assert sum(trade.enter_tag.startswith("hedge:") for trade in before) >= 2
