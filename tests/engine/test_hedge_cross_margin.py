"""What Freqtrade's own liquidation prices make of a leg in cross margin: the README tells traders."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.configuration.config_setup import setup_utils_configuration
from freqtrade.enums import MarginMode, RunMode

from tests.engine.hedge_harness import BTC, ETH, HedgeEngine

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

WALLET = 5_000.0
PRIMARY = SimpleNamespace(pair=BTC, amount=1.0, open_rate=40_000.0, stake_amount=8_000.0, is_short=False)
LEG = SimpleNamespace(pair=ETH, amount=5.0, open_rate=2_000.0, stake_amount=2_000.0, is_short=True)


@pytest.fixture
def exchange(hedge_engine: HedgeEngine) -> Iterator[Any]:
    config = setup_utils_configuration({**hedge_engine.base_config}, RunMode.BACKTEST)
    found = hedge_engine.exchange(config)
    before, found.margin_mode = found.margin_mode, MarginMode.CROSS
    yield found
    found.margin_mode = before


def liquidation(exchange: Any, *others: Any) -> float:
    price: float = exchange.dry_run_liquidation_price(
        pair=BTC,
        open_rate=PRIMARY.open_rate,
        is_short=False,
        amount=PRIMARY.amount,
        stake_amount=PRIMARY.stake_amount,
        leverage=5.0,
        wallet_balance=WALLET,
        open_trades=[PRIMARY, *others],
    )
    return price


def test_backtest_counts_no_gain_of_a_leg_in_cross_margin(exchange: Any) -> None:
    """Only the leg's own maintenance margin counts, so the primary's liquidation is nearer with it."""
    rate, amount = exchange.get_maintenance_ratio_and_amt(ETH, LEG.stake_amount)
    needed = LEG.amount * LEG.open_rate * rate - amount
    own_rate, _ = exchange.get_maintenance_ratio_and_amt(BTC, PRIMARY.stake_amount)
    assert needed > 0
    nearer = liquidation(exchange, LEG) - liquidation(exchange)
    assert nearer == pytest.approx(needed / (1 - own_rate))


def test_dry_run_takes_a_shorts_gain_for_a_loss_in_cross_margin(
    exchange: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ETH has fallen by a tenth and the short leg gained 1,000; Freqtrade brings the liquidation nearer."""
    monkeypatch.setitem(exchange._config, "runmode", RunMode.DRY_RUN)

    def marked(price: float) -> float:
        marks = {pair: {"markPrice": price if pair == ETH else 40_000.0} for pair in (BTC, ETH)}
        monkeypatch.setattr(exchange, "fetch_funding_rates", lambda _: marks)
        return liquidation(exchange, LEG)

    assert marked(1_800.0) > marked(2_000.0) + 900.0
