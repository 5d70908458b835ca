"""Which trade was the leg of which."""

from __future__ import annotations

from outrigger.hedge.pairing import pairings, worst_stopouts
from tests.hedge.samples import BTC, ETH
from tests.hedge.trades import trade


def test_leg_finds_the_trade_that_was_open_when_it_was_opened():
    first = trade(BTC, 1, 0, 2, "a")
    second = trade(BTC, 1, 3, 8, "b")
    other_side = trade(BTC, -1, 3, 8, "c")
    leg = trade(ETH, -1, 4, 9, "hedge:BTC#2")
    lost = trade(ETH, -1, 10, 11, "hedge:SOL#9")
    found = pairings([first, second, other_side, leg, lost])
    assert [(one.leg, one.primary) for one in found] == [(leg, second), (lost, None)]


def test_leg_opened_in_the_candle_in_which_one_primary_follows_another_is_the_later_ones():
    later, earlier = trade(BTC, 1, 3, 5, "b"), trade(BTC, 1, 0, 3, "a")
    leg = trade(ETH, -1, 3, 9, "hedge:BTC#2")
    assert pairings([later, earlier, leg])[0].primary is later


def test_number_decides_where_trades_have_one():
    """The primary of another bot's database, or one whose number was given away again."""
    leg = trade(ETH, -1, 4, 9, "hedge:BTC#2", number=3)
    assert pairings([trade(BTC, 1, 3, 8, "b", number=1), leg])[0].primary is None
    primary = trade(BTC, 1, 3, 8, "b", number=2)
    assert pairings([primary, leg])[0].primary is primary


def test_worst_stopouts_are_losses_by_a_stop_the_largest_first():
    ends = (
        (-5.0, "stop_loss"),
        (-9.0, "stop_crossed"),
        (3.0, "trailing_stop_loss"),
        (-20.0, "force_exit"),
        (-7.0, "stop_loss"),
    )
    trades = []
    for number, (profit, reason) in enumerate(ends):
        trades.append(trade(BTC, 1, 2 * number, 2 * number + 1, "x", profit=profit, exit_reason=reason))
        trades.append(trade(ETH, -1, 2 * number, 2 * number + 1, f"hedge:BTC#{number + 1}"))
    found = worst_stopouts(pairings(trades), 2)
    assert [one.primary.profit for one in found] == [-9.0, -7.0]
    assert len(worst_stopouts(pairings(trades), 5)) == 3
