"""What legs do for an account whose primaries are entered at random and left by the shipped stop.

Random entries earn nothing, so what is left is what the legs take away and what they cost. Each primary is
replayed alone with its leg; then accounts are drawn that trade their primaries one after the other, with
and without legs at several ratios. Legs open a candle after their primaries and are not resized; funding
forecasts are left out of the choice. A stop caps what a primary can lose and a leg can lose beside it, so
the worst single trades are worse with a leg even where the account's worst days are better: both are told.

Run `python -m outrigger.hedge.stopouts --datadir DIR [--primaries BTC SOL] [--candidates ETH BNB] [--json]`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from outrigger.commands.refusing import refusing
from outrigger.errors import DataError
from outrigger.hedge.account import WAIT_HOURS, chain, cvar, equity_changes, free_legs, max_drawdown
from outrigger.hedge.replayed_leg import leg_market
from outrigger.hedge.returns import Floats
from outrigger.hedge.stopout_trades import HedgedTrade, Terms, hedged_trades
from outrigger.hedge.stopouts_result import AtRatio, StopoutStudy, StoppedOut, print_stopouts
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.lab_trade import LIQUIDATION, STOP_REASONS, ReplayTerms
from outrigger.review.pair_market import bars, base_timeframe, load_pair, pairs_of
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.risk import RiskSettings
from outrigger.settings.stop import StopSettings

RATIOS = (0.0, 0.25, 0.5, 0.75, 1.0)
HORIZON_HOURS, DAY_HOURS = 72.0, 24.0
LOSING = (*STOP_REASONS, LIQUIDATION)


def study(
    datadir: Path,
    primaries: Sequence[str] = ("BTC", "SOL"),
    candidates: Sequence[str] = ("ETH", "BNB"),
    settings: HedgeSettings | None = None,
    *,
    entries: int = 1200,
    accounts: int = 200,
    seed: int = 1,
    slippage: float = 0.0,
    progress: bool = False,
) -> StopoutStudy:
    """Replay primaries with their legs, alone and in accounts.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory.
    primaries, candidates : sequence of str
        Coins; a candidate that is a primary too is passed over for itself.
    settings : HedgeSettings, optional
        The defaults where not given.
    entries : int
        Random entries a primary.
    accounts : int
        Accounts drawn.
    seed : int
        Of entries and accounts.
    slippage : float
        Of stop exits, fraction of price.
    progress : bool
        Whether to draw a progress bar on standard error.

    Returns
    -------
    StopoutStudy
        Per ratio, and on the losing stop-outs.

    Raises
    ------
    DataError
        If candles are missing or too few, or nothing is asked for.
    """
    if entries < 1 or accounts < 1:
        raise DataError(f"{entries} entries, {accounts} accounts: there has to be one of each")
    base, chosen = base_timeframe(datadir), settings or HedgeSettings()
    coins = dict.fromkeys((*primaries, *candidates))
    markets = {coin: load_pair(datadir, _named(coin, datadir, base), base) for coin in coins}
    carriers = (leg_market(markets[coin], StopSettings(), chosen) for coin in candidates)
    legs = {leg.market.pair: leg for leg in carriers}
    replay_terms = ReplayTerms(bars(HORIZON_HOURS, base), fee=RiskSettings().fee, slippage=slippage)
    start_ms = min(int(markets[coin].opened_at_ms[0]) for coin in primaries)
    terms = Terms(chosen, RiskSettings(), replay_terms, start_ms)
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        pools = [
            hedged_trades(markets[coin], legs, entries, seed, terms)
            for coin in bar.track(list(primaries), description=datadir.name)
        ]
    last_ms = max(int(markets[coin].opened_at_ms[-1]) for coin in primaries)
    size = (last_ms - start_ms) // timeframe_ms(base) + 1
    rests = {"entries": entries, "accounts": accounts, "seed": seed, "slippage": slippage}
    changes = _accounts(pools, size, bars(WAIT_HOURS, base), accounts, seed)
    trades = [trade for pool in pools for trade in pool]
    found = _ratios(trades, changes, bars(DAY_HOURS, base))
    return StopoutStudy(datadir.name, base, rests | chosen.model_dump(), found, _stopped(trades))


def _named(coin: str, datadir: Path, base: str) -> str:
    found = [pair for pair in pairs_of(datadir, base) if pair.partition("/")[0] == coin]
    if not found:
        raise DataError(
            f"{datadir}/futures holds no {base} futures candles of {coin}: choose other --primaries or "
            "--candidates"
        )
    return found[0]


def _accounts(
    pools: Sequence[Sequence[HedgedTrade]], size: int, wait: int, accounts: int, seed: int
) -> dict[float, list[Floats]]:
    """Changes of equity in each candle of every account, by ratio."""
    found: dict[float, list[Floats]] = {ratio: [] for ratio in RATIOS}
    for number in range(accounts):
        rng = np.random.default_rng([seed, number])
        taken = [trade for pool in pools for trade in chain([one.pooled for one in pool], wait, rng)]
        legs = free_legs(taken)
        for ratio, changes in found.items():
            changes.append(equity_changes(taken, legs, ratio, size))
    return found


def _ratios(trades: Sequence[HedgedTrade], accounts: dict[float, list[Floats]], day: int) -> list[AtRatio]:
    """Tail and drawdown at every ratio, the first of which is none."""
    risk = np.array([one.outcome.protect for one in trades])
    alone = np.array([one.outcome.net for one in trades])
    unhedged = np.array([max_drawdown(changes) for changes in accounts[0.0]])
    found: list[AtRatio] = []
    for ratio, equity in accounts.items():
        legs = np.array([one.leg_net(ratio) for one in trades])
        in_r = (alone + legs) / risk
        falls = np.array([max_drawdown(changes) for changes in equity])
        daily = np.concatenate([_daily(changes, day) for changes in equity])
        found.append(
            AtRatio(
                ratio,
                trade_cvar_r=cvar(in_r),
                trade_sd_r=float(in_r.std()),
                trade_mean_r=float(in_r.mean()),
                daily_cvar=cvar(daily),
                drawdown_mean=float(falls.mean()),
                drawdown_median=float(np.median(falls)),
                drawdown_p95=float(np.quantile(falls, 0.95)),
                lower_drawdown=float(np.mean(falls < unhedged)),
                leg_net_bp=float(1e4 * legs.mean()),
                leg_net_bp_error=float(1e4 * legs.std() / np.sqrt(len(legs))),
                leg_cost_bp=float(1e4 * np.mean([one.leg_cost(ratio) for one in trades])),
                account_return=float(np.mean([changes.sum() for changes in equity])),
            )
        )
    return found


def _daily(changes: Floats, day: int) -> Floats:
    whole = len(changes) // day * day
    summed: Floats = changes[:whole].reshape(-1, day).sum(axis=1)
    return summed


def _stopped(trades: Sequence[HedgedTrade]) -> StoppedOut:
    """What legs had gained where their primaries were stopped at a loss, and what they added as runners."""
    losing = [one for one in trades if one.outcome.gross < 0 and one.outcome.reason in LOSING]
    carried = [(one.outcome, one.legs[0]) for one in losing if one.legs]
    gained = [leg.ran.paired * leg.chosen.reading.beta for _, leg in carried]
    ran = np.array([leg.ran.runner for _, leg in carried])
    ran = ran[np.isfinite(ran)]
    error = ran.std() / np.sqrt(len(ran)) if len(ran) else np.nan
    return StoppedOut(
        primaries=len(losing),
        hedged=len(carried),
        lost_bp=_bp(np.mean([-outcome.gross for outcome, _ in carried]) if carried else np.nan),
        gained_bp=_bp(np.mean(gained) if carried else np.nan),
        runners=len(ran),
        runner_mean_bp=_bp(ran.mean() if len(ran) else np.nan),
        runner_error_bp=_bp(error),
        runner_median_bp=_bp(np.median(ran) if len(ran) else np.nan),
        runner_p95_bp=_bp(np.quantile(ran, 0.95) if len(ran) else np.nan),
    )


def _bp(fraction: float | np.floating) -> float:
    return float(1e4 * fraction)


@refusing
def main(argv: Sequence[str] | None = None) -> int:
    """Run the study from the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; the process's own by default.

    Returns
    -------
    int
        0, or 2 where something was refused.
    """
    parser = argparse.ArgumentParser(prog="python -m outrigger.hedge.stopouts", description=__doc__)
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory")
    parser.add_argument("--primaries", nargs="+", default=["BTC", "SOL"], help="coins")
    parser.add_argument("--candidates", nargs="+", default=["ETH", "BNB"], help="coins")
    parser.add_argument("--entries", type=int, default=1200, help="random entries a primary")
    parser.add_argument("--accounts", type=int, default=200, help="accounts drawn")
    parser.add_argument("--seed", type=int, default=1, help="of entries and accounts")
    parser.add_argument("--slippage-bp", type=float, default=0.0, help="slippage of stop exits, basis points")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = vars(parser.parse_args(argv))
    as_json, slippage = given.pop("json"), given.pop("slippage_bp") / 1e4
    found = study(**given, slippage=slippage, progress=True)
    if as_json:
        sys.stdout.write(found.to_json() + "\n")
    else:
        print_stopouts(found, Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
