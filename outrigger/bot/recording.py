"""Starts the recorder beside a running bot, where the configuration asks for it.

It has a thread and an event loop of its own: a request that hangs costs a reading, never a stop. Whatever
prevents it from starting is logged, and the bot trades on without it.
"""

from __future__ import annotations

import atexit
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from outrigger.errors import OutriggerError
from outrigger.market.recorder.exchange_recorder import exchange_recorder
from outrigger.market.recorder.settings import RecorderSettings
from outrigger.market.recorder.thread import RecorderThread
from outrigger.market.store.schema import Kind
from outrigger.settings.market import MarketSettings

logger = logging.getLogger(__name__)

LAST_WRITE_S = 3.0
METRICS_S = 60.0


def store_in(user_data: Path) -> Path:
    """Where a bot's recordings are kept."""
    return user_data / "outrigger" / "market"


def start(settings: MarketSettings, config: Mapping[str, Any]) -> RecorderThread | None:
    """Record the configured pairs until the process ends.

    Parameters
    ----------
    settings : MarketSettings
        Whether, how often and how long to keep.
    config : mapping
        Freqtrade's configuration: exchange, its client's settings, whitelist and working directory.

    Returns
    -------
    RecorderThread or None
        None where nothing is to be recorded, or it could not be started.
    """
    if not settings.record:
        return None
    exchange, root = config["exchange"], store_in(Path(config["user_data_dir"]))
    pairs = list(exchange.get("pair_whitelist", []))
    client = exchange.get("ccxt_config") or None
    try:
        paces = {Kind.BOOK: settings.record_seconds, Kind.METRICS: METRICS_S, Kind.LIQUIDATIONS: 0.0}
        kept = RecorderSettings(interval_s=paces, retain_days=settings.retain_days)
        thread = RecorderThread(lambda: exchange_recorder(exchange["name"], pairs, root, kept, config=client))
        thread.start()
    except (OutriggerError, OSError, RuntimeError) as error:
        logger.warning("nothing is recorded: %s", error)
        return None
    atexit.register(_end, thread)
    logger.info("recording %s into %s", ", ".join(pairs), root)
    return thread


def _end(thread: RecorderThread) -> None:
    """Let the recorder write what it still holds."""
    thread.stop()
    thread.join(LAST_WRITE_S)
