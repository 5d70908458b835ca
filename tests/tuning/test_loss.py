"""The loss of an epoch, worked out by hand."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.resolvers.hyperopt_resolver import HyperOptLossResolver
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import SettingsError
from outrigger.tuning.freqtrade_results import results_loss
from outrigger.tuning.loss import FEWEST_TRADES, UNJUDGED, Epoch, epoch_loss, lower_bound
from tests.conftest import REPOSITORY

# Student's one-sided 90 % quantiles, from the table of any textbook.
T90_1, T90_3, T90_4 = 3.0777, 1.6377, 1.5332


def epoch(profits: list[float], days: list[int] | None = None, **changed: Any) -> Epoch:
    """One trade a day unless said, each of 10,000 notional, none left by a stop."""
    count = len(profits)
    values: dict[str, Any] = {
        "profits": np.array(profits, dtype=np.float64),
        "notionals": np.full(count, 10_000.0),
        "stopped": np.zeros(count, dtype=np.bool_),
        "days": np.array(range(count) if days is None else days, dtype=np.int64),
    }
    return Epoch(**{**values, **changed})


def test_lower_bound_of_one_result_a_day_is_the_textbook_one() -> None:
    # Mean 2, sample variance (4 + 0 + 0 + 4) / 3, error of the mean its root over 2.
    bound = lower_bound(np.array([0.0, 2.0, 2.0, 4.0]), np.arange(4))
    assert bound == pytest.approx(2 - T90_3 * sqrt(8 / 3) / 2, rel=1e-4)


def test_lower_bound_with_results_of_one_day_together_counts_days() -> None:
    # Two days, sums around the mean -4 and +4: error sqrt(2 / 1 * 32) / 4 = 2, where singly it is 0.82.
    bound = lower_bound(np.array([0.0, 0.0, 4.0, 4.0]), np.array([7, 7, 9, 9]))
    assert bound == pytest.approx(2 - T90_1 * 2, rel=1e-4)


def test_epoch_loss_is_the_sum_worked_out_by_hand() -> None:
    # Ten trades over five days, two a day: +100, -50. Mean 25 = 0.25 % of 10,000, each day's sum the same:
    # no error. Worst twentieth: one trade, 0.5 %. The balance falls by 50 from 10,100, 10,150 and so on.
    loss = epoch_loss(epoch([100.0, -50.0] * 5, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]), 10_000.0, slippage=0.001)
    assert loss == pytest.approx(100 * (-0.0025 + 0.05 * 0.005 + 0.5 * (50 / 10_100) / 10))


def test_epoch_loss_takes_slippage_off_stop_exits_alone() -> None:
    # Ten basis points of 10,000 are 10: stopped trades earn 90 and -60 in place of 100 and -50.
    days = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    stopped = np.tile([False, True], 5)
    slipped = epoch_loss(epoch([100.0, -50.0] * 5, days, stopped=stopped), 10_000.0, slippage=0.001)
    plain = epoch_loss(epoch([100.0, -60.0] * 5, days), 10_000.0, slippage=0.0)
    assert slipped == pytest.approx(plain)


def test_epoch_loss_of_few_trades_is_worse_than_of_many_like_them() -> None:
    results = [120.0, -60.0, 30.0, 90.0, -40.0]
    few, many = (epoch_loss(epoch(results * times), 10_000.0, 0.0) for times in (2, 8))
    assert many < few


def test_epoch_loss_prefers_many_steady_trades_to_a_few_lucky_ones() -> None:
    lucky = epoch_loss(epoch([300.0, 250.0, -90.0, -95.0, -90.0, 310.0, -92.0, -99.0, 20.0, 80.0]), 1e4, 0.0)
    steady = epoch_loss(epoch([60.0, -40.0, 50.0, 5.0] * 20), 1e4, 0.0)
    assert steady < lucky  # means 49.4 and 18.8


@pytest.mark.parametrize("profits", [[], [500.0], [500.0] * (FEWEST_TRADES - 1)])
def test_epoch_loss_without_enough_trades_is_worse_than_any_judged(profits: list[float]) -> None:
    assert UNJUDGED - 1 < epoch_loss(epoch(profits), 10_000.0, 0.0) <= UNJUDGED
    ruin = epoch_loss(epoch([-900.0] * FEWEST_TRADES), 10_000.0, 0.0)
    assert ruin < UNJUDGED - 1


def test_epoch_loss_of_trades_of_two_days_is_not_judged() -> None:
    assert epoch_loss(epoch([500.0] * 40, [0] * 20 + [1] * 20), 10_000.0, 0.0) > UNJUDGED - 1


@given(
    st.lists(st.floats(-200, 200), min_size=FEWEST_TRADES, max_size=60),
    st.floats(0.1, 10.0),
)
def test_epoch_loss_is_the_same_share_of_any_balance(profits: list[float], times: float) -> None:
    one, other = epoch(profits), epoch([times * profit for profit in profits])
    assert epoch_loss(other, times * 20_000.0, 0.0) == pytest.approx(
        epoch_loss(one, 20_000.0, 0.0), abs=1e-9, rel=1e-9
    )


@given(st.lists(st.floats(-200, 200), min_size=FEWEST_TRADES, max_size=60), st.floats(0.0, 0.01))
def test_epoch_loss_never_falls_with_slippage(profits: list[float], slippage: float) -> None:
    stopped = np.ones(len(profits), dtype=np.bool_)
    assert epoch_loss(epoch(profits, stopped=stopped), 1e5, slippage) >= (
        epoch_loss(epoch(profits, stopped=stopped), 1e5, 0.0) - 1e-9
    )


def frame() -> pd.DataFrame:
    """Ten trades of Freqtrade, in no order: 2,000 of stake at 5x, half of them stopped."""
    closed = pd.date_range("2026-03-04", periods=10, freq="D", tz="UTC")
    made = pd.DataFrame(
        {
            "close_date": closed,
            "profit_abs": [100.0, -50.0] * 5,
            "max_stake_amount": 2_000.0,
            "leverage": 5.0,
            "exit_reason": ["exit_signal", "trailing_stop_loss"] * 5,
        }
    )
    return made.iloc[::-1]


def test_results_loss_reads_freqtrades_frame_in_order_of_exits() -> None:
    stopped = np.tile([False, True], 5)
    expected = epoch_loss(epoch([100.0, -50.0] * 5, stopped=stopped), 10_000.0, 0.002)
    config = {"outrigger": {"risk": {"slippage": 0.002}}}
    assert results_loss(frame(), config, 10_000.0) == pytest.approx(expected)


def test_freqtrade_finds_the_loss_function_in_the_repositorys_user_directory() -> None:
    config: dict[str, Any] = {
        "user_data_dir": REPOSITORY / "user_data",
        "hyperopt_loss": "OutriggerLoss",
        "timeframe": "1m",
        "outrigger": {"risk": {"slippage": 0.002}},
    }
    loss = HyperOptLossResolver.load_hyperoptloss(config)
    given = {"results": frame(), "trade_count": 10, "config": config, "starting_balance": 10_000.0}
    assert loss.hyperopt_loss_function(**given) == results_loss(frame(), config, 10_000.0)


def test_results_loss_without_trades_is_not_judged() -> None:
    assert results_loss(frame().iloc[:0], {}, 10_000.0) == UNJUDGED


def test_results_loss_with_unusable_settings_says_so() -> None:
    with pytest.raises(SettingsError, match="slippage"):
        results_loss(frame(), {"outrigger": {"risk": {"slippage": -1.0}}}, 10_000.0)
