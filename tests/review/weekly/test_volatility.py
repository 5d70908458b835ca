"""Weekly volatility by hand, and where a week stands among those before it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outrigger.review.money import WEEK_MS
from outrigger.review.weekly.volatility import volatility_shift, weekly_volatility
from tests.review.ledger import PAIR, START_MS
from tests.review.weekly.books import ETH, chart

WEEK_DAYS = 7


def zigzag(*sizes: float) -> pd.DataFrame:
    """Weeks in which every candle's log return is plus or minus one size."""
    frame = chart(WEEK_DAYS * len(sizes))
    sign = np.where(np.arange(len(frame)) % 2, 1.0, -1.0)
    frame["close"] = 40_000 * np.exp(np.cumsum(sign * np.repeat(sizes, 2016)))
    return frame


END_MS = START_MS + 3 * WEEK_MS


def test_weekly_volatility_of_equal_moves_is_their_size_times_the_root_of_288() -> None:
    found = weekly_volatility(zigzag(0.001, 0.002, 0.003), END_MS, 4)
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx(np.array([0.001, 0.002, 0.003]) * np.sqrt(288))


def test_weekly_volatility_of_a_week_with_large_holes_is_unknown() -> None:
    frame = zigzag(0.001, 0.002, 0.003)
    assert np.isnan(weekly_volatility(frame.drop(index=range(2100, 2600)), END_MS, 3)[1])
    thin = weekly_volatility(frame.drop(index=range(2100, 2200)), END_MS, 3)
    assert thin[1] == pytest.approx(0.002 * np.sqrt(288))


def test_weekly_volatility_does_not_look_beyond_the_end() -> None:
    whole, cut = (weekly_volatility(zigzag(*sizes), END_MS, 3) for sizes in ((1e-3,) * 5, (1e-3,) * 3))
    assert whole == pytest.approx(cut)


def test_volatility_shift_ranks_the_last_week() -> None:
    found = volatility_shift({PAIR: zigzag(0.001, 0.002, 0.004)}, (PAIR, ETH), END_MS)
    assert found is not None
    assert (found.rank, found.weeks) == (1.0, 2)
    assert found.now == pytest.approx(0.004 * np.sqrt(288))
    assert found.usual == pytest.approx(np.sqrt(0.001 * 0.002) * np.sqrt(288))
    calm = volatility_shift({PAIR: zigzag(0.002, 0.004, 0.001)}, (PAIR,), END_MS)
    assert calm is not None
    assert calm.rank == 0.0


def test_volatility_shift_averages_pairs_in_logs_and_ignores_those_without_the_week() -> None:
    charts = {PAIR: zigzag(0.001, 0.004), ETH: zigzag(0.004, 0.001)}
    found = volatility_shift(charts, (PAIR, ETH), START_MS + 2 * WEEK_MS)
    assert found is not None
    assert found.now == pytest.approx(found.usual) == pytest.approx(0.002 * np.sqrt(288))
    short = {PAIR: charts[PAIR], ETH: zigzag(0.004)}
    alone = volatility_shift(short, (PAIR, ETH), START_MS + 2 * WEEK_MS)
    assert alone is not None
    assert alone.now == pytest.approx(0.004 * np.sqrt(288))


def test_volatility_shift_of_an_unknown_week_is_no_answer() -> None:
    assert volatility_shift({PAIR: zigzag(0.001)}, (PAIR,), END_MS) is None
    assert volatility_shift({}, (PAIR,), END_MS) is None
