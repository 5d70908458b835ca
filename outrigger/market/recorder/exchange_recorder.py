"""A recorder of a real exchange into the market store, as the command and the bot make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from outrigger.market.recorder.ccxt_feed import ALLOWANCE_SHARE, CcxtFeed
from outrigger.market.recorder.recorder import Recorder
from outrigger.market.recorder.settings import RecorderSettings
from outrigger.market.store.store import MarketStore


def exchange_recorder(
    exchange: str,
    pairs: Sequence[str],
    root: Path,
    settings: RecorderSettings | None = None,
    *,
    levels: int | None = None,
    liquidations: bool = True,
    share: float = ALLOWANCE_SHARE,
    config: Mapping[str, Any] | None = None,
) -> Recorder:
    """Make a recorder; to be called inside the event loop that runs it.

    Parameters
    ----------
    exchange : str
        `binance` or `bybit`.
    pairs : sequence of str
        Freqtrade's names of linear perpetuals.
    root : Path
        The store's directory, such as `user_data/outrigger/market`.
    settings : RecorderSettings, optional
        Pace and limits.
    levels : int, optional
        Levels of the order book on each side; the most that the exchange gives unless said.
    liquidations : bool
        Whether to listen to the exchange's socket for forced orders.
    share : float
        Of the exchange's request allowance, in (0, 1].
    config : mapping, optional
        ccxt's own configuration, such as other addresses.

    Returns
    -------
    Recorder
        Not yet running.

    Raises
    ------
    SettingsError
        If the exchange, the levels or the share cannot be used.
    StateError
        If the store was written by a version that this one cannot read.
    """
    feed = CcxtFeed(exchange, levels=levels, liquidations=liquidations, config=config, share=share)
    return Recorder(feed, MarketStore(root, exchange), pairs, settings)
