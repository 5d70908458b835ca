"""The lab against a real backtest's trades, one by one, on real one-minute candles.

Every trade of the export is replayed alone under the shipped stop, filled as the engine fills. They agree on
candle, reason, price and result, but for two things. The engine rounds a stop to the price's tick, so prices
differ by up to a tick; and where a candle only touched the stop, the rounded stop may be reached candles
earlier or later. What the end of the data closed (`force_exit`) is left out: the lab closes at a close, the
engine at an open.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from outrigger.replay.offline import offline
from outrigger.review.backtest_export import read_export
from outrigger.review.lab import replay
from outrigger.review.lab_trade import Outcome, ReplayTerms
from outrigger.review.pair_market import PairMarket, load_pair
from outrigger.review.policies_compared import COMPARED
from outrigger.review.trade import FORCED, Trade
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.engine, pytest.mark.real_data, pytest.mark.xdist_group("engine")]

SET, RANGE = "binance-1m-2025-02", "20250201-20250205"
# A price step of the exchange, as a fraction of the price.
TICKS = {"XRP/USDT:USDT": 1e-4, "DOGE/USDT:USDT": 1e-5}
REASONS = {"stop_loss": "stop", "trailing_stop_loss": "stop", "stop_crossed": "stop_crossed"}


@pytest.fixture(scope="module")
def exported(market: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Trade]:
    """Trades of the days around 3 February 2025, when ETH moved 36 % within an hour."""
    home = tmp_path_factory.mktemp("backtest")
    words = ["--config", str(REPOSITORY / "config.json"), "--userdir", str(home), "--timeframe", "1m"]
    words += ["--timerange", RANGE, "--cache", "none", "--export", "trades", "--pairs", *TICKS]
    with pytest.MonkeyPatch.context() as patch, (home / "log").open("wb") as log:
        patch.chdir(REPOSITORY)
        assert offline(market / SET, ["backtesting", *words], output=log) == 0, (home / "log").read_text()
    (result,) = read_export(home / "backtest_results")
    return [trade for trade in result.trades if trade.exit_reason != FORCED]


def replayed(candles: PairMarket, trade: Trade) -> Outcome:
    terms = ReplayTerms(len(candles.candles), gap_fills=False, engine_like=True)
    row = int(np.searchsorted(candles.opened_at_ms, trade.opened_ms))
    return replay(candles.candles, COMPARED[0].columns(candles).of(trade.side), row, trade.side, terms)


def only_touched(candles: PairMarket, trade: Trade, out: Outcome, tick: float) -> bool:
    """Whether the earlier of two exits came from a candle that missed the other's stop by a tick at most."""
    engine_row = int(np.searchsorted(candles.opened_at_ms, trade.closed_ms))
    row, price = min((engine_row, trade.close_rate), (out.exit_row, out.exit))
    extreme = (candles.candles.low if trade.side > 0 else candles.candles.high)[row]
    return bool(abs(extreme - price) <= 1.5 * tick)


def test_lab_replays_a_real_backtest_trade_by_trade(exported: list[Trade], market: Path) -> None:
    assert len(exported) >= 4
    markets = {pair: load_pair(market / SET, pair, "1m") for pair in TICKS}
    for trade in exported:
        known, tick = markets[trade.pair], TICKS[trade.pair]
        out = replayed(known, trade)
        assert out.entry == trade.open_rate
        if int(known.opened_at_ms[out.exit_row]) != trade.closed_ms:
            assert only_touched(known, trade, out, tick), trade
            continue
        assert out.reason == REASONS[trade.exit_reason]
        assert out.exit == pytest.approx(trade.close_rate, abs=1.01 * tick)
        # A tick, and the fee on it; funding is charged on the candle's open here, on the mark price there.
        assert out.net == pytest.approx(trade.net_return, abs=1.1 * tick / trade.open_rate + 2e-6)
        assert out.funding == pytest.approx(trade.funding / trade.notional, abs=2e-6)
