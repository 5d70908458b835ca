"""Freqtrade's frame of trades, as hyperopt hands it to a loss function, in the loss's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from outrigger.review.trade import STOP_EXITS
from outrigger.settings.read import read_settings
from outrigger.tuning.loss import Epoch, epoch_loss


def results_loss(results: pd.DataFrame, config: Mapping[str, Any], starting_balance: float) -> float:
    """Judge the trades of one epoch; smaller is better.

    Parameters
    ----------
    results : DataFrame
        Freqtrade's trades: `close_date`, `profit_abs`, `max_stake_amount`, `leverage`, `exit_reason`.
    config : mapping
        Freqtrade's configuration; `outrigger.risk.slippage` is what a stop exit slips.
    starting_balance : float
        Account before the first trade in quote currency.

    Returns
    -------
    float
        See `epoch_loss`.

    Raises
    ------
    SettingsError
        If the `"outrigger"` block cannot be used.
    """
    ordered = results.sort_values("close_date", kind="stable")
    notionals = ordered["max_stake_amount"] * ordered["leverage"]
    epoch = Epoch(
        profits=ordered["profit_abs"].to_numpy(dtype=np.float64),
        notionals=notionals.to_numpy(dtype=np.float64),
        stopped=ordered["exit_reason"].isin(STOP_EXITS).to_numpy(dtype=np.bool_),
        days=pd.DatetimeIndex(ordered["close_date"]).as_unit("s").asi8 // 86_400,
    )
    return epoch_loss(epoch, starting_balance, read_settings(config).risk.slippage)
