"""Tells a trader what happened: in the log, and through Freqtrade's own messages while a bot runs."""

from __future__ import annotations

import logging
from typing import Any

logger = logging.getLogger(__name__)


def tell(strategy: Any, text: str) -> None:
    """Log a warning and, in a running bot, send it (Telegram, webhooks, FreqUI).

    Parameters
    ----------
    strategy : IStrategy
        Whose data provider sends; before it has one, the log has to do.
    text : str
        What happened and what to do, in words.
    """
    logger.warning(text)
    if getattr(strategy, "dp", None) is not None:
        send(strategy, f"Outrigger: {text}")


def send(strategy: Any, text: str) -> None:
    """Send a text as it is, in a running bot, whether or not the same was sent before."""
    strategy.dp.send_msg(text, always_send=True)
