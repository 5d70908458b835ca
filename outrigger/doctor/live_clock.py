"""Whether this machine's clock is the exchange's, and how long an order would travel.

The offset is Cristian's: the exchange's time against the middle of the request that asked for it, taken from
the quickest of several, so it is known to within half of that one's time. Source: F. Cristian,
"Probabilistic clock synchronization", Distributed Computing 3 (1989).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning

PINGS = 5
OFFSET_WARN_MS, OFFSET_FAIL_MS = 500.0, 2_000.0
# Exchanges refuse a request from the future much sooner than an old one.
AHEAD_FAIL_MS = 1_000.0
LATENCY_WARN_MS, WORST_WARN_MS = 400.0, 2_000.0


@dataclass(frozen=True, slots=True)
class Ping:
    """One request for the time.

    Parameters
    ----------
    round_trip_ms : float
        From sending to the answer.
    offset_ms : float
        This machine's clock minus the exchange's, halfway.
    """

    round_trip_ms: float
    offset_ms: float


def pings(client: Any, count: int = PINGS, wall_s: Callable[[], float] = time.time) -> list[Ping]:
    """Ask for the exchange's time several times.

    Parameters
    ----------
    client : ccxt.Exchange
        Its public time route is asked.
    count : int
        How often; one more goes before, because the first request opens the connection.
    wall_s : callable
        This machine's time in seconds since the epoch.

    Returns
    -------
    list of Ping
        In the order they were sent.
    """
    with unthrottled(client):
        client.fetch_time()
        return [_ping(client, wall_s) for _ in range(count)]


@contextmanager
def unthrottled(client: Any) -> Iterator[Any]:
    """Let a few requests go without the client's own pauses between them."""
    before, client.enableRateLimit = client.enableRateLimit, False
    try:
        yield client
    finally:
        client.enableRateLimit = before


def _ping(client: Any, wall_s: Callable[[], float]) -> Ping:
    began, sent = time.perf_counter(), wall_s()
    told = float(client.fetch_time())
    took = (time.perf_counter() - began) * 1000
    return Ping(took, sent * 1000 + took / 2 - told)


def judge(case: Case, found: Sequence[Ping], window_ms: float) -> Iterator[Finding]:
    """Judge clock and latency.

    Parameters
    ----------
    case : Case
        For the exchange's name.
    found : sequence of Ping
        At least one.
    window_ms : float
        How old a request may be, ccxt's `recvWindow`.

    Yields
    ------
    Finding
        One for the clock, one for the latency.
    """
    best = min(found, key=lambda ping: ping.round_trip_ms)
    ahead = best.offset_ms >= 0
    told = (
        f"{abs(best.offset_ms):,.0f} ms {'ahead of' if ahead else 'behind'} {case.exchange}'s "
        f"(±{best.round_trip_ms / 2:,.0f} ms)"
    )
    step = (
        "let a time service set this machine's clock (`timedatectl set-ntp true`; a container has its host's)"
    )
    if best.offset_ms > AHEAD_FAIL_MS or -best.offset_ms > min(OFFSET_FAIL_MS, window_ms):
        yield error("clock", f"{told}: orders are refused, candles read at the wrong time", step)
    elif abs(best.offset_ms) > OFFSET_WARN_MS:
        yield warning("clock", f"{told}: near to where orders are refused", step)
    else:
        yield ok("clock", told)
    times = [ping.round_trip_ms for ping in found]
    middle, worst = median(times), max(times)
    told = f"median {middle:,.0f} ms, worst {worst:,.0f} ms of {len(times)} requests"
    if middle > LATENCY_WARN_MS or worst > WORST_WARN_MS:
        step = "run the bot nearer to the exchange, or on a better line: a stop's order takes as long"
        yield warning("latency", f"{told}, to {case.exchange}", step)
    else:
        yield ok("latency", f"{told}, to {case.exchange}")
