"""Recording as a command: until it is interrupted or its time is over, with a line a minute."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import FrameType
from typing import Final

from outrigger.errors import SettingsError
from outrigger.market.recorder.clock import MACHINE, Clock
from outrigger.market.recorder.health import Health
from outrigger.market.recorder.recorder import Recorder

REPORT_S: Final = 60.0
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
Say = Callable[[str], None]


async def _report(recorder: Recorder, clock: Clock, say: Say) -> None:
    while True:
        await clock.sleep(REPORT_S)
        say(recorder.health().line())


async def _end(stop: asyncio.Event, clock: Clock, seconds: float) -> None:
    await clock.sleep(seconds)
    stop.set()


async def _run(recorder: Recorder, for_s: float | None, say: Say, clock: Clock) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, interrupted) for number in SIGNALS}
    aside = [asyncio.create_task(_report(recorder, clock, say))]
    if for_s is not None:
        aside.append(asyncio.create_task(_end(stop, clock, for_s)))
    try:
        await recorder.run(stop)
    finally:
        for task in aside:
            task.cancel()
        await asyncio.gather(*aside, return_exceptions=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def record(
    build: Callable[[], Recorder], *, for_s: float | None = None, say: Say = print, clock: Clock = MACHINE
) -> Health:
    """Record until SIGINT, SIGTERM or the end of the time given, and write everything that was received.

    Parameters
    ----------
    build : callable
        Makes the recorder; called inside the event loop, where ccxt's client wants to be made.
    for_s : float, optional
        Seconds to record; without end unless said.
    say : callable
        Takes a line a minute.
    clock : Clock
        Where time comes from.

    Returns
    -------
    Health
        The counts at the end.

    Raises
    ------
    SettingsError
        If there is no pair to record, or the recorder's settings cannot be used.
    """

    async def main() -> Health:
        recorder = build()
        if not recorder.pairs:
            raise SettingsError("nothing to record: name at least one pair, such as BTC/USDT:USDT")
        await _run(recorder, for_s, say, clock)
        return recorder.health()

    return asyncio.run(main())
