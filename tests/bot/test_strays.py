"""Positions that no trade explains: no order is added to them, and the trader is told once."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.exceptions import TemporaryError
from freqtrade.persistence import Trade
from freqtrade.wallets import PositionWallet
from hypothesis import given
from hypothesis import strategies as st

from outrigger.bot.entries import Entries
from outrigger.bot.faults import FaultLog
from outrigger.bot.strays import HOUR_MS, Strays, unexplained

ETH, BTC = "ETH/USDT:USDT", "BTC/USDT:USDT"
ASKED = ("short", "hedge:BTC#1", 0, 5.0, 0.0, 100.0)


class Account:
    """Freqtrade's exchange, as far as positions go; contracts of a tenth of a coin."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.asked = 0
        self.problem: Exception | None = None

    def hold(self, pair: str, side: str | None, contracts: float | None) -> None:
        self.rows = [row for row in self.rows if row["symbol"] != pair]
        self.rows.append({"symbol": pair, "side": side, "contracts": contracts})

    def fetch_positions(self, *, count: int) -> list[dict[str, Any]]:
        assert count == 0, "a loop waits for one request, not for its repetitions"
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        return self.rows

    def _contracts_to_amount(self, pair: str, contracts: float) -> float:
        return contracts / 10


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def strategy(account: Account) -> Any:
    told: list[str] = []
    positions: dict[str, PositionWallet] = {}

    def tell(text: str, key: str, *, urgent: bool) -> None:
        assert urgent
        assert key in (f"stray {ETH}", f"stray {BTC}")
        told.append(text)

    return SimpleNamespace(
        told=told,
        config={"dry_run": False},
        positions=positions,
        faults=FaultLog(),
        wallets=SimpleNamespace(get_all_positions=lambda: positions),
        messages=SimpleNamespace(tell=tell),
        dp=SimpleNamespace(_exchange=account, current_whitelist=lambda: [BTC, ETH]),
    )


@pytest.fixture
def trades(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    open_trades: list[Any] = []
    monkeypatch.setattr(
        Trade, "get_trades_proxy", lambda pair, is_open: [t for t in open_trades if t.pair == pair]
    )
    return open_trades


def a_trade(pair: str = ETH, amount: float = 1.0, *, short: bool = False, ordered: bool = False) -> Any:
    return SimpleNamespace(pair=pair, amount=amount, is_short=short, has_open_orders=ordered)


def entries(*, live: bool = True) -> Entries:
    """Entries that would give every leg a stake of 10."""
    hedge: Any = SimpleNamespace(entries=SimpleNamespace(ticket=lambda _: None, stake=lambda *_: 10.0))
    overrides: Any = SimpleNamespace(leg_refusal=lambda *_: None)
    unused: Any = None
    return Entries(unused, unused, hedge, unused, overrides, live=live)


def test_stake_is_refused_where_a_position_is_known_to_no_trade(
    strategy: Any, trades: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    strategy.positions[ETH] = PositionWallet(ETH, position=0.228, side="short")
    asked = entries()
    with caplog.at_level(logging.INFO):
        assert [asked.stake(strategy, ETH, *ASKED) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert len(strategy.told) == 1
    assert "short position of 0.228 that no trade knows" in strategy.told[0]
    assert "no entry: the exchange holds" in caplog.text
    assert asked.stake(strategy, BTC, *ASKED) == 10.0


def test_stake_is_given_again_once_the_position_is_gone_and_the_next_one_is_told(
    strategy: Any, trades: list[Any]
) -> None:
    asked = entries()
    for _ in range(2):
        strategy.positions[ETH] = PositionWallet(ETH, position=1.0, side="long")
        assert asked.stake(strategy, ETH, *ASKED) == 0.0
        strategy.positions.clear()
        assert asked.stake(strategy, ETH, *ASKED) == 10.0
    assert len(strategy.told) == 2


def test_stake_is_given_where_the_position_is_a_trades_own_or_nobody_runs(
    strategy: Any, trades: list[Any]
) -> None:
    strategy.positions[ETH] = PositionWallet(ETH, position=1.0)
    assert entries(live=False).stake(strategy, ETH, *ASKED) == 10.0
    trades.append(a_trade())
    assert entries().stake(strategy, ETH, *ASKED) == 10.0
    assert strategy.told == []


def test_look_asks_at_the_start_and_once_an_hour_and_tells_a_stray_once(
    strategy: Any, trades: list[Any], account: Account
) -> None:
    strays = Strays(live=True)
    account.hold(ETH, "short", 2.28)
    for loop in range(0, 3 * HOUR_MS, 20_000):
        strays.look(strategy, loop)
    assert account.asked == 3
    assert len(strategy.told) == 1
    assert "short position of 0.228 that no trade knows" in strategy.told[0]
    assert strategy.told[0].startswith(ETH)
    assert strategy.faults.total() == 0


def test_look_tells_a_stray_again_that_has_changed_or_come_back(
    strategy: Any, trades: list[Any], account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    strays = Strays(live=True)
    held: list[tuple[str | None, float | None]]
    held = [("long", 10.0), ("long", 20.0), (None, None), ("long", 0.0), ("long", 20.0), ("short", 20.0)]
    counts = []
    with caplog.at_level(logging.INFO):
        for hour, (side, contracts) in enumerate(held):
            account.hold(ETH, side, contracts)
            strays.look(strategy, hour * HOUR_MS)
            counts.append(len(strategy.told))
    assert counts == [1, 2, 2, 2, 3, 4]
    assert caplog.text.count("is gone") == 1


def test_look_and_entry_tell_the_same_stray_once(strategy: Any, trades: list[Any], account: Account) -> None:
    asked = entries()
    strategy.positions[ETH] = PositionWallet(ETH, position=0.228, side="short")
    account.hold(ETH, "short", 2.28)
    asked.strays.look(strategy, 0)
    assert asked.stake(strategy, ETH, *ASKED) == 0.0
    asked.strays.look(strategy, HOUR_MS)
    assert len(strategy.told) == 1


def test_look_says_which_part_of_a_position_its_trade_does_not_explain(
    strategy: Any, trades: list[Any], account: Account
) -> None:
    trades.append(a_trade(amount=1.0))
    account.hold(ETH, "long", 15.0)
    Strays(live=True).look(strategy, 0)
    (told,) = strategy.told
    assert "long position of 1.5, 0.5 more than its trade" in told


def test_look_leaves_positions_of_other_pairs_alone_but_not_those_that_left_the_whitelist(
    strategy: Any, trades: list[Any], account: Account
) -> None:
    strays = Strays(live=True)
    account.hold("XRP/USDT:USDT", "long", 5.0)
    strays.look(strategy, 0)
    strategy.dp.current_whitelist = lambda: [BTC]
    account.hold(ETH, "long", 5.0)
    strays.look(strategy, HOUR_MS)
    assert [one.partition(" the")[0] for one in strategy.told] == [f"{ETH}:"]


def test_look_that_fails_is_a_fault_and_is_tried_again_in_an_hour(
    strategy: Any, trades: list[Any], account: Account
) -> None:
    strays = Strays(live=True)
    account.hold(ETH, "long", 5.0)
    account.problem = TemporaryError("no answer")
    for loop in (0, 20_000, HOUR_MS - 1):
        strays.look(strategy, loop)
    assert account.asked == 1
    assert strategy.faults.counts == {("stray positions", "all pairs", "TemporaryError"): 1}
    assert strategy.told == []
    account.problem = None
    strays.look(strategy, HOUR_MS)
    assert len(strategy.told) == 1


def test_look_is_not_taken_in_a_dry_run(strategy: Any, account: Account) -> None:
    strategy.config["dry_run"] = True
    Strays(live=True).look(strategy, 0)
    assert account.asked == 0


def test_look_is_taken_at_once_where_the_clock_was_set_back(strategy: Any, account: Account) -> None:
    strays = Strays(live=True)
    for loop in (HOUR_MS, HOUR_MS - 1):
        strays.look(strategy, loop)
    assert account.asked == 2


@pytest.mark.parametrize(
    ("held", "known", "rest"),
    [
        (1.0, [], 1.0),
        (-1.0, [], -1.0),
        (1.0, [a_trade(amount=1.0)], 0.0),
        (1.0, [a_trade(amount=0.995)], 0.0),
        (0.5, [a_trade(amount=1.0)], 0.0),  # Freqtrade sees that the rest was sold
        (-3.0, [a_trade(amount=1.0, short=True)], -2.0),
        (1.0, [a_trade(amount=1.0, short=True)], 2.0),  # the other way round: all of it and what was sold
        (3.0, [a_trade(amount=1.0, ordered=True)], 0.0),
        (0.0, [], 0.0),
    ],
)
def test_unexplained_is_what_goes_beyond_the_trades(held: float, known: list[Any], rest: float) -> None:
    assert unexplained(held, known) == pytest.approx(rest)


@given(st.floats(-1e6, 1e6), st.lists(st.floats(0, 1e6), max_size=3))
def test_unexplained_mirrors_and_never_points_against_the_position(held: float, amounts: list[float]) -> None:
    rest = unexplained(held, [a_trade(amount=one) for one in amounts])
    assert rest * held >= 0
    assert unexplained(-held, [a_trade(amount=one, short=True) for one in amounts]) == -rest
