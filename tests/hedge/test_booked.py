"""What the legs of a backtest did, on trades worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from outrigger.errors import DataError
from outrigger.hedge.booked import book
from tests.hedge.samples import BTC, ETH, FIVE
from tests.hedge.trades import TIMES, trade


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


def test_book_marks_a_missing_candle_at_the_close_before_it():
    """Nothing happens to the account in a candle that nobody has."""
    prices = np.full(12, 90.0)
    holed = prices.copy()
    holed[3:6] = np.nan
    one = trade(BTC, 1, 0, 11, "x", profit=-100.0)
    whole, found = (book([one], TIMES, {BTC: path}, 1_000.0) for path in (prices, holed))
    assert found.unhedged == whole.unhedged


def test_book_without_closes_of_a_traded_pair_says_which():
    with pytest.raises(DataError, match="no closes of ETH"):
        book([trade(ETH, 1, 0, 4, "x")], TIMES, {BTC: np.full(12, 100.0)}, 1_000.0)


def test_book_totals_leave_out_a_primary_that_is_not_known():
    btc, eth = np.full(12, 100.0), np.full(12, 100.0)
    primary = trade(BTC, 1, 0, 4, "x", profit=-5.0)
    leg = trade(ETH, -1, 0, 6, "hedge:BTC#1", profit=2.0, fees=0.5)
    orphan = trade(ETH, -1, 7, 9, "hedge:SOL#9", profit=1.0, fees=0.25)
    found = book([primary, leg, orphan], TIMES, {BTC: btc, ETH: eth}, 1_000.0)
    assert (found.legs_profit, found.primaries_profit, found.cost) == (3.0, -5.0, 0.75)
    assert np.isnan(found.legs[1].primary_profit)
