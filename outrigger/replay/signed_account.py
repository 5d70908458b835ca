"""An account on the replay exchange: market orders, stops that wait, one position a contract.

It exists so that Freqtrade's way of placing, replacing and losing real orders can be rehearsed. Orders are
filled at the replay's book; stops are held against every price that was passed since the last look, and
fill at the book around the price that set them off. Deterministic: the same requests at the same times
give the same fills. Weak: nobody else trades, so nothing moves the book; it does not liquidate, and only
market orders and market stops are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

from outrigger.replay.book_now import book_now
from outrigger.replay.contracts import Rules, contract_rules
from outrigger.replay.market import ReplayMarket
from outrigger.replay.request_terms import RefusedRequest
from outrigger.replay.signed_orders import (
    BUY,
    CANCELED,
    EXPIRED,
    FILLED,
    FINISHED,
    NEW,
    PARTLY,
    REJECTED,
    Asked,
    Fill,
    Order,
    Stop,
    sign,
)
from outrigger.replay.signed_path import price_path
from outrigger.replay.signed_position import Position

TAKER_FEE = Decimal("0.0005")
LEVELS = 1000
MOST_STOPS = 10
# When, in which order at one time, a stop with its price or a symbol with its funding rate.
Happened = tuple[int, int, Stop | str, Decimal]
# Numbers of stops are of another kind than those of orders: whoever mixes them up finds nothing.
FIRST_ORDER, FIRST_STOP = 8_000_000_001, 2_000_000_000_001


@dataclass(frozen=True, slots=True)
class Charge:
    """Funding paid (negative) or received, in quote currency."""

    time_ms: int
    symbol: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Thin:
    """A book that gives only a part of what a stop wants.

    Parameters
    ----------
    share : Decimal
        Of the order's amount.
    waits : bool
        Whether the rest waits for the book to fill again, or expires.
    """

    share: Decimal
    waits: bool


@dataclass(slots=True)
class Account:
    """What an exchange keeps of one client.

    Parameters
    ----------
    market : ReplayMarket
        Prices, books and rules.
    wallet : Decimal
        Quote currency, without what open positions have earned.
    thin : Thin or None
        How the orders of stops are filled while something is wrong with the book.
    """

    market: ReplayMarket
    wallet: Decimal
    thin: Thin | None = None
    positions: dict[str, Position] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    stops: dict[int, Stop] = field(default_factory=dict)
    charges: list[Charge] = field(default_factory=list)
    settled_ms: int = -1

    def position(self, symbol: str) -> Position:
        """Give the position of a contract, an empty one where nothing is held."""
        return self.positions.setdefault(symbol, Position())

    def price(self, symbol: str) -> Decimal:
        """Price now; the mark is the same here."""
        return Decimal(repr(self.market.price(symbol) or 0.0))

    def available(self) -> Decimal:
        """Quote currency that is free for new positions."""
        return self.wallet - sum((one.margin for one in self.positions.values()), Decimal(0))

    def waiting(self, symbol: str | None = None) -> list[Stop]:
        """Stops that wait for their price."""
        live = (stop for stop in self.stops.values() if stop.status == NEW)
        return [stop for stop in live if symbol in (None, stop.asked.symbol)]

    def settle(self) -> None:
        """Let everything happen that prices have set off since the last time."""
        now, since = self.market.clock.now_ms(), self.settled_ms
        self.settled_ms = now
        if since < 0 or now <= since:
            return
        for order in list(self.orders.values()):
            if order.status == PARTLY and self.thin is None:
                self._fill(order, self.price(order.asked.symbol), now)
        happened: list[Happened] = [*self._reached(since, now), *self._due(since, now)]
        for at_ms, _, cause, price in sorted(happened, key=lambda one: one[:2]):
            if isinstance(cause, Stop):
                self.set_off(cause, price, at_ms)
            else:
                self._charge(cause, price, at_ms)

    def _reached(self, since: int, now: int) -> Iterator[Happened]:
        for stop in self.waiting():
            path = price_path(self.market, stop.asked.symbol, since, now)
            found = path.reaches(float(stop.trigger), sign(stop.asked.side))
            if found is not None:
                yield found[0], stop.number, stop, Decimal(repr(found[1]))

    def _due(self, since: int, now: int) -> Iterator[Happened]:
        for symbol, position in self.positions.items():
            if position.side:
                known = self.market.funding(symbol)
                for at_ms, rate in zip(known.times.tolist(), known.values[:, 0].tolist(), strict=True):
                    if since < at_ms <= now:
                        yield at_ms, 0, symbol, Decimal(repr(rate))

    def _charge(self, symbol: str, rate: Decimal, at_ms: int) -> None:
        amount = -self.position(symbol).amount * self.price(symbol) * rate
        self.wallet += amount
        self.charges.append(Charge(at_ms, symbol, amount))

    def order(self, asked: Asked) -> Order:
        """Accept a market order and fill it.

        Raises
        ------
        RefusedRequest
            If the exchange would not take it.
        """
        rules, price = contract_rules(self.market, asked.symbol), self.price(asked.symbol)
        _check_amount(asked.quantity, rules)
        if asked.reduce_only:
            if sign(asked.side) * self.position(asked.symbol).side != -1:
                raise RefusedRequest(-2022, "ReduceOnly Order is rejected.")
        else:
            self._check_means(asked, price, rules)
        made = Order(FIRST_ORDER + len(self.orders), asked, self.settled_ms)
        self.orders[made.number] = made
        self._fill(made, price, self.settled_ms)
        return made

    def stop(self, asked: Asked, trigger: Decimal, working: str) -> Stop:
        """Accept a stop.

        Raises
        ------
        RefusedRequest
            If the exchange would not take it.
        """
        rules = contract_rules(self.market, asked.symbol)
        _check_amount(asked.quantity, rules)
        if trigger <= 0 or trigger % rules.tick:
            raise RefusedRequest(-4014, "Price not increased by tick size.")
        if sign(asked.side) * (self.price(asked.symbol) - trigger) >= 0:
            raise RefusedRequest(-2021, "Order would immediately trigger.")
        if len(self.waiting(asked.symbol)) >= MOST_STOPS:
            raise RefusedRequest(-4045, "Reach max stop order limit.")
        made = Stop(FIRST_STOP + len(self.stops), asked, trigger, working, self.settled_ms, self.settled_ms)
        self.stops[made.number] = made
        return made

    def cancel(self, stop: Stop) -> None:
        """Take a stop back.

        Raises
        ------
        RefusedRequest
            If it does not wait any more.
        """
        if stop.status != NEW:
            raise RefusedRequest(-2011, "Unknown order sent.")
        stop.status, stop.updated_ms = CANCELED, self.settled_ms

    def set_off(self, stop: Stop, price: Decimal, at_ms: int) -> None:
        """Send the market order of a stop; it is rejected where there is nothing left to close."""
        stop.updated_ms = at_ms
        if stop.asked.reduce_only and sign(stop.asked.side) * self.position(stop.asked.symbol).side != -1:
            stop.status = REJECTED
            return
        sent = Order(FIRST_ORDER + len(self.orders), stop.asked, at_ms)
        self.orders[sent.number] = sent
        stop.status, stop.order = FINISHED, sent.number
        self._fill(sent, price, at_ms, self.thin)

    def _check_means(self, asked: Asked, price: Decimal, rules: Rules) -> None:
        notional = asked.quantity * price
        if notional < rules.least_notional:
            least = f"{rules.least_notional} (unless you choose reduce only)"
            raise RefusedRequest(-4164, f"Order's notional must be no smaller than {least}.")
        if notional / self.position(asked.symbol).leverage + notional * TAKER_FEE > self.available():
            raise RefusedRequest(-2019, "Margin is insufficient.")

    def _fill(self, order: Order, price: Decimal, at_ms: int, thin: Thin | None = None) -> None:
        """Fill from the book around a price, as far as it goes."""
        asked, position = order.asked, self.position(order.asked.symbol)
        left = wanted = asked.quantity - order.filled
        if thin is not None:
            lot = contract_rules(self.market, asked.symbol).lot
            left = wanted = (wanted * thin.share / lot).to_integral_value(ROUND_FLOOR) * lot
        if asked.reduce_only:
            left = wanted = min(wanted, abs(position.amount))
        book = book_now(self.market, asked.symbol, float(price), LEVELS)
        for level, there in book.asks if asked.side == BUY else book.bids:
            amount = min(left, there)
            if amount:
                self._book(order, position, level, amount, at_ms)
                left -= amount
        if order.filled == asked.quantity:
            order.status = FILLED
        else:
            # What a market order does not find is given up by the exchange.
            order.status = PARTLY if thin is not None and thin.waits else EXPIRED

    def _book(self, order: Order, position: Position, level: Decimal, amount: Decimal, at_ms: int) -> None:
        fee = amount * level * TAKER_FEE
        earned = position.trade(sign(order.asked.side) * amount, level, at_ms)
        self.wallet += earned - fee
        number = 1 + sum(len(one.fills) for one in self.orders.values())
        order.fills.append(Fill(number, order.number, at_ms, level, amount, fee, earned))


def _check_amount(quantity: Decimal, rules: Rules) -> None:
    if quantity <= 0:
        raise RefusedRequest(-4003, "Quantity less than or equal to zero.")
    if quantity % rules.lot:
        raise RefusedRequest(-1111, "Precision is over the maximum defined for this asset.")
    if quantity > rules.most_at_market:
        raise RefusedRequest(-4005, "Quantity greater than max quantity.")
