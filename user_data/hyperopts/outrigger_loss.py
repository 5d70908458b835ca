"""`freqtrade hyperopt --hyperopt-loss OutriggerLoss`: Freqtrade looks for loss functions here."""

from __future__ import annotations

from typing import Any

from freqtrade.constants import Config
from freqtrade.optimize.hyperopt import IHyperOptLoss
from pandas import DataFrame

from outrigger.tuning.freqtrade_results import results_loss


class OutriggerLoss(IHyperOptLoss):
    """Expectancy that can be relied on, net of slippage, less its tail and drawdown; smaller is better."""

    @staticmethod
    def hyperopt_loss_function(
        *, results: DataFrame, config: Config, starting_balance: float, **kwargs: Any
    ) -> float:
        """Judge one epoch, in per cent of the starting balance a trade."""
        return results_loss(results, config, starting_balance)
