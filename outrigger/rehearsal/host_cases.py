"""A bot meets one fault of the machine that it runs on, in a dry run.

What lies there broken at the start is there all the time; what happens meanwhile begins after the entry, when
no loop is under way, and ends after the stop was hit.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from outrigger.market.moment import to_ms
from outrigger.rehearsal.driven_bot import DrivenBot
from outrigger.rehearsal.host_faults import HostFault, Scene, bundle_in, database_in, host_faults
from outrigger.rehearsal.invariants import Invariants
from outrigger.rehearsal.met import KEYS, MOST_RESTARTS, Met, logged, secrets_in
from outrigger.rehearsal.stretch import Stretch
from outrigger.review.database import read_database

KIND = "host"


class HostCrash(Exception):
    """The bot's process has ended for a reason of its own."""


class _Plan:
    """When a fault begins and ends, by the exchange's clock: the machine's may be what is wrong."""

    def __init__(self, fault: HostFault, stretch: Stretch, out: Path, config: Path) -> None:
        self._fault, self._place = fault, (out, config)
        self._from_ms, self._until_ms = to_ms(stretch.fault_from), to_ms(stretch.fault_until)
        self._acting = ExitStack()
        self._begun = False
        self.scene: Scene | None = None

    def plays(self, bot: DrivenBot) -> None:
        """Say which bot it is about."""
        self.scene = Scene(bot, *self._place)

    def __call__(self) -> None:
        """Begin or end, if it is time; called when time has passed."""
        assert self.scene is not None
        now_ms = self.scene.bot.market.clock.now_ms()
        if not self._begun and now_ms >= self._from_ms:
            self._begun = True
            self._acting.enter_context(self._fault.act(self.scene))
            if self._fault.crashes:
                raise HostCrash("the process ends here")
        elif self._begun and now_ms >= self._until_ms:
            self.end()

    def end(self) -> None:
        """Let go of whatever is held."""
        self._acting.close()


def names() -> tuple[str, ...]:
    """Faults of this kind."""
    return tuple(host_faults())


def meet(name: str, stretch: Stretch, config: Path, out: Path) -> Met:
    """Let a bot meet one fault.

    Parameters
    ----------
    name : str
        One of `names`.
    stretch : Stretch
        When and where.
    config : Path
        Freqtrade configuration; models lie beside it.
    out : Path
        Where the bot writes.

    Returns
    -------
    Met

    Raises
    ------
    ReplayError
        If the bot ended by itself too often.
    """
    fault, watch, log = host_faults()[name], Invariants(), out / "bot.log"
    left = fault.before(out, config)
    settings = {"regime": {"bundle": str(bundle_in(out))}} if bundle_in(out).exists() else {}
    overlay: dict[str, Any] = {
        "exchange": {"pair_whitelist": list(stretch.pairs), "key": KEYS.key, "secret": KEYS.secret},
        "db_url": database_in(out),
        "outrigger": {room: {**given, **settings.get(room, {})} for room, given in fault.outrigger.items()},
    }
    plan = _Plan(fault, stretch, out, config)
    span = (stretch.start, stretch.until)
    bot = DrivenBot(stretch.datadir, [config], out, *span, overlay=overlay, meanwhile=plan)
    plan.plays(bot)

    with logged(log), bot:
        try:
            ran = bot.run(stretch.watched(watch), restarts=MOST_RESTARTS)
        finally:
            plan.end()
    trades = read_database(str(bot.database), to_ms(stretch.until)).trades
    strikes = left + (plan.scene.strikes if plan.scene is not None else 0)
    broken = [*watch.broken, *secrets_in(log)]
    if not strikes or not watch.positions:
        broken.append("it struck nothing, or met no position")
    if fault.heard not in log.read_text(encoding="utf-8"):
        broken.append(f"the log does not say {fault.heard!r}")
    still_open = sum(trade.is_open for trade in trades)
    counts = (strikes, watch.loops, watch.positions, len(trades), still_open, ran.restarts)
    return Met(KIND, name, *counts, broken)
