"""Every way a position leaves, from Freqtrade's own trades and orders to a line of the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from freqtrade.persistence import Order

from outrigger.bot.faults import FaultLog
from outrigger.bot.ledger_writer import LedgerWriter
from outrigger.bot.regimes import COLUMNS
from outrigger.ledger.book import directory_in, read_ledger
from outrigger.ledger.entry import ExitKind, Keeper, LedgerEntry
from outrigger.stops.keeper import StopKeeper
from outrigger.stops.law import StopState
from tests.bot.trading import ENTRY, PAIR, moment, ms, trade

FILLED = timedelta(milliseconds=700)


def order(side: str = "sell", **changed: Any) -> Order:
    known: dict[str, Any] = {
        "ft_order_side": side,
        "ft_pair": PAIR,
        "ft_amount": 0.1,
        "ft_price": 38_790.0,
        "order_id": "dry_run_1",
        "status": "closed",
        "order_type": "market",
        "average": 38_780.0,
        "amount": 0.1,
        "filled": 0.1,
        "order_date": moment(10),
        "order_filled_date": moment(10) + FILLED,
        "ft_order_tag": "stop_loss",
    }
    return Order(**{**known, **changed})


class Desk:
    """A writer, the keeper beside it, and what it has written."""

    def __init__(self, home: Path, *, live: bool = True, dry: bool = True) -> None:
        self.home, self.faults, self.keeper = home, FaultLog(), StopKeeper(0.0005)
        config = {"user_data_dir": home, "dry_run": dry}
        self.writer = LedgerWriter(config, self.keeper, self.faults, live=live)

    def decided(
        self, made: Any, reason: str = "stop_loss", rate: float = 38_790.0, minute: float = 10
    ) -> None:
        at: datetime = moment(minute) - timedelta(milliseconds=50)
        self.writer.decided(made, reason, rate, at)

    def entries(self) -> tuple[LedgerEntry, ...]:
        return read_ledger(directory_in(self.home))


@pytest.fixture
def desk(tmp_path: Path, no_database: None) -> Desk:
    return Desk(tmp_path)


def test_software_stop_has_its_stop_its_decision_and_its_fill(desk: Desk) -> None:
    """20 of 38,800 below the stop are 5.15 bp, half of it after the decision; 750 ms after it."""
    made = trade(stop_loss=38_800.0, is_open=False)
    desk.decided(made)
    desk.writer.filled(made, order())
    (entry,) = desk.entries()
    assert entry == LedgerEntry(
        trade_id=1,
        order_id="dry_run_1",
        pair=PAIR,
        exchange="binance",
        side=1,
        leg=False,
        reason="stop_loss",
        kind=ExitKind.STOP,
        kept_by=Keeper.SOFTWARE,
        stop=38_800.0,
        quoted=38_790.0,
        decided_ms=ms(10) - 50,
        ordered_ms=ms(10),
        filled_ms=ms(10) + 700,
        price=38_780.0,
        amount=0.1,
        left=0.0,
        regime=None,
        dry=True,
    )
    assert entry.slippage_bp == pytest.approx(20 / 38_800 * 1e4)
    assert entry.delay_ms == 750


def test_stop_on_the_exchange_is_judged_by_its_own_price_and_has_no_decision(desk: Desk) -> None:
    made = trade(stop_loss=38_900.0, is_open=False)
    placed = order("stoploss", ft_order_tag=None, stop_price=38_800.0, order_date=moment(3))
    desk.writer.filled(made, placed)
    (entry,) = desk.entries()
    assert (entry.reason, entry.kept_by, entry.stop) == ("stoploss_on_exchange", Keeper.EXCHANGE, 38_800.0)
    assert (entry.decided_ms, entry.quoted, entry.delay_ms) == (None, None, None)


def test_crossed_stop_is_judged_by_the_stop_that_could_not_be_placed(desk: Desk) -> None:
    made = trade(stop_loss=38_800.0, is_open=False)
    desk.keeper.put(1, StopState(1, ENTRY, 38_800.0, 40_740.0, 42_000.0, True, ms(5)))
    desk.decided(made, "stop_crossed", 40_700.0)
    desk.writer.filled(made, order(ft_order_tag="stop_crossed", average=40_690.0))
    (entry,) = desk.entries()
    assert (entry.kind, entry.stop) == (ExitKind.STOP, 40_740.0)


def test_partial_fill_cancelled_and_replaced_makes_two_lines_of_one_trade(desk: Desk) -> None:
    made = trade(stop_loss=38_800.0, amount=0.06)
    desk.decided(made)
    desk.writer.filled(made, order(status="canceled", filled=0.04, order_id="a"))
    made.is_open = False
    desk.decided(made, rate=38_700.0, minute=11)
    later = {"order_date": moment(11), "order_filled_date": moment(11) + FILLED, "average": 38_690.0}
    desk.writer.filled(made, order(filled=0.06, order_id="b", **later))
    first, second = desk.entries()
    assert (first.trade_id, first.amount, first.left) == (1, 0.04, 0.06)
    assert (second.trade_id, second.amount, second.left, second.delay_ms) == (1, 0.06, 0.0, 750)


def test_cancelled_order_without_a_fill_leaves_no_line(desk: Desk) -> None:
    desk.writer.filled(trade(stop_loss=38_800.0), order(status="canceled", filled=0.0))
    assert desk.entries() == ()


@pytest.mark.parametrize(
    ("reason", "kind", "stop"),
    [
        ("emergency_exit", ExitKind.EMERGENCY, None),
        ("override_close", ExitKind.OTHER, None),
        ("force_exit", ExitKind.OTHER, None),
        ("liquidation", ExitKind.LIQUIDATION, 32_500.0),
    ],
)
def test_exits_that_are_no_stops_are_marked(
    desk: Desk, reason: str, kind: ExitKind, stop: float | None
) -> None:
    made = trade(stop_loss=38_800.0, is_open=False, liquidation_price=32_500.0)
    desk.writer.filled(made, order(ft_order_tag=reason))
    (entry,) = desk.entries()
    assert (entry.reason, entry.kind, entry.stop) == (reason, kind, stop)


def test_decision_for_another_reason_is_not_this_exits(desk: Desk) -> None:
    made = trade(stop_loss=38_800.0, is_open=False)
    desk.decided(made, "stop_loss")
    desk.writer.filled(made, order(ft_order_tag="emergency_exit"))
    assert desk.entries()[0].decided_ms is None


def test_exit_after_a_restart_has_no_decision_but_a_stop(desk: Desk) -> None:
    made = trade(stop_loss=38_800.0, is_open=False)
    desk.writer.filled(made, order())
    assert (desk.entries()[0].stop, desk.entries()[0].delay_ms) == (38_800.0, None)


def test_leg_is_marked_and_its_short_slips_upwards(desk: Desk) -> None:
    made = trade(is_short=True, stop_loss=41_200.0, enter_tag="hedge:ETH#3", is_open=False)
    desk.writer.filled(made, order("buy", average=41_210.3))
    (entry,) = desk.entries()
    assert (entry.leg, entry.side) == (True, -1)
    assert entry.slippage_bp == pytest.approx(2.5)


def test_entries_and_added_size_are_no_exits(desk: Desk) -> None:
    desk.writer.filled(trade(stop_loss=38_800.0), order("buy", ft_order_tag=None))
    assert desk.entries() == ()


def test_regime_is_the_likeliest_of_the_last_candle(desk: Desk) -> None:
    told = pd.DataFrame([[0.1, 0.2, 0.5, 0.1, 0.1], [0.1, 0.6, 0.1, 0.1, 0.1]], columns=list(COLUMNS))
    desk.writer.heed(PAIR, told)
    desk.writer.filled(trade(stop_loss=38_800.0, is_open=False), order())
    assert desk.entries()[0].regime == "trending"
    desk.writer.heed(PAIR, told * float("nan"))
    desk.writer.filled(trade(stop_loss=38_800.0, is_open=False), order(order_id="b"))
    assert [entry.regime for entry in desk.entries()] == ["trending", None]


def test_backtest_writes_nothing(tmp_path: Path, no_database: None) -> None:
    desk = Desk(tmp_path, live=False)
    made = trade(stop_loss=38_800.0, is_open=False)
    desk.decided(made)
    desk.writer.filled(made, order())
    assert not list(tmp_path.iterdir())


def test_fault_costs_a_line_and_never_the_trade(tmp_path: Path, no_database: None) -> None:
    (tmp_path / "outrigger").write_text("a file where the folder belongs")
    desk = Desk(tmp_path)
    made = trade(stop_loss=38_800.0, is_open=False)
    for _ in range(2):
        desk.decided(made)
        desk.writer.filled(made, order())
    broken: Any = SimpleNamespace(id=1, pair=PAIR)
    desk.writer.decided(broken, "stop_loss", 1.0, moment(1))
    assert {callback for callback, _, _ in desk.faults.counts} == {"ledger"}
    assert desk.faults.total() == 3
