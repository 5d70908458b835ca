"""Binance's and Bybit's perpetuals through ccxt.

Depth: Binance gives at most 1,000 levels, 120 times a minute for all pairs together, Bybit 500; on a pair
with a fine tick that is far less than ±5 %, and bands beyond are NaN. Liquidations: neither exchange has them
over REST; Binance pushes at most one a second and pair over its socket, Bybit all. Ratios are five-minute
figures. The client spends a share of the exchange's allowance: a bot on the same address spends it too.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from outrigger.errors import SettingsError
from outrigger.market.recorder.clock import MACHINE, Clock
from outrigger.market.recorder.recorder import Reader
from outrigger.market.recorder.rows import Row, Structure, book_row, liquidation_rows, metrics_row
from outrigger.market.store.schema import Kind

logger = logging.getLogger(__name__)

Client = Any  # ccxt has no types of its own
ALLOWANCE_SHARE: Final = 0.5
# Order books leave this much of the share to everything else.
BOOKS_SHARE: Final = 0.8
WINDOW_MS: Final = 60_000.0


@dataclass(frozen=True, slots=True)
class Traits:
    """What ccxt does not say about an exchange.

    Parameters
    ----------
    client : str
        Name of ccxt's class.
    unit_ms : float
        Milliseconds in which the exchange allows one unit of request weight.
    book_weight : dict of int to int
        Levels that may be asked for, each with its weight.
    interest_params : dict
        Extra parameters of the open interest request.
    ratio_calls : dict of str to (str, str)
        Column, and the implicit method and field it comes from.
    """

    client: str
    unit_ms: float
    book_weight: dict[int, int]
    interest_params: dict[str, str]
    ratio_calls: dict[str, tuple[str, str]]


TRAITS: Final = {
    "binance": Traits(
        "binanceusdm",
        25.0,
        {50: 2, 100: 5, 500: 10, 1000: 20},
        {},
        {
            "top_account_ratio": ("fapiDataGetTopLongShortAccountRatio", "longShortRatio"),
            "top_position_ratio": ("fapiDataGetTopLongShortPositionRatio", "longShortRatio"),
            "account_ratio": ("fapiDataGetGlobalLongShortAccountRatio", "longShortRatio"),
            "taker_ratio": ("fapiDataGetTakerlongshortRatio", "buySellRatio"),
        },
    ),
    "bybit": Traits("bybit", 20.0, {50: 5, 200: 5, 500: 5}, {"interval": "5m"}, {}),
}


def make_client(
    exchange: str, config: Mapping[str, Any] | None = None, share: float = ALLOWANCE_SHARE
) -> Client:
    """Make ccxt's client of an exchange.

    Parameters
    ----------
    exchange : str
        `binance` or `bybit`.
    config : mapping, optional
        ccxt's own configuration, such as other addresses; wins over what is set here.
    share : float
        Of the exchange's request allowance, in (0, 1].

    Returns
    -------
    object
        A client for asyncio, not yet connected.

    Raises
    ------
    SettingsError
        If the exchange is another, or the share is out of range.
    """
    import ccxt.pro  # noqa: PLC0415  (a second of import that a backtest need not pay)

    if exchange not in TRAITS:
        raise SettingsError(f"exchange {exchange!r} cannot be recorded: choose one of {', '.join(TRAITS)}")
    if not 0 < share <= 1:
        raise SettingsError(f"share of the request allowance is {share}; it has to be above 0 and at most 1")
    traits = TRAITS[exchange]
    usual = {
        "enableRateLimit": True,
        "rateLimit": traits.unit_ms / share,
        # ccxt's other limiter wakes a thousand times a second while it waits.
        "rateLimiterAlgorithm": "rollingWindow",
        "rollingWindowSize": WINDOW_MS,
        "options": {"defaultType": "swap", "fetchMarkets": {"types": ["linear"]}},
    }
    merged = ccxt.pro.Exchange.deep_extend(usual, dict(config or {}))
    return getattr(ccxt.pro, traits.client)(merged)


def _order_key(row: Row) -> tuple[float, ...]:
    return row["time_ms"], row["side"], row["price"], row["base"]


class CcxtFeed:
    """Readers of one exchange.

    Parameters
    ----------
    exchange : str
        `binance` or `bybit`.
    levels : int, optional
        Levels of the order book on each side; the most that the exchange gives unless said.
    liquidations : bool
        Whether to listen to the exchange's socket for forced orders.
    config : mapping, optional
        ccxt's own configuration.
    share : float
        Of the exchange's request allowance; less than 1 where something else uses the same address.
    clock : Clock
        Says when an answer was received.
    client : object, optional
        A client made elsewhere.

    Raises
    ------
    SettingsError
        If the exchange is not known, or cannot give that number of levels.
    """

    def __init__(
        self,
        exchange: str,
        *,
        levels: int | None = None,
        liquidations: bool = True,
        config: Mapping[str, Any] | None = None,
        share: float = ALLOWANCE_SHARE,
        clock: Clock = MACHINE,
        client: Client | None = None,
    ) -> None:
        self.exchange = exchange
        self.client = make_client(exchange, config, share) if client is None else client
        self.traits = TRAITS[exchange]
        self.levels = max(self.traits.book_weight) if levels is None else levels
        if self.levels not in self.traits.book_weight:
            known = ", ".join(map(str, self.traits.book_weight))
            raise SettingsError(f"{exchange} gives order books of {known} levels, not of {levels}")
        self._clock = clock
        self._readers: dict[Kind, Reader] = {Kind.BOOK: self._book, Kind.METRICS: self._metrics}
        if liquidations and self.client.has.get("watchLiquidations"):
            self._readers[Kind.LIQUIDATIONS] = self._liquidations
        self._forced: dict[str, frozenset[tuple[float, ...]]] = {}
        self.missing: Counter[tuple[str, str]] = Counter()

    @property
    def readers(self) -> Mapping[Kind, Reader]:
        """What can be read from this exchange."""
        return self._readers

    def least_interval_s(self, kind: Kind, pairs: int) -> float:
        """Seconds between readings of one pair so that order books spend no more than the allowance.

        Parameters
        ----------
        kind : Kind
            Which table.
        pairs : int
            Number of pairs recorded.

        Returns
        -------
        float
            0 where it is no matter.
        """
        if kind is not Kind.BOOK or not self.client.enableRateLimit:
            return 0.0
        weight = self.traits.book_weight[self.levels]
        return float(pairs * weight * self.client.rateLimit / 1000 / BOOKS_SHARE)

    async def close(self) -> None:
        """Let go of connections."""
        await self.client.close()

    async def _book(self, pair: str) -> list[Row]:
        answer = await self.client.fetch_order_book(pair, self.levels)
        return [book_row(answer, self._clock.now_ms(), self.levels)]

    async def _metrics(self, pair: str) -> list[Row]:
        client = self.client
        parts: dict[str, Awaitable[Any]] = {
            "funding": client.fetch_funding_rate(pair),
            "charged": client.fetch_funding_rate_history(pair, limit=1),
            "open_interest": client.fetch_open_interest(pair, self.traits.interest_params),
            **{column: self._ratio(pair, *call) for column, call in self.traits.ratio_calls.items()},
        }
        if not self.traits.ratio_calls:
            parts["account_ratio"] = self._unified_ratio(pair)
        answers = await asyncio.gather(*parts.values(), return_exceptions=True)
        got = self._answered(pair, dict(zip(parts, answers, strict=True)))
        history = got.pop("charged", None)
        return [
            metrics_row(
                self._clock.now_ms(),
                funding=got.pop("funding", None),
                charged=history[-1] if history else None,
                open_interest=got.pop("open_interest", None),
                ratios=got,
            )
        ]

    def _answered(self, pair: str, answers: dict[str, Any]) -> dict[str, Any]:
        failed = {name: answer for name, answer in answers.items() if isinstance(answer, BaseException)}
        if len(failed) == len(answers):
            raise next(iter(failed.values()))
        for name, error in failed.items():
            self.missing[pair, name] += 1
            if self.missing[pair, name] == 1:
                logger.warning("%s of %s is missing: %s. It stays empty; logged once.", name, pair, error)
        return {name: answer for name, answer in answers.items() if name not in failed}

    async def _ratio(self, pair: str, method: str, field: str) -> float:
        call: Callable[[dict[str, Any]], Awaitable[list[Structure]]] = getattr(self.client, method)
        await self.client.load_markets()
        rows = await call({"symbol": self.client.market(pair)["id"], "period": "5m", "limit": 1})
        return float(rows[-1][field]) if rows else math.nan

    async def _unified_ratio(self, pair: str) -> float:
        rows = await self.client.fetch_long_short_ratio_history(pair, "5min", limit=1)
        ratio = rows[-1].get("longShortRatio") if rows else None
        return math.nan if ratio is None else float(ratio)

    async def _liquidations(self, pair: str) -> list[Row]:
        await self.client.watch_liquidations(pair)
        # What is returned is one order; others that came in the same message are only in the client's memory.
        orders = [order for order in self.client.liquidations if order["symbol"] == pair]
        rows = liquidation_rows(self.exchange, orders, self._clock.now_ms())
        before = self._forced.get(pair, frozenset())
        self._forced[pair] = frozenset(map(_order_key, rows))
        return [row for row in rows if _order_key(row) not in before]
