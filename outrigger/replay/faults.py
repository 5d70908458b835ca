"""What exchanges do to bots on bad days: slow, wrong, empty and stale answers, on order.

A fault stands between a request and its answer for a stretch of the exchange's time. Faults of transport
spoil the answer as a whole, faults of data change the JSON inside it. They follow what has been seen of real
exchanges: HTML where JSON was promised, repeated and missing candles, frozen and crossed books. Only
Binance's routes are known here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from outrigger.replay.request_market import MARKET

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]
Change = Callable[[Any], Any]

ANY, CANDLES, BOOK = "", "/fapi/v1/klines", "/fapi/v1/depth"
MARK, FUNDING = "/fapi/v1/markPriceKlines", "/fapi/v1/fundingRate"
RULES = "/fapi/v1/exchangeInfo"
NO_ANSWER = "no answer in time"
# Longer than a rehearsal's client waits, shorter than anybody watching would.
SLOW_S, NEVER_S = 0.1, 3.0
_MINUTE_MS = 60_000
_HTML = "<html><head><title>Maintenance</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which an exchange fails.

    Parameters
    ----------
    name : str
        What it is called.
    route : str
        Path that it spoils; empty for every path.
    answer : callable
        Takes a request and what would have answered it, and answers.
    method : str
        Method that it spoils; empty for every one.
    """

    name: str
    route: str
    answer: Answer
    method: str = ""


@dataclass(slots=True)
class FaultPlan:
    """Which fault acts, and when.

    Parameters
    ----------
    fault : Fault
        What goes wrong.
    from_ms, until_ms : int
        Stretch of the exchange's time, ms since the epoch.
    met : int
        Requests that have met it.
    """

    fault: Fault
    from_ms: int
    until_ms: int
    met: int = 0

    def concerns(self, method: str, path: str, now_ms: int) -> bool:
        """Tell whether a request meets the fault now."""
        asked = self.fault.route in (ANY, path) and self.fault.method in (ANY, method)
        return asked and self.from_ms <= now_ms < self.until_ms

    def before(self, handler: Handler) -> Handler:
        """Stand between a request and what would have answered it."""

        async def met(request: web.Request) -> web.StreamResponse:
            self.met += 1
            return await self.fault.answer(request, handler)

        return met


def between(plans: Sequence[FaultPlan]) -> Any:
    """Give the middleware that stands between every request and its answer.

    Parameters
    ----------
    plans : sequence of FaultPlan
        What goes wrong, and when; where several act at once, the first has the last word.

    Returns
    -------
    aiohttp middleware
    """

    @web.middleware
    async def stand(request: web.Request, handler: Handler) -> web.StreamResponse:
        now = request.app[MARKET].clock.now_ms()
        for plan in reversed(plans):
            if plan.concerns(request.method, request.path, now):
                handler = plan.before(handler)
        return await handler(request)

    return stand


def _status(code: int, body: str = "", kind: str = "application/json", **headers: str) -> Answer:
    async def answer(_: web.Request, __: Handler) -> web.StreamResponse:
        return web.Response(status=code, text=body, content_type=kind, headers=headers)

    return answer


def refused(status: int, code: int, message: str) -> Answer:
    """Answer every request with a refusal in the exchange's form."""
    return _status(status, json.dumps({"code": code, "msg": message}))


async def _slow(request: web.Request, handler: Handler) -> web.StreamResponse:
    await asyncio.sleep(SLOW_S)
    return await handler(request)


async def _never(request: web.Request, handler: Handler) -> web.StreamResponse:
    # Until the client has gone away, but no longer than a server's own patience.
    for _ in range(int(NEVER_S / SLOW_S)):
        if request.transport is None or request.transport.is_closing():
            break
        await asyncio.sleep(SLOW_S)
    return await handler(request)


async def _hang_up(request: web.Request, _: Handler) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def _cut(request: web.Request, handler: Handler) -> web.StreamResponse:
    whole = await handler(request)
    text = (whole.text if isinstance(whole, web.Response) else None) or ""
    return web.Response(text=text[: len(text) // 2], content_type="application/json")


def _changed(change: Change) -> Answer:
    """Answer with changed JSON."""

    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        whole = await handler(request)
        if not isinstance(whole, web.Response) or whole.status != 200:
            return whole
        return web.json_response(change(json.loads(whole.text or "null")))

    return answer


def _frozen() -> Answer:
    """Answer every request with what the first one of its kind was told."""
    first: dict[str, str] = {}

    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        known = re.sub(r"(startTime|endTime|timestamp)=\d+&?", "", request.path_qs)
        if known not in first:
            whole = await handler(request)
            if not isinstance(whole, web.Response) or whole.status != 200:
                return whole
            first[known] = whole.text or "null"
        return web.Response(text=first[known], content_type="application/json")

    return answer


def _last(column: int, value: Any) -> Change:
    """Spoil one value of the last closed candle."""

    def change(rows: list[list[Any]]) -> list[list[Any]]:
        spoiled = [list(row) for row in rows]
        for row in spoiled[-2:-1]:
            row[column] = value(row) if callable(value) else value
        return spoiled

    return change


def _scaled(row: list[Any], factor: float) -> list[Any]:
    return [row[0], *(str(float(price) * factor) for price in row[1:5]), *row[5:]]


def _gapped(factor: float) -> Change:
    """Let every price be another one, as after a gap."""

    def change(told: Any) -> Any:
        if isinstance(told, list):
            return (
                [_scaled(row, factor) for row in told[-1:]]
                if len(told) == 1
                else [*told[:-1], _scaled(told[-1], factor)]
            )
        sides = {side: [[str(float(p) * factor), q] for p, q in told[side]] for side in ("bids", "asks")}
        return {**told, **sides}

    return change


def _book(**sides: Callable[[list[list[str]]], list[list[str]]]) -> Change:
    def change(told: dict[str, Any]) -> dict[str, Any]:
        return {**told, **{side: made(told[side]) for side, made in sides.items()}}

    return change


def _moved(factor: float) -> Callable[[list[list[str]]], list[list[str]]]:
    return lambda levels: [[str(float(price) * factor), amount] for price, amount in levels]


def _nothing(_: Any) -> list[Any]:
    return []


def _skewed(milliseconds: int) -> Answer:
    """Answer as if the exchange's clock stood elsewhere than the bot's."""

    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        market = request.app[MARKET]
        true = market.clock
        # Routes answer without awaiting, so no other request sees this clock.
        market.clock = replace(true, now_ms=lambda: true.now_ms() + milliseconds)
        try:
            return await handler(request)
        finally:
            market.clock = true

    return answer


def _symbols(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    return lambda told: {**told, "symbols": [change(symbol) for symbol in told["symbols"]]}


def _ahead(rows: list[list[Any]]) -> list[list[Any]]:
    if not rows:
        return rows
    later = [rows[-1][0] + 60 * _MINUTE_MS, *rows[-1][1:]]
    later[6] = rows[-1][6] + 60 * _MINUTE_MS
    return [*rows, later]


def _transport() -> Mapping[str, Fault]:
    answers: dict[str, Answer] = {
        "slow answers": _slow,
        NO_ANSWER: _never,
        "connection closed": _hang_up,
        "answer cut in half": _cut,
        "empty answer": _status(200),
        "HTML instead of JSON": _status(200, _HTML, "text/html"),
        "HTML with status 403": _status(403, _HTML, "text/html"),
        "429 too many requests": refused(429, -1003, "Too many requests; current limit of IP is 2400."),
        "418 banned for a while": refused(418, -1003, "Way too many requests; IP banned."),
        "500 internal error": refused(500, -1001, "Internal error; unable to process your request."),
        "502 bad gateway": _status(502, _HTML, "text/html"),
        "503 service unavailable": refused(503, -1008, "Server is currently overloaded."),
        "504 gateway timeout": _status(504),
        "400 timestamp outside the window": refused(400, -1021, "Timestamp is outside of the recvWindow."),
        "200 with an error inside": refused(200, -1000, "An unknown error occurred."),
        "JSON of another kind": _status(200, '"ok"'),
        "clock five minutes behind": _skewed(-5 * _MINUTE_MS),
        "clock two minutes ahead": _skewed(2 * _MINUTE_MS),
    }
    return {name: Fault(name, ANY, answer) for name, answer in answers.items()}


def _data() -> Mapping[str, Fault]:
    changes: dict[str, tuple[str, Change]] = {
        "candles end five minutes ago": (CANDLES, lambda rows: rows[:-5]),
        "no candles": (CANDLES, _nothing),
        "only the running candle": (CANDLES, lambda rows: rows[-1:]),
        "a candle twice": (CANDLES, lambda rows: [*rows[:-1], *rows[-2:]]),
        "a candle is missing": (CANDLES, lambda rows: [*rows[:-3], *rows[-2:]]),
        "candles in reverse": (CANDLES, lambda rows: rows[::-1]),
        "candle from the future": (CANDLES, _ahead),
        "closing price null": (CANDLES, _last(4, None)),
        "closing price not a number": (CANDLES, _last(4, "NaN")),
        "closing price zero": (CANDLES, _last(4, "0")),
        "high below low": (CANDLES, _last(2, lambda row: str(float(row[3]) * 0.99))),
        "bad tick up": (CANDLES, _last(2, lambda row: str(float(row[2]) * 1.5))),
        "bad tick down": (CANDLES, _last(3, lambda row: str(float(row[3]) * 0.5))),
        "volume negative": (CANDLES, _last(5, "-1")),
        "volume null": (CANDLES, _last(5, None)),
        "candles as one object": (CANDLES, lambda rows: {"rows": rows}),
        "price falls 10 % at once": (BOOK, _gapped(0.9)),
        "price rises 10 % at once": (BOOK, _gapped(1.1)),
        "book without bids": (BOOK, _book(bids=_nothing)),
        "book without asks": (BOOK, _book(asks=_nothing)),
        "empty book": (BOOK, _book(bids=_nothing, asks=_nothing)),
        "crossed book": (BOOK, _book(bids=_moved(1.01))),
        "spread of 5 %": (BOOK, _book(bids=_moved(0.975), asks=_moved(1.025))),
        "book at price zero": (BOOK, _book(bids=_moved(0.0), asks=_moved(0.0))),
        "no mark candles": (MARK, _nothing),
        "no funding rates": (FUNDING, _nothing),
        "funding rate of 5 %": (FUNDING, lambda rows: [{**row, "fundingRate": "0.05"} for row in rows]),
        "funding rate null": (FUNDING, lambda rows: [{**row, "fundingRate": None} for row in rows]),
        "contracts suspended": (RULES, _symbols(lambda symbol: {**symbol, "status": "BREAK"})),
        "no contracts": (RULES, lambda told: {**told, "symbols": []}),
    }
    frozen = {"book frozen": BOOK, "candles frozen": CANDLES}
    return {
        **{name: Fault(name, route, _changed(change)) for name, (route, change) in changes.items()},
        **{name: Fault(name, route, _frozen()) for name, route in frozen.items()},
    }


def catalogue() -> dict[str, Fault]:
    """Every fault that the replay exchange can be given, by name.

    Returns
    -------
    dict of str to Fault
        Fresh ones: a frozen answer is remembered with the fault.
    """
    return {**_transport(), **_data()}
