"""Finds positions at the exchange that no open trade explains: no stop of this bot protects them.

An entry whose answer was lost leaves one, and so does a trader's own hand. What a stray is gets decided here
alone, for the entry that would add to it and for the look that a running bot takes at its start and once an
hour. It is told and never acted on: only the trader knows whose it is. Weak: a pair is looked at from the
time on at which it was first on the whitelist, and a position smaller than its trade is Freqtrade's matter.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from math import isclose
from typing import Any

from freqtrade.persistence import LocalTrade, Trade

from outrigger.bot.records import side_of

logger = logging.getLogger(__name__)

HOUR_MS = 3_600_000
# Share of a position by which amounts may differ, for fees and rounding.
SAME = 0.01


class Strays:
    """The strays of one bot, each told once until it changes.

    Parameters
    ----------
    live : bool
        Whether a bot runs.
    """

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._told: dict[str, float] = {}
        self._pairs: set[str] = set()
        self._asked_ms: int | None = None

    def refusal(self, strategy: Any, pair: str) -> str | None:
        """Why an entry must not be added to what the exchange holds; None where nothing is in its way.

        Freqtrade has asked for the account's positions just before it asks for a stake.

        Parameters
        ----------
        strategy : IStrategy
            For its wallets and messages.
        pair : str
            The entry's.
        """
        if not self._live:
            return None
        held = strategy.wallets.get_all_positions().get(pair)
        return self._judge(strategy, pair, 0.0 if held is None else _signed(held.side, held.position))

    def look(self, strategy: Any, now_ms: int) -> None:
        """Ask the exchange for its positions, unless that was done within the hour; never raises.

        One request without a repetition; a dry run has nothing there. Freqtrade's own reading may be an hour
        old, or from the moment of a fill, in which an exchange still shows what has just been closed.

        Parameters
        ----------
        strategy : IStrategy
            For its configuration, exchange, whitelist, messages and faults.
        now_ms : int
            Present time in ms.
        """
        asked_ms = self._asked_ms
        if strategy.config["dry_run"] or (asked_ms is not None and 0 <= now_ms - asked_ms < HOUR_MS):
            return
        self._asked_ms = now_ms
        try:
            held = _held(strategy.dp._exchange)
            self._pairs.update(strategy.dp.current_whitelist())
            for pair in sorted(self._pairs):
                self._judge(strategy, pair, held.get(pair, 0.0))
        except Exception as error:  # a position that is not seen now is asked for again
            strategy.faults.record("stray positions", "all pairs", error, "asked for again in an hour")

    def _judge(self, strategy: Any, pair: str, held: float) -> str | None:
        """Say in words what is wrong with a position, and tell the trader where that is news."""
        trades = Trade.get_trades_proxy(pair=pair, is_open=True) if held else []
        rest = unexplained(held, trades)
        if not rest:
            if self._told.pop(pair, None) is not None:
                logger.info("%s: the position that no trade explained is gone", pair)
            return None
        side = "long" if held > 0 else "short"
        whole = f"the exchange holds a {side} position of {abs(held):g}"
        if trades:
            part = f"{whole}, {abs(rest):g} more than its trade"
            refusal = f"{part}: no stop of this bot protects that part, close it there"
        else:
            refusal = f"{whole} that no trade knows and no stop of this bot protects: close it there"
        if not isclose(self._told.get(pair, 0.0), rest, rel_tol=SAME):
            self._told[pair] = rest
            told = f"{pair}: {refusal}; no entries until then"
            strategy.messages.tell(told, f"stray {pair}", urgent=True)
        return refusal


def unexplained(held: float, trades: Iterable[LocalTrade]) -> float:
    """Part of a position that its trades do not explain.

    Parameters
    ----------
    held : float
        What the exchange holds, base currency, negative for a short.
    trades : iterable of LocalTrade
        Open trades of the pair.

    Returns
    -------
    float
        Signed as the position; 0 where the trades explain it, hold more, or have an order on its way.
    """
    explained = 0.0
    for trade in trades:
        if trade.has_open_orders:
            return 0.0
        explained += side_of(trade) * trade.amount
    rest = held - explained
    return rest if rest * held > 0 and abs(rest) > SAME * abs(held) else 0.0


def _held(exchange: Any) -> dict[str, float]:
    """Positions by pair, base currency, negative for a short; read as Freqtrade's wallets read them."""
    return {
        row["symbol"]: _signed(row["side"], exchange._contracts_to_amount(row["symbol"], row["contracts"]))
        for row in exchange.fetch_positions(count=0)
        if row["side"] is not None and row["contracts"]
    }


def _signed(side: str, amount: float) -> float:
    return -amount if side == "short" else amount
