"""What a trade was worth at each close, on paths worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from outrigger.hedge.trade_path import carried, held, marked_path, notional_ms, value_path
from outrigger.review.trade import Fill
from tests.hedge.samples import BTC, FIVE
from tests.hedge.trades import TIMES, at, trade

PRICES = np.array([100.0, 100.0, 101.0, 103.0, 99.0])


def resized():
    """Ten at 100, five more at 102, twelve sold at 104, three at 103: a leg of changing size."""
    fills = (
        Fill(at(0), 100.0, 10.0, True),
        Fill(at(2), 102.0, 5.0, True),
        Fill(at(4), 104.0, 12.0, False),
        Fill(at(6), 103.0, 3.0, False),
    )
    return trade(BTC, 1, 0, 6, "hedge:SOL#1", profit=51.0, fills=fills)


def test_value_is_marked_while_open_and_net_afterwards():
    one = trade(BTC, 1, 1, 3, "x", profit=-7.0)
    assert value_path(one, TIMES[:5], PRICES) == pytest.approx([0, 0, 10, -7, -7])
    short = trade(BTC, -1, 1, 4, "x", profit=-7.0)
    assert value_path(short, TIMES[:5], PRICES) == pytest.approx([0, 0, -10, -30, -7])


def test_value_of_a_missing_close_is_that_of_the_close_before():
    holed = np.array([100.0, 100.0, 101.0, np.nan, 99.0, 99.0])
    one = trade(BTC, 1, 1, 5, "x", profit=-12.0)
    assert value_path(one, TIMES[:6], holed) == pytest.approx([0, 0, 10, 10, -10, -12])
    assert np.isnan(carried(np.array([np.nan, 1.0]))[0])


def test_resized_trade_is_marked_at_what_was_held():
    prices = np.array([100.0, 101, 102, 103, 104, 103, 103, 103])
    # Ten at 100, worth 1 each at 101; five at 102; at 104 twelve are out; the last three go at 103.
    expected = [0, 10, 20, 35, 50, 47, 51, 51]
    assert value_path(resized(), TIMES[:8], prices) == pytest.approx(expected)
    assert marked_path(resized(), TIMES[:8], prices)[-1] == pytest.approx(47)


def test_held_and_notional_follow_the_fills():
    one = resized()
    assert [held(one, at(row)) for row in (0, 1, 3, 5, 6)] == [0, 10, 15, 3, 3]
    assert notional_ms(one) == pytest.approx(100 * FIVE * (10 * 2 + 15 * 2 + 3 * 2))
    assert notional_ms(trade(BTC, 1, 0, 6, "x")) == pytest.approx(1_000 * 6 * FIVE)
