"""The account: fills from the book, stops on the path, and money that adds up."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.replay.book_now import book_now
from outrigger.replay.clock import Clock
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.request_terms import RefusedRequest
from outrigger.replay.signed_account import MOST_STOPS, TAKER_FEE, Account, Thin
from outrigger.replay.signed_orders import BUY, EXPIRED, FILLED, FINISHED, NEW, PARTLY, REJECTED, SELL, Asked
from outrigger.replay.signed_path import price_path
from outrigger.replay.signed_position import Position
from tests.replay.data_directory import START_MS, write_market

MINUTE, HOUR = 60_000, 3_600_000
NOW = START_MS + 5 * HOUR + 7 * MINUTE + 13_000
BTC = "BTCUSDT"
ONE = Decimal("0.1")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> MarketFiles:
    return MarketFiles(write_market(tmp_path_factory.mktemp("market"), days=1, bases=("BTC",)))


@pytest.fixture
def exchange(files: MarketFiles) -> SimpleNamespace:
    """An account with 10,000, whose clock stands."""
    known = SimpleNamespace(now=NOW)
    known.account = Account(ReplayMarket(files, Clock(lambda: known.now)), Decimal(10_000))
    known.account.settle()
    return known


def asked(side: str, quantity: Decimal = ONE, *, reduce_only: bool = False) -> Asked:
    return Asked(BTC, side, quantity, reduce_only, "mine")


def pass_time(exchange: SimpleNamespace, milliseconds: int) -> None:
    exchange.now += milliseconds
    exchange.account.settle()


def test_order_fills_at_the_book_and_pays_the_fee(exchange: SimpleNamespace) -> None:
    account = exchange.account
    best = book_now(account.market, BTC, float(account.price(BTC)), 1).asks[0][0]
    amount = Decimal("0.002")
    made = account.order(asked(BUY, amount))
    assert (made.status, made.filled, made.paid) == (FILLED, amount, amount * best)
    assert account.wallet == Decimal(10_000) - made.paid * TAKER_FEE
    assert account.position(BTC).amount == amount


def test_order_larger_than_the_best_level_walks_the_book(exchange: SimpleNamespace) -> None:
    account = exchange.account
    levels = book_now(account.market, BTC, float(account.price(BTC)), 1000).asks
    wanted = levels[0][1] + levels[1][1] + Decimal("0.001")
    account.wallet = Decimal(10**9)
    made = account.order(asked(BUY, wanted))
    assert [(fill.price, fill.amount) for fill in made.fills] == [
        *levels[:2],
        (levels[2][0], Decimal("0.001")),
    ]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (asked(BUY, Decimal(0)), -4003),
        (asked(BUY, Decimal("0.0005")), -1111),
        (asked(BUY, Decimal(121)), -4005),
        (asked(BUY, Decimal("0.001"), reduce_only=True), -2022),
        (asked(BUY, Decimal(100)), -2019),
    ],
    ids=["nothing", "between two lots", "too much", "nothing to reduce", "no money"],
)
def test_order_that_the_exchange_would_not_take_is_refused(
    exchange: SimpleNamespace, sent: Asked, code: int
) -> None:
    with pytest.raises(RefusedRequest) as refused:
        exchange.account.order(sent)
    assert refused.value.code == code
    assert not exchange.account.orders


def test_order_below_the_least_notional_is_refused_unless_it_reduces(exchange: SimpleNamespace) -> None:
    account = exchange.account
    account.order(asked(BUY, Decimal("0.003")))
    small = Decimal("0.001")
    assert account.price(BTC) * small < 100
    with pytest.raises(RefusedRequest, match="reduce only"):
        account.order(asked(SELL, small))
    assert account.order(asked(SELL, small, reduce_only=True)).status == FILLED


def test_stop_waits_for_its_price_and_fills_around_it(exchange: SimpleNamespace) -> None:
    account = exchange.account
    account.order(asked(BUY))
    path = price_path(account.market, BTC, NOW, NOW + 2 * HOUR)
    trigger = Decimal(str(round((float(account.price(BTC)) + path.prices.min()) / 2, 1)))
    stop = account.stop(asked(SELL, reduce_only=True), trigger, "MARK_PRICE")
    reached = path.reaches(float(trigger), -1)
    assert reached is not None
    pass_time(exchange, reached[0] - NOW - 2)
    assert (stop.status, account.position(BTC).amount) == (NEW, ONE)
    pass_time(exchange, 10 * MINUTE)
    sent = account.orders[stop.order]
    assert (stop.status, sent.status, account.position(BTC).amount) == (FINISHED, FILLED, 0)
    assert abs(sent.time_ms - reached[0]) <= 1
    assert float(sent.paid / sent.filled) == pytest.approx(float(trigger), rel=2e-4)
    assert sent.paid / sent.filled <= Decimal(repr(reached[1]))


def test_stop_that_would_trigger_at_once_is_refused(exchange: SimpleNamespace) -> None:
    account = exchange.account
    near = Decimal(str(round(float(account.price(BTC)), 1)))
    for side, trigger in ((SELL, near + 10), (BUY, near - 10)):
        with pytest.raises(RefusedRequest, match="immediately trigger"):
            account.stop(asked(side), trigger, "MARK_PRICE")
    with pytest.raises(RefusedRequest, match="tick size"):
        account.stop(asked(SELL), near - Decimal("10.05"), "MARK_PRICE")


def test_stop_beyond_the_limit_is_refused(exchange: SimpleNamespace) -> None:
    account = exchange.account
    far = Decimal(str(round(float(account.price(BTC)) * 0.5, 1)))
    for _ in range(MOST_STOPS):
        account.stop(asked(SELL), far, "MARK_PRICE")
    with pytest.raises(RefusedRequest) as refused:
        account.stop(asked(SELL), far, "MARK_PRICE")
    assert refused.value.code == -4045


def test_stop_with_nothing_left_to_close_is_rejected_when_it_is_set_off(exchange: SimpleNamespace) -> None:
    account = exchange.account
    stop = account.stop(asked(SELL, reduce_only=True), account.price(BTC).quantize(ONE) - 50, "MARK_PRICE")
    account.set_off(stop, stop.trigger, NOW)
    assert (stop.status, stop.order) == (REJECTED, None)
    assert not account.orders


def test_stop_that_was_cancelled_stays_so(exchange: SimpleNamespace) -> None:
    account = exchange.account
    account.order(asked(BUY))
    stop = account.stop(asked(SELL, reduce_only=True), account.price(BTC).quantize(ONE) - 1, "MARK_PRICE")
    account.cancel(stop)
    pass_time(exchange, 10 * HOUR)
    assert account.position(BTC).amount == ONE
    with pytest.raises(RefusedRequest) as refused:
        account.cancel(stop)
    assert refused.value.code == -2011


@pytest.mark.parametrize(("waits", "status", "held"), [(True, FILLED, 0), (False, EXPIRED, Decimal("0.060"))])
def test_thin_book_fills_a_part_of_a_stop_and_the_rest_waits_or_expires(
    exchange: SimpleNamespace, waits: bool, status: str, held: Decimal
) -> None:
    account = exchange.account
    account.order(asked(BUY))
    stop = account.stop(asked(SELL, reduce_only=True), account.price(BTC).quantize(ONE) - 50, "MARK_PRICE")
    account.thin = Thin(Decimal("0.4"), waits)
    account.set_off(stop, stop.trigger, NOW)
    sent = account.orders[stop.order]
    assert sent.filled == Decimal("0.040")
    assert sent.status == (PARTLY if waits else EXPIRED)
    account.thin = None
    pass_time(exchange, 1_000)
    assert (sent.status, account.position(BTC).amount) == (status, held)


def test_funding_is_charged_on_what_is_held_at_its_time(exchange: SimpleNamespace) -> None:
    account = exchange.account
    exchange.now = START_MS + 8 * HOUR - 1_000
    account.settle()
    account.order(asked(SELL))
    before = account.wallet
    pass_time(exchange, 2_000)
    rate = Decimal(repr(float(account.market.funding(BTC).values[-1, 0])))
    assert [(one.time_ms, one.symbol) for one in account.charges] == [(START_MS + 8 * HOUR, BTC)]
    assert account.wallet - before == account.charges[0].amount == ONE * account.price(BTC) * rate


@given(
    trades=st.lists(
        st.tuples(st.integers(-50, 50).filter(bool), st.integers(1, 1_000)), min_size=1, max_size=12
    )
)
def test_position_that_is_closed_has_earned_what_was_received_less_what_was_paid(
    trades: list[tuple[int, int]],
) -> None:
    position = Position()
    earned = sum((position.trade(Decimal(amount), Decimal(price), 0) for amount, price in trades), Decimal(0))
    left, last = position.amount, Decimal(trades[-1][1])
    received = -sum((Decimal(amount) * Decimal(price) for amount, price in trades), Decimal(0))
    # Cash flow plus what the rest is worth, whatever the order of buying and selling was.
    assert float(earned + position.unrealised(last)) == pytest.approx(float(received + left * last), abs=1e-6)
    assert position.side == (left > 0) - (left < 0)
