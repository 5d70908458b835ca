import json
from pathlib import Path
from types import SimpleNamespace

import freqtrade.exchange
import pytest
from freqtrade.enums import MarginMode, TradingMode
from freqtrade.exchange import Binance
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.risk.liquidation import (
    MaintenanceTier,
    liquidation_distance,
    liquidation_price,
    maintenance_tiers,
    tier_of,
)
from tests.risk.tiers import FLAT, STEPPED, schedules

sides = st.sampled_from([1, -1])
notionals = st.floats(10.0, 2e7)
leverages = st.integers(1, 125)


def exact_ratio(side, notional, leverage, tiers):
    """Bisection of `margin + result = maintenance margin`, straight from the rule."""

    def spare(ratio):
        value = notional * ratio
        tier = tier_of(value, tiers)
        return notional / leverage + side * notional * (ratio - 1) - (value * tier.rate - tier.amount)

    solvent, broke = 1.0, 0.0 if side > 0 else 3.0
    if spare(solvent) <= 0:
        return 1.0
    if spare(broke) > 0:
        return broke
    for _ in range(80):
        middle = (solvent + broke) / 2
        solvent, broke = (middle, broke) if spare(middle) > 0 else (solvent, middle)
    return broke


@pytest.mark.parametrize(("leverage", "distance"), [(3, 0.331), (5, 0.197), (10, 0.0964), (20, 0.0462)])
def test_liquidation_distance_of_a_long_at_four_tenths_maintenance_is_the_published_one(leverage, distance):
    assert liquidation_distance(1, 10_000, leverage, FLAT) == pytest.approx(distance, abs=0.0005)


def test_liquidation_price_of_a_short_by_hand():
    # 1 coin at 100, margin 10: 10 + (100 - p) = .004 p  ->  p = 110 / 1.004
    assert liquidation_price(-1, 100.0, 100.0, 10, FLAT) == pytest.approx(110 / 1.004)


def test_liquidation_price_of_a_long_without_leverage_is_zero():
    assert liquidation_price(1, 100.0, 100.0, 1, FLAT) == 0.0
    assert liquidation_distance(1, 100.0, 1, FLAT) == 1.0


def test_liquidation_price_that_would_be_negative_is_zero():
    assert liquidation_price(1, 100.0, 100.0, 1, (MaintenanceTier(0.0, 0.004, 1.0),)) == 0.0


def test_liquidation_price_without_cover_is_the_entry():
    assert liquidation_price(1, 100.0, 5e7, 100, STEPPED) == 100.0
    assert liquidation_price(-1, 100.0, 5e7, 100, STEPPED) == 100.0


def test_liquidation_price_uses_the_tier_at_liquidation_not_at_entry():
    # A short of 45,000 at 2x is worth more than 50,000 when it is liquidated: the second tier holds.
    # 67,500 - v = .005 v - 50  ->  v = 67,550 / 1.005
    assert liquidation_price(-1, 45_000.0, 45_000.0, 2, STEPPED) == pytest.approx(67_550 / 1.005)


def test_liquidation_price_where_the_schedule_jumps_lies_at_the_jump():
    # Without amounts the requirement leaps from 11 to 330 when the short reaches 1,100.
    jumping = (MaintenanceTier(0.0, 0.01, 0.0), MaintenanceTier(1_100.0, 0.3, 0.0))
    assert liquidation_price(-1, 1.0, 1_000.0, 4, jumping) == pytest.approx(1.1)


@given(sides, notionals, leverages, schedules())
def test_liquidation_price_equals_bisection(side, notional, leverage, tiers):
    expected = exact_ratio(side, notional, leverage, tiers)
    assert liquidation_price(side, 1.0, notional, leverage, tiers) == pytest.approx(expected, abs=1e-9)


@given(sides, notionals, leverages, schedules())
def test_liquidation_distance_never_grows_with_leverage_or_size(side, notional, leverage, tiers):
    here = liquidation_distance(side, notional, leverage, tiers)
    assert liquidation_distance(side, notional, leverage + 1, tiers) <= here + 1e-12
    assert liquidation_distance(side, notional * 1.5, leverage, tiers) <= here + 1e-9


@pytest.mark.parametrize("is_short", [False, True])
@pytest.mark.parametrize("leverage", [2.0, 5.0, 20.0])
def test_liquidation_distance_equals_freqtrades_within_one_tier(is_short, leverage):
    engine = SimpleNamespace(
        get_maintenance_ratio_and_amt=lambda pair, stake: (0.004, 0.0),
        margin_mode=MarginMode.ISOLATED,
        trading_mode=TradingMode.FUTURES,
        liquidation_buffer=0.05,
        _config={"dry_run": True},
    )
    engine.dry_run_liquidation_price = lambda **kwargs: Binance.dry_run_liquidation_price(engine, **kwargs)
    stake = 300.0
    price = Binance.get_liquidation_price(
        engine, "BTC/USDT:USDT", 40_000.0, is_short, stake * leverage / 40_000.0, stake, leverage, stake
    )
    side = -1 if is_short else 1
    ours = liquidation_distance(side, stake * leverage, leverage, FLAT, buffer=0.05)
    assert ours == pytest.approx(abs(price / 40_000.0 - 1), rel=1e-9)


def test_maintenance_tiers_reads_freqtrades_own_file():
    path = Path(freqtrade.exchange.__file__).parent / "binance_leverage_tiers.json"
    rows = json.loads(path.read_text())["BTC/USDT:USDT"]
    tiers = maintenance_tiers(rows, "BTC/USDT:USDT")
    assert [tier.rate for tier in tiers] == [row["maintenanceMarginRate"] for row in rows]
    assert [tier.amount for tier in tiers] == [float(row["info"]["cum"]) for row in rows]
    assert [tier.max_leverage for tier in tiers] == [row["maxLeverage"] for row in rows]


def test_maintenance_tiers_reads_what_freqtrade_holds_in_memory():
    row = {
        "minNotional": 0,
        "maxNotional": 1e6,
        "maintenanceMarginRate": 0.01,
        "maxLeverage": 50,
        "maintAmt": 2,
    }
    assert maintenance_tiers([row], "X") == (MaintenanceTier(0.0, 0.01, 2.0, 50.0),)


@pytest.mark.parametrize("rows", [[], [{}], [{"minNotional": 0, "maintenanceMarginRate": "x"}], [None]])
def test_maintenance_tiers_that_cannot_be_read_name_the_pair(rows):
    with pytest.raises(DataError, match="BTC/USDT:USDT"):
        maintenance_tiers(rows, "BTC/USDT:USDT")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1.0, 100.0, 2, FLAT), "side"),
        ((1, 0.0, 100.0, 2, FLAT), "entry"),
        ((1, 1.0, float("nan"), 2, FLAT), "notional"),
        ((1, 1.0, 100.0, 0.5, FLAT), "leverage"),
        ((1, 1.0, 100.0, 2, ()), "tiers"),
        ((1, 1.0, 100.0, 2, STEPPED[::-1]), "rise"),
    ],
)
def test_liquidation_price_refuses_unusable_numbers(arguments, message):
    with pytest.raises(DataError, match=message):
        liquidation_price(*arguments)


def test_liquidation_distance_refuses_a_buffer_of_the_whole_distance():
    with pytest.raises(DataError, match="liquidation_buffer"):
        liquidation_distance(1, 100.0, 2, FLAT, buffer=1.0)
