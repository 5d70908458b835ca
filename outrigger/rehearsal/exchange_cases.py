"""A bot meets one fault of the exchange's public answers, in a dry run.

The same recorded minutes each time: a position is opened, the fault acts for some minutes in which the market
runs through the stop, and ends. A position that is still open then is told: a bad tick widens a trail.
"""

from __future__ import annotations

from pathlib import Path

from outrigger.market.moment import to_ms
from outrigger.rehearsal.driven_bot import DrivenBot
from outrigger.rehearsal.invariants import Invariants
from outrigger.rehearsal.met import CLIENT_TIMEOUT_MS, KEYS, MOST_RESTARTS, Met, logged, secrets_in
from outrigger.rehearsal.patience import Patience
from outrigger.rehearsal.stretch import Stretch
from outrigger.replay.faults import FUNDING, MARK, RULES, FaultPlan, catalogue
from outrigger.review.database import read_database

KIND = "exchange"
# What a bot asks for at its start and each hour only: a fault of these acts from the start.
_ASKED_SELDOM = (MARK, FUNDING)


def names() -> tuple[str, ...]:
    """Faults of this kind."""
    return tuple(catalogue())


def meet(name: str, stretch: Stretch, config: Path, out: Path) -> Met:
    """Let a bot meet one fault.

    Parameters
    ----------
    name : str
        One of `names`.
    stretch : Stretch
        When and where.
    config : Path
        Freqtrade configuration.
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
    fault = catalogue()[name]
    begins = stretch.start if fault.route in _ASKED_SELDOM else stretch.fault_from
    plan = FaultPlan(fault, to_ms(begins), to_ms(stretch.fault_until))
    watch, patience = Invariants(), Patience([plan])
    waits = {"timeout": CLIENT_TIMEOUT_MS}
    overlay = {
        "exchange": {
            "pair_whitelist": list(stretch.pairs),
            "key": KEYS.key,
            "secret": KEYS.secret,
            # Freqtrade asks for the contracts once an hour: at once, where that is what fails.
            "markets_refresh_interval": 1 if fault.route == RULES else 60,
            "ccxt_config": waits,
            "ccxt_async_config": waits,
        },
        # Funding is asked for only where it has a say.
        "outrigger": {"squeeze": {"funding": True}},
    }
    span = (stretch.start, stretch.until)
    bot = DrivenBot(stretch.datadir, [config], out, *span, overlay=overlay, faults=[plan], meanwhile=patience)
    log = out / "bot.log"
    with logged(log), bot:
        ran = bot.run(patience.watching(stretch.watched(watch)), restarts=MOST_RESTARTS)
    found = read_database(str(bot.database), to_ms(stretch.until))
    still_open = sum(trade.is_open for trade in found.trades)
    broken = [*watch.broken, *secrets_in(log)]
    if not plan.met or not watch.positions:
        broken.append("it met no request, or no position")
    counts = (plan.met, watch.loops, watch.positions, len(found.trades), still_open, ran.restarts)
    return Met(KIND, name, *counts, broken)
