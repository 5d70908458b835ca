"""What a worker does with one pair: replay its entries under every policy that is wanted.

A plain function of plain arguments, so that the same task runs in this process, in another one, or on a
machine of a cluster that has the data under the same path. A policy that fails spoils its own cells and no
others. The classifier is asked only where a cell needs it, because that takes longer than many replays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from outrigger.errors import OutriggerError
from outrigger.review.aftermath import Aftermath
from outrigger.review.lab import replay_many
from outrigger.review.lab_trade import LIQUIDATION, STOP_REASONS, ReplayTerms
from outrigger.review.matched import scaled
from outrigger.review.pair_market import PairMarket, bars, load_pair, with_regimes
from outrigger.review.same_entry import HORIZON_HOURS
from outrigger.sided import Sided
from outrigger.stops.policies import Floats, WidthColumns
from outrigger.study.cells import write_cell
from outrigger.study.entries import NOTIONAL
from outrigger.study.legs import Hedger, hedger
from outrigger.study.nulls import geometry_win_rate
from outrigger.study.plan import Cell, Entered, PairTask
from outrigger.study.policies import Policy, catalogue, regime_settings
from outrigger.study.survey import at_entry
from outrigger.study.tiers import tiers_of

AS_IS, MATCHED = 0, 1
_WIDTHS = ("protect", "activation", "trail")
_DAY_MS, _HOUR_MS = 86_400_000, 3_600_000


@dataclass(frozen=True, slots=True)
class Finished:
    """One cell that was worked out, or could not be.

    Parameters
    ----------
    cell : Cell
        Which.
    trades : DataFrame or None
        Its trades.
    error : str
        Why there are none; empty where there are.
    """

    cell: Cell
    trades: pd.DataFrame | None
    error: str = ""


def run_pair(task: PairTask) -> list[Finished]:
    """Work out the cells of one pair.

    Parameters
    ----------
    task : PairTask
        What is wanted.

    Returns
    -------
    list of Finished
        In the order of the task's cells; those that failed say why.
    """
    bench = _Bench(task)
    return [bench.finish(cell) for cell in task.cells]


class _Bench:
    """One pair's market, measured as far as the cells need it."""

    def __init__(self, task: PairTask) -> None:
        self._task = task
        self._policies = catalogue(task.terms.bundle)
        self._widths: dict[str, Sided[WidthColumns]] = {}

    def finish(self, cell: Cell) -> Finished:
        try:
            trades = self._trades(self._policies[cell.policy], cell.window)
            if self._task.keep is not None:
                write_cell(self._task.keep, cell.key, trades)
        # A cell that fails is told in the result: whatever it was must not cost the other cells.
        except Exception as error:
            told = str(error) if isinstance(error, OutriggerError | OSError) else repr(error)
            return Finished(cell, None, told)
        return Finished(cell, trades)

    def _load(self, pair: str) -> PairMarket:
        return load_pair(self._task.data.datadir, pair, self._task.data.timeframe)

    @cached_property
    def _market(self) -> PairMarket:
        return self._load(self._task.pair)

    @cached_property
    def _told(self) -> PairMarket:
        return with_regimes(self._market, self._task.data.datadir, regime_settings(self._task.terms.bundle))

    @cached_property
    def _aftermath(self) -> Aftermath:
        return Aftermath(self._market.candles, self._market.timeframe)

    @cached_property
    def _hedger(self) -> Hedger:
        return hedger(self._task.data, self._market, self._load)

    def _columns(self, policy: Policy) -> Sided[WidthColumns]:
        if policy.name not in self._widths:
            market = self._told if policy.regime else self._market
            self._widths = {policy.name: policy.compared.columns(market)}
        return self._widths[policy.name]

    def _trades(self, policy: Policy, window: int) -> pd.DataFrame:
        widths, entered = self._columns(policy), self._task.entered[window]
        parts = [self._replayed(policy, widths, entered).assign(reading=AS_IS, window=window)]
        factor = self._task.factors.get(policy.name)
        if factor is not None:
            wide = Sided(scaled(widths.long, factor), scaled(widths.short, factor))
            parts.append(self._replayed(policy, wide, entered).assign(reading=MATCHED, window=window))
        return pd.concat(parts, ignore_index=True).astype({"reading": "int8", "window": "int16"})

    def _replayed(self, policy: Policy, widths: Sided[WidthColumns], entered: Entered) -> pd.DataFrame:
        """Entries and random ones in one go; the column `null` tells them apart."""
        task, market = self._task, self._market
        terms = replace(
            task.terms.replay,
            horizon_bars=bars(HORIZON_HOURS, market.timeframe),
            tiers=tiers_of(task.pair),
            leverage=policy.leverage or task.terms.leverage,
        )
        rows = np.concatenate((entered.rows, entered.null_rows))
        sides = np.concatenate((entered.sides, entered.null_sides))
        sizes = np.concatenate((entered.notionals, np.full(len(entered.null_rows), NOTIONAL)))
        outcomes = replay_many(market.candles, widths, rows, sides, terms, sizes)
        judged = self._aftermath.judged(outcomes)
        legs = self._hedger.net(outcomes, terms) if policy.hedged else np.zeros(len(rows))
        found = _table(policy, outcomes, judged, legs, market, terms)
        found["geometry"] = geometry_win_rate(*(at_entry(widths, name, rows, sides) for name in _WIDTHS))
        return found.assign(null=np.arange(len(rows)) >= len(entered.rows))


def _table(
    policy: Policy,
    outcomes: pd.DataFrame,
    judged: pd.DataFrame,
    legs: Floats,
    market: PairMarket,
    terms: ReplayTerms,
) -> pd.DataFrame:
    """What is kept of each trade."""
    entry, left = outcomes["entry_row"].to_numpy(), outcomes["exit_row"].to_numpy()
    opened, net = market.opened_at_ms, outcomes["net"].to_numpy() + legs
    reason = outcomes["reason"]
    ratio = outcomes["exit"].to_numpy() / outcomes["entry"].to_numpy()
    risk = np.full(len(net), policy.compared.risk) if policy.compared.risk else outcomes["protect"].to_numpy()
    by_stop = reason.isin(STOP_REASONS).to_numpy()
    # What one unit of slippage on a stop's fill takes from the net result, its fee included.
    bite = by_stop * ratio / (1 - outcomes["side"].to_numpy() * terms.slippage)
    return judged.assign(
        side=outcomes["side"].astype("int8"),
        day=opened[entry] // _DAY_MS,
        opened_ms=opened[entry],
        closed_ms=opened[left],
        protect=outcomes["protect"],
        net=net,
        r=net / risk,
        leg=legs,
        hours=(opened[left] - opened[entry]) / _HOUR_MS,
        stopped=by_stop,
        liquidated=(reason == LIQUIDATION).to_numpy(),
        armed=outcomes["armed"],
        bite=bite * (1 - terms.fee * outcomes["side"].to_numpy()),
    )
