"""The replay exchange: market data routes on a loopback port.

It exists so that the real Freqtrade can run without a network, on recorded or synthetic data. It binds
loopback addresses only, because it speaks for an exchange without being one. It trades for no account
unless it is given one, for rehearsals: Freqtrade simulates orders itself in a dry run. How an account is set
up can be read all the same, as `outrigger doctor --live` does.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from aiohttp import web

from outrigger.errors import DataError, ReplayError
from outrigger.replay.account_routes import ROUTES as ACCOUNT_ROUTES
from outrigger.replay.account_routes import SHEET, AccountSheet
from outrigger.replay.clock import Clock, default_replay_clock, replay_clock
from outrigger.replay.faults import FaultPlan, between
from outrigger.replay.loopback import listening_socket
from outrigger.replay.market import ReplayMarket
from outrigger.replay.market_files import MarketFiles
from outrigger.replay.request_market import MARKET
from outrigger.replay.request_terms import RefusedRequest
from outrigger.replay.signed_account import Account
from outrigger.replay.signed_request import Keys
from outrigger.replay.signed_routes import ACCOUNT, KEYS
from outrigger.replay.signed_routes import ROUTES as SIGNED_ROUTES
from outrigger.replay.venues import BINANCE, Venue

logger = logging.getLogger(__name__)

VENUE = web.AppKey("venue", Venue)
DEFAULT_PORT = 8788
START_TIMEOUT_S = 30.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals, unknown paths and unreadable data into the exchange's error bodies."""
    venue = request.app[VENUE]
    try:
        return await handler(request)
    except RefusedRequest as refused:
        told = refused
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        message = f"Path {request.path}, Method {request.method} is invalid"
        told = RefusedRequest(venue.unknown_path, message, 404)
    except DataError as error:
        logger.error("%s could not be answered: %s", request.path_qs, error)  # noqa: TRY400
        told = venue.broken
    body = venue.refusal(told.code, told.message, request.app[MARKET].clock.now_ms())
    return web.json_response(body, status=told.status)


def build_app(
    market: ReplayMarket,
    venue: Venue = BINANCE,
    account: Account | None = None,
    keys: Keys | None = None,
    sheet: AccountSheet | None = None,
) -> web.Application:
    """Web application that answers for a market.

    Parameters
    ----------
    market : ReplayMarket
        The market served.
    venue : Venue
        The exchange that is spoken for.
    account : Account, optional
        A client's; without one no order is taken. Binance's only.
    keys : Keys, optional
        Whose requests are taken for the client's.
    sheet : AccountSheet, optional
        How the account is set up that is read where none trades; a sound one when None.

    Returns
    -------
    aiohttp.web.Application
        Not yet bound to an address.
    """
    app = web.Application(middlewares=[refusals])
    app[MARKET], app[VENUE] = market, venue
    app.add_routes(venue.routes)
    if account is not None and keys is not None:
        app[ACCOUNT], app[KEYS] = account, keys
        app.add_routes(SIGNED_ROUTES)
    else:
        app[SHEET] = sheet or AccountSheet()
        app.add_routes(ACCOUNT_ROUTES[venue.name])
    return app


def open_market(datadir: Path, *, replay: bool, start: datetime | None = None) -> ReplayMarket:
    """Open the market of a data directory, as recorded or moved to now.

    Parameters
    ----------
    datadir : Path
        A Freqtrade data directory.
    replay : bool
        True moves the data by whole days so that it goes on now; False serves it at its own dates.
    start : datetime, optional
        Recorded time to replay from; None leaves three quarters of the data as history.

    Returns
    -------
    ReplayMarket
        Ready to be served.

    Raises
    ------
    DataError
        When the directory holds nothing that can be served, or `start` lies outside its data.
    """
    recorded = ReplayMarket(MarketFiles(datadir), Clock())
    if not replay:
        return recorded
    first, last = recorded.span()
    if start is None:
        clock = default_replay_clock(first, last)
    else:
        start_ms = int((start if start.tzinfo else start.replace(tzinfo=UTC)).timestamp() * 1000)
        if not first <= start_ms <= last:
            raise DataError(
                f"cannot start at {start:%Y-%m-%d %H:%M}: the candles of all pairs in {datadir} run from "
                f"{utc(first)} to {utc(last)} UTC; choose a time between"
            )
        clock = replay_clock(start_ms)
    return ReplayMarket(MarketFiles(datadir, clock.shift_ms), clock)


def utc(time_ms: int) -> str:
    """Write a time in milliseconds since the epoch as date and minute in UTC."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M}"


class ReplayServer:
    """The exchange in a background thread, for the length of a `with` block.

    Parameters
    ----------
    market : ReplayMarket
        The market served.
    host : str
        A loopback address.
    port : int
        Port number; 0 takes a free one.
    venue : Venue
        The exchange that is spoken for.
    faults : sequence of FaultPlan
        What goes wrong, and when.
    account, keys : Account and Keys, optional
        A client's, for orders.
    sheet : AccountSheet, optional
        How the account is set up that is read where none trades.

    Raises
    ------
    ReplayError
        When the address is not loopback, the port is taken or the server does not come up.
    """

    def __init__(
        self,
        market: ReplayMarket,
        host: str = "127.0.0.1",
        port: int = 0,
        venue: Venue = BINANCE,
        faults: Sequence[FaultPlan] = (),
        account: Account | None = None,
        keys: Keys | None = None,
        sheet: AccountSheet | None = None,
    ) -> None:
        self.market = market
        self.venue = venue
        self.faults = faults
        self._account, self._keys, self._sheet = account, keys, sheet
        self._socket = listening_socket(host, port)
        address = self._socket.getsockname()
        self.url = f"http://{f'[{address[0]}]' if ':' in address[0] else address[0]}:{address[1]}"
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replay-exchange", daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = build_app(self.market, self.venue, self._account, self._keys, self._sheet)
        app.middlewares.append(between(self.faults))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.SockSite(runner, self._socket).start())
        self._up.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    def close(self) -> None:
        """Give up the port of a server that was never started."""
        self._socket.close()
        self._loop.close()

    def __enter__(self) -> ReplayServer:
        self._thread.start()
        if not self._up.wait(START_TIMEOUT_S):
            raise ReplayError(f"the replay exchange did not come up at {self.url}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_TIMEOUT_S)


def serve(
    datadir: Path,
    port: int = DEFAULT_PORT,
    *,
    host: str = "127.0.0.1",
    replay: bool = True,
    start: datetime | None = None,
    venue: Venue = BINANCE,
    announce: Callable[[ReplayServer], None] | None = None,
) -> None:
    """Serve a data directory until SIGINT or SIGTERM.

    Parameters
    ----------
    datadir : Path
        A Freqtrade data directory.
    port : int
        Port number; 0 takes a free one.
    host : str
        A loopback address.
    replay : bool
        True moves the data by whole days so that it goes on now; False serves it at its own dates.
    start : datetime, optional
        Recorded time to replay from.
    venue : Venue
        The exchange that is spoken for.
    announce : callable, optional
        Called with the server once it answers.

    Raises
    ------
    DataError
        When the directory holds nothing that can be served.
    ReplayError
        When the address is not loopback or the port is taken.
    """
    asked_to_stop = threading.Event()
    market = open_market(datadir, replay=replay, start=start)
    with ReplayServer(market, host, port, venue) as server:
        before = {
            number: signal.signal(number, lambda *_: asked_to_stop.set())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            if announce is not None:
                announce(server)
            asked_to_stop.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
