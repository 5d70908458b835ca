"""Leverage first, stake second, as Freqtrade asks; every refusal has its reason."""

from __future__ import annotations

import json
import math
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.bot.sizing import EntryDesk, account_of, tiers_of, unrealised
from outrigger.errors import DataError
from outrigger.risk.size import Account
from outrigger.settings.risk import RiskSettings
from outrigger.stops.keeper import StopKeeper
from tests.bot.trading import ENTRY, PAIR, TRAIL, VOLATILITY, exchange, keeper, ms, trade

# Costs of nothing, so that risk divided by the distance is the whole sum: .5 % ÷ 3 % of 10,000 = 1,666.67.
FREE = RiskSettings(fee=0.0, slippage=0.0)
EQUITY = 10_000.0
FULL = 10_000 * 0.005 / 0.03


def risk_in(trades: list[Any], kept: StopKeeper, settings: RiskSettings) -> float:
    return account_of(trades, kept, EQUITY, 1.0, settings).open_risk


def desk(kept: StopKeeper | None = None) -> EntryDesk:
    return EntryDesk(kept or keeper([ENTRY] * 6))


def ask(
    asked: EntryDesk, *, side: int = 1, confidence: float = 1.0, equity: float = EQUITY, **given_: Any
) -> int:
    found = {"max_leverage": 125.0, "exchange": exchange(), "settings": FREE, **given_}
    return asked.leverage(PAIR, side, confidence, equity, ms(3), **found)


def test_leverage_then_stake_sizes_by_risk_over_distance() -> None:
    asked = desk()
    leverage = ask(asked)
    stake, refusal = asked.stake(PAIR, Account(EQUITY), leverage, 5.0, FREE)
    assert refusal is None
    assert stake * leverage == pytest.approx(FULL)


def test_leverage_keeps_the_stop_inside_half_the_way_to_liquidation() -> None:
    """A stop 3 % away needs 6 %: (1/L - .004) / (1 - .004) × .95 is .0643 at 14x and .0598 at 15x."""
    assert ask(desk(), settings=FREE.model_copy(update={"max_leverage": 50})) == 14


def test_leverage_is_capped_by_settings_and_exchange() -> None:
    assert ask(desk()) == FREE.max_leverage == 5
    assert ask(desk(), max_leverage=3.7) == 3
    assert ask(desk(), max_leverage=0.5) == 1


@pytest.mark.parametrize("side", [1, -1])
def test_confidence_scales_the_stake_and_nothing_else(side: int) -> None:
    asked = desk()
    assert ask(asked, side=side, confidence=1.0) == ask(asked, side=side, confidence=0.5) == 5
    half = 5
    stake, _ = asked.stake(PAIR, Account(EQUITY), half, 5.0, FREE)
    assert stake * half == pytest.approx(FULL / 2)
    assert asked.reasons(PAIR)["protective_distance"] == pytest.approx(0.03)


def test_stake_before_leverage_is_refused() -> None:
    stake, refusal = desk().stake(PAIR, Account(EQUITY), 5.0, 5.0, FREE)
    assert (stake, refusal) == (0.0, "no forecast for this pair yet")


@pytest.mark.parametrize("kept", [StopKeeper(0.0), keeper([ENTRY] * 6, VOLATILITY, sigma=nan)])
def test_no_forecast_is_leverage_one_and_a_refused_stake(kept: StopKeeper) -> None:
    asked = desk(kept)
    assert ask(asked) == 1
    assert asked.stake(PAIR, Account(EQUITY), 1.0, 5.0, FREE) == (0.0, "no forecast for this pair yet")
    assert asked.reasons(PAIR) == {}


def test_no_forecast_forgets_the_pairs_last_ticket() -> None:
    kept = keeper([ENTRY] * 6)
    asked = desk(kept)
    ask(asked)
    kept.set_track(PAIR, keeper([ENTRY] * 6, VOLATILITY, sigma=nan).track(PAIR))  # type: ignore[arg-type]
    assert ask(asked) == 1
    assert asked.stake(PAIR, Account(EQUITY), 5.0, 5.0, FREE)[0] == 0.0


@pytest.mark.parametrize("tiers", [{}, {PAIR: []}, {PAIR: [{"minNotional": 0.0}]}])
def test_missing_tiers_raise_and_leave_no_ticket(tiers: Any) -> None:
    asked = desk()
    with pytest.raises(DataError, match=f"tiers.*{PAIR}"):
        ask(asked, exchange=exchange(tiers))
    assert asked.stake(PAIR, Account(EQUITY), 1.0, 5.0, FREE)[0] == 0.0


def test_stop_outside_liquidation_even_at_one_is_refused() -> None:
    far = TRAIL.model_copy(update={"trailing_width": 0.5})
    asked = desk(keeper([ENTRY] * 6, far))
    assert ask(asked) == 1
    stake, refusal = asked.stake(PAIR, Account(EQUITY), 1.0, 5.0, FREE)
    assert stake == 0.0
    assert refusal is not None
    assert "50.00%" in refusal


def test_stake_below_the_exchanges_minimum_is_refused_not_rounded_up() -> None:
    asked = desk()
    leverage = ask(asked)
    smallest = FULL / leverage
    assert asked.stake(PAIR, Account(EQUITY), leverage, smallest * 0.999, FREE)[0] == pytest.approx(smallest)
    stake, refusal = asked.stake(PAIR, Account(EQUITY), leverage, smallest * 1.001, FREE)
    assert stake == 0.0
    assert refusal is not None
    assert "minimum" in refusal


@pytest.mark.parametrize(
    ("account", "word"),
    [
        (Account(nan), "equity"),
        (Account(0.0), "equity"),
        (Account(EQUITY, open_risk=inf), "max_open_risk"),
        (Account(EQUITY, open_risk=nan), "open risk"),
        (Account(EQUITY, open_risk=EQUITY * FREE.max_open_risk), "max_open_risk"),
        (Account(EQUITY, available_margin=0.0), "available margin"),
    ],
)
def test_stake_refusals_say_why(account: Account, word: str) -> None:
    asked = desk()
    stake, refusal = asked.stake(PAIR, account, ask(asked), 0.0, FREE)
    assert stake == 0.0
    assert refusal is not None
    assert word in refusal


def test_storm_is_walked_away_from() -> None:
    asked = desk(keeper([ENTRY] * 6, sigma=0.09))
    stake, refusal = asked.stake(PAIR, Account(EQUITY), ask(asked), 0.0, FREE)
    assert stake == 0.0
    assert refusal is not None
    assert "max_sigma" in refusal


@given(
    equity=st.floats(100.0, 1e7),
    risked=st.floats(0.0, 1e5),
    margin=st.floats(0.0, 1e7),
    confidence=st.floats(0.0, 1.0),
    sigma=st.floats(0.001, 0.2),
    side=st.sampled_from([1, -1]),
)
def test_stake_never_risks_more_than_its_share(
    equity: float, risked: float, margin: float, confidence: float, sigma: float, side: int
) -> None:
    settings = RiskSettings()
    asked = desk(keeper([ENTRY] * 6, VOLATILITY, sigma=sigma))
    leverage = ask(asked, side=side, confidence=confidence, equity=equity, settings=settings)
    stake, refusal = asked.stake(PAIR, Account(equity, risked, margin), leverage, 0.0, settings)
    assert (stake == 0.0) == (refusal is not None)
    assert stake <= margin * (1 + 1e-9)
    if stake:
        loss = stake * leverage * (asked.reasons(PAIR)["protective_distance"] + settings.round_trip_cost)
        assert loss <= confidence * settings.risk_per_trade * equity * (1 + 1e-9)
        assert loss + risked <= settings.max_open_risk * equity * (1 + 1e-9)


def test_reasons_are_plain_json() -> None:
    asked = desk()
    asked.stake(PAIR, Account(EQUITY), ask(asked), 5.0, FREE)
    told = json.loads(json.dumps(asked.reasons(PAIR), allow_nan=False))
    assert told["leverage"]["leverage"] == 5
    assert told["size"]["notional"] == pytest.approx(FULL)
    assert desk().reasons(PAIR) == {}


def test_risk_in_counts_from_our_stop_where_it_is_known() -> None:
    kept = keeper([ENTRY] * 6)
    made = trade(amount=0.1, stop_loss=30_000.0)
    # Without a state Freqtrade's own stop counts: .1 × 10,000.
    assert risk_in([made], kept, FREE) == pytest.approx(1_000.0)
    kept.open(made.id, PAIR, 1, ENTRY, ms(2))
    assert risk_in([made], kept, FREE) == pytest.approx(0.1 * 1_200)


def test_risk_in_secured_profit_and_unfilled_orders_risk_nothing() -> None:
    kept = keeper([ENTRY] * 6)
    secured = trade(is_short=True, stop_loss=39_000.0)
    assert risk_in([secured, trade(amount=0.0, stop_loss=39_000.0)], kept, FREE) == 0.0


def test_risk_in_sums_longs_and_shorts() -> None:
    both = [trade(stop_loss=39_000.0), trade(id=2, is_short=True, stop_loss=41_000.0)]
    assert risk_in(both, StopKeeper(0.0), FREE) == pytest.approx(200.0)
    costly = RiskSettings(fee=0.001, slippage=0.0)
    assert risk_in(both, StopKeeper(0.0), costly) == pytest.approx(200.0 + 8_000 * costly.round_trip_cost)


def test_risk_of_a_pair_is_that_of_its_larger_side_and_of_a_leg_alone_its_own() -> None:
    """Primary: 0.1 x 1,000 = 100; leg: 0.1 x 1,500 = 150."""
    primary, leg = trade(stop_loss=39_000.0), trade(id=2, is_short=True, stop_loss=41_500.0)
    for trades, paired, expected in (
        ([primary, leg], {}, 250.0),
        ([primary, leg], {2: 1}, 150.0),
        ([leg], {2: 1}, 150.0),
    ):
        found = account_of(trades, StopKeeper(0.0), EQUITY, 1e6, FREE, paired)
        assert found.open_risk == pytest.approx(expected)


@pytest.mark.parametrize(("short", "result"), [(False, 200.0), (True, -200.0)])
def test_unrealised_is_taken_at_the_last_closed_price(short: bool, result: float) -> None:
    kept = keeper([ENTRY, 42_000.0, 50_000.0])
    assert unrealised([trade(is_short=short)], kept, ms(2.5)) == pytest.approx(result)


def test_risk_of_a_trade_without_a_stop_is_without_limit_and_refuses_the_next() -> None:
    bare = trade(stop_loss=0.0)
    assert risk_in([bare], StopKeeper(0.0), FREE) == math.inf
    asked = desk()
    ask(asked)
    stake, refusal = asked.stake(PAIR, account_of([bare], StopKeeper(0.0), EQUITY, 1e6, FREE), 5.0, 5.0, FREE)
    assert (stake, refusal is not None) == (0.0, True)


def test_leverage_forced_beyond_what_the_stop_allows_is_refused() -> None:
    asked = desk()
    chosen = ask(asked, max_leverage=20.0)
    stake, refusal = asked.stake(PAIR, Account(EQUITY), chosen + 1.0, 5.0, FREE)
    assert stake == 0.0
    assert f"{chosen + 1}x is too much" in (refusal or "")
    assert asked.stake(PAIR, Account(EQUITY), float(chosen), 5.0, FREE)[0] > 0


def test_withdrawn_entry_is_forgotten() -> None:
    asked = desk()
    ask(asked)
    assert asked.knows(PAIR)
    asked.withdraw(PAIR)
    assert not asked.knows(PAIR)


def test_unrealised_unknown_pair_or_time_is_not_a_number() -> None:
    kept = keeper([50_000.0] * 3)
    assert math.isnan(unrealised([trade(pair="ETH/USDT:USDT")], kept, ms(2)))
    assert math.isnan(unrealised([trade()], kept, ms(0.5)))
    assert unrealised([], kept, ms(2)) == 0.0


def test_tiers_of_reads_freqtrades_rows() -> None:
    assert [(tier.min_notional, tier.rate) for tier in tiers_of(exchange(), PAIR)] == [
        (0.0, 0.004),
        (50_000.0, 0.01),
    ]
