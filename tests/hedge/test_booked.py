"""What the legs of a backtest did, on trades worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from outrigger.hedge.booked import book, pairings, value_path
from outrigger.hedge.report import main
from outrigger.review.backtest_export import Trade
from tests.hedge.samples import BTC, ETH, FIVE, START_MS

TIMES = START_MS + FIVE * np.arange(12)


def at(row):
    return START_MS + FIVE * row


def trade(pair, side, opened, closed, tag, **changed):
    values = {
        "open_rate": 100.0,
        "close_rate": 100.0,
        "notional": 1_000.0,
        "leverage": 5.0,
        "profit": 0.0,
        "fees": 0.0,
        "funding": 0.0,
        "stop": 90.0,
        "exit_reason": "stop_loss",
    }
    return Trade(pair, side, at(opened), at(closed), **values | changed, enter_tag=tag)


def test_value_is_marked_while_open_and_net_afterwards():
    prices = np.array([100.0, 100.0, 101.0, 103.0, 99.0])
    one = trade(BTC, 1, 1, 3, "x", profit=-7.0)
    assert value_path(one, TIMES[:5], prices) == pytest.approx([0, 0, 10, -7, -7])
    assert value_path(trade(BTC, -1, 1, 4, "x", profit=-7.0), TIMES[:5], prices) == pytest.approx(
        [0, 0, -10, -30, -7]
    )


def test_leg_finds_the_trade_that_was_open_when_it_was_opened():
    first = trade(BTC, 1, 0, 2, "a")
    second = trade(BTC, 1, 3, 8, "b")
    other_side = trade(BTC, -1, 3, 8, "c")
    leg = trade(ETH, -1, 4, 9, "hedge:BTC#2")
    lost = trade(ETH, -1, 10, 11, "hedge:SOL#9")
    found = pairings([first, second, other_side, leg, lost])
    assert [(one.leg, one.primary) for one in found] == [(leg, second), (lost, None)]


def test_book_by_hand():
    """The primary moves +1, -2, +1, -2, the leg half of it: a fourth of the variance is left."""
    btc = np.array([100.0, 101, 99, 100, 98, 98, 98, 98, 98, 98, 98, 98])
    eth = np.array([100.0, 100.5, 99.5, 100, 99, 99, 97, 97, 97, 97, 97, 97])
    primary = trade(BTC, 1, 0, 4, "x", close_rate=98.0, profit=-21.0)
    leg = trade(
        ETH,
        -1,
        0,
        6,
        "hedge:BTC#1",
        close_rate=97.0,
        profit=28.0,
        fees=1.0,
        funding=-0.5,
        exit_reason="hedge_runner_stop",
    )
    found = book([primary, leg], TIMES, {BTC: btc, ETH: eth}, 10_000.0)
    one = found.legs[0]
    assert one.effectiveness == pytest.approx(0.75)
    assert one.rho_squared == pytest.approx(1.0)
    assert one.effectiveness_beta_one == pytest.approx(0.75)
    assert one.alone_ms == 2 * FIVE
    assert one.runner_profit == pytest.approx(20.0)
    assert (one.fees, one.funding) == (1.0, 0.5)
    # 1.5 of 1,000 over half an hour.
    assert found.cost_bp_day == pytest.approx(15 * 48)
    assert found.pooled["5m"]["effectiveness"] == pytest.approx(0.75)
    assert np.isnan(found.pooled["1h"]["effectiveness"])
    assert (found.hedged.profit, found.unhedged.profit) == (7.0, -21.0)
    # Alone: 0, 10, -10, 0, -21: from 10 to -21. With the leg: 0, 5, -5, 0, -11, -11, 7.
    assert found.unhedged.max_drawdown == pytest.approx(31 / 10_000)
    assert found.hedged.max_drawdown == pytest.approx(16 / 10_000)
    assert found.unhedged.cvar_trade == pytest.approx(21 / 10_000)
    assert found.hedged.cvar_trade == pytest.approx(-7 / 10_000)


def test_book_without_legs_has_nothing_to_measure():
    found = book([trade(BTC, 1, 0, 4, "x")], TIMES, {BTC: np.full(12, 100.0)}, 1_000.0)
    assert found.legs == ()
    assert np.isnan(found.pooled["5m"]["effectiveness"])
    assert np.isnan(found.cost_bp_day)


def test_report_refuses_an_export_without_legs_in_words(tmp_path, capsys):
    body = {
        "trades": [],
        "pairlist": [BTC],
        "timeframe": "1m",
        "stake_currency": "USDT",
        "backtest_start_ts": START_MS,
        "backtest_end_ts": START_MS + 12 * FIVE,
        "starting_balance": 1_000.0,
    }
    export = tmp_path / "result.json"
    export.write_text(json.dumps({"strategy": {"Outrigger": body}}))
    assert main(["--export", str(export), "--datadir", str(tmp_path)]) == 2
    assert "no trade in it is a leg" in " ".join(capsys.readouterr().err.split())
