"""How much of a primary's variance a leg takes away out of sample, and what it costs to hold.

A primary is held for the whole time and its leg beside it, sized and resized as the bot would, from
closed candles only; every change of equity lies after the close that its leg is known from. All pairs of a
data directory are studied over the same time. Hourly changes begin at every close, so they overlap.
Costs are those of a long primary; for a short one the funding turns its sign.

Run `python -m outrigger.hedge.study --datadir DIR [--primaries BTC] [--candidates ETH BNB] [--json]`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from outrigger.commands.refusing import refusing
from outrigger.errors import DataError
from outrigger.hedge.account import cvar
from outrigger.hedge.leg_path import LegPath, leg_path
from outrigger.hedge.measure import CHART, HOUR_CANDLES, measure_hedges
from outrigger.hedge.returns import Floats, log_returns, on_one_clock
from outrigger.hedge.study_result import HedgeStudy, Held, HoldingCost, PairHedge, print_study
from outrigger.market.candles import candle_path, mend, read_candles
from outrigger.market.timeframe import timeframe_ms
from outrigger.review.pair_market import funding_by_candle, pairs_of
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.risk import RiskSettings

RATIOS = (1.0, 0.5)
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class _Market:
    """Candles and funding of all pairs, and the moment from which they are studied."""

    frames: dict[str, pd.DataFrame]
    funding: dict[str, pd.DataFrame | None]
    first_ms: int


def study(
    datadir: Path,
    candidates: Sequence[str] = ("ETH",),
    settings: HedgeSettings | None = None,
    *,
    primaries: Sequence[str] = (),
    fee: float | None = None,
    progress: bool = False,
) -> HedgeStudy:
    """Hedge every pair of a data directory with each candidate.

    Parameters
    ----------
    datadir : Path
        Freqtrade data directory with 5m futures candles.
    candidates : sequence of str
        Coins or pairs.
    settings : HedgeSettings, optional
        Windows, band and limits; the defaults where not given.
    primaries : sequence of str
        Coins or pairs to hedge; all where not given. The time studied is that of all pairs either way.
    fee : float, optional
        Of one order, fraction of notional; the risk settings' default where not given.
    progress : bool
        Whether to draw a progress bar on standard error.

    Returns
    -------
    HedgeStudy
        One result a primary and candidate.

    Raises
    ------
    DataError
        If candles are missing, or too few.
    """
    chosen, paid = settings or HedgeSettings(), RiskSettings().fee if fee is None else fee
    market = _read(datadir, chosen)
    legs = [_named(coin, market.frames, datadir) for coin in candidates]
    hedged = [_named(coin, market.frames, datadir) for coin in primaries] or list(market.frames)
    results: list[PairHedge] = []
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        for primary in bar.track(hedged, description=datadir.name):
            others = [leg for leg in legs if leg != primary]
            if others:
                results += _hedged(primary, others, market, chosen, paid)
    return HedgeStudy(datadir.name, chosen.model_dump(), paid, results)


def _read(datadir: Path, settings: HedgeSettings) -> _Market:
    pairs = pairs_of(datadir, CHART)
    if len(pairs) < 2:
        raise DataError(
            f"{datadir}/futures holds 5m candles of {len(pairs)} pairs: a hedge needs two; run `freqtrade "
            f"download-data --trading-mode futures --datadir {datadir} --timeframes 5m 1h`"
        )
    frames = {pair: mend(read_candles(datadir, pair, CHART)) for pair in pairs}
    funding = {
        pair: read_candles(datadir, pair, "1h", "funding_rate")
        if candle_path(datadir, pair, "1h", "funding_rate").is_file()
        else None
        for pair in pairs
    }
    newest = max(frame["date"].iloc[0] for frame in frames.values())
    first = int(newest.value // 1_000_000) + round(settings.window_hours * HOUR_MS)
    return _Market(frames, funding, first)


def _named(coin: str, frames: dict[str, pd.DataFrame], datadir: Path) -> str:
    found = [pair for pair in frames if coin in (pair, pair.partition("/")[0])]
    if not found:
        raise DataError(f"{datadir}/futures holds no 5m candles of {coin}: choose from {', '.join(frames)}")
    return found[0]


def _hedged(
    primary: str, legs: Sequence[str], market: _Market, settings: HedgeSettings, fee: float
) -> list[PairHedge]:
    """All results of one primary."""
    frames = {pair: market.frames[pair] for pair in (primary, *legs)}
    opened, closes = on_one_clock(primary, frames, CHART)
    short = {pair: log_returns(opened, close, 1, CHART) for pair, close in closes.items()}
    funding = {pair: funding_by_candle(opened, market.funding[pair], CHART) for pair in frames}
    length = timeframe_ms(CHART)
    results: list[PairHedge] = []
    for leg, track in measure_hedges(primary, frames, settings).items():
        studied = (track.closed_at_ms >= market.first_ms) & np.isfinite(track.beta)
        if studied.sum() * length < DAY_MS:
            raise DataError(f"{primary} and {leg} share less than a day after the start-up: get more candles")
        moves = {
            span: (_ahead(opened, closes[primary], span), _ahead(opened, closes[leg], span))
            for span in (1, HOUR_CANDLES)
        }
        paths = {
            ratio: leg_path(track, short[primary], short[leg], ratio, settings)
            for ratio in {*RATIOS, settings.ratio}
        }
        held = [_held(ratio, paths[ratio], moves, studied) for ratio in RATIOS]
        unsized = LegPath(np.ones(len(opened)), np.zeros(len(opened)))
        results.append(
            PairHedge(
                primary,
                leg,
                days=float(studied.sum() * length / DAY_MS),
                accepted=float(np.mean(track.correlation[studied] >= settings.correlation_floor)),
                rho2_5m=_squared(*moves[1], studied),
                rho2_1h=_squared(*moves[HOUR_CANDLES], studied),
                beta=float(np.median(track.beta[studied])),
                held=held,
                unsized=_held(1.0, unsized, moves, studied),
                cost=_costs(paths[settings.ratio], (funding[primary], funding[leg]), studied, fee, settings),
            )
        )
    return results


def _ahead(opened: NDArray[np.int64], close: Floats, span: int) -> Floats:
    """Simple returns over the candles that follow each close."""
    moves = np.full(len(close), np.nan)
    moves[:-span] = np.expm1(log_returns(opened, close, span, CHART))[span:]
    return moves


def _squared(primary: Floats, candidate: Floats, studied: NDArray[np.bool_]) -> float:
    """Squared correlation of the moves, the most that any constant leg can take away."""
    both = studied & np.isfinite(primary) & np.isfinite(candidate)
    return float(np.corrcoef(primary[both], candidate[both])[0, 1] ** 2)


def _held(
    ratio: float, path: LegPath, moves: dict[int, tuple[Floats, Floats]], studied: NDArray[np.bool_]
) -> Held:
    """Variance and tail of equity with a leg against those without, at both spans."""
    removed: list[float] = []
    for primary, candidate in moves.values():
        both = studied & np.isfinite(primary) & np.isfinite(candidate)
        alone, hedged = primary[both], primary[both] - path.held[both] * candidate[both]
        removed.append(float(1 - hedged.var() / alone.var()))
    return Held(ratio, removed[0], removed[1], float(1 - cvar(hedged) / cvar(alone)))


def _costs(
    path: LegPath,
    funding: tuple[Floats, Floats],
    studied: NDArray[np.bool_],
    fee: float,
    settings: HedgeSettings,
) -> HoldingCost:
    """Basis points of the primary's notional: a day, and once for entry and exit."""
    days = studied.sum() * timeframe_ms(CHART) / DAY_MS
    order = fee + settings.spread / 2
    # Charged at the open of a candle on what was held since the close before it.
    charged = np.roll(path.held, 1) * funding[1]
    return HoldingCost(
        rebalances_per_day=float(np.count_nonzero(path.traded[studied]) / days),
        rebalancing_bp_day=float(1e4 * order * path.traded[studied].sum() / days),
        leg_funding_bp_day=float(-1e4 * charged[studied].sum() / days),
        primary_funding_bp_day=float(1e4 * funding[0][studied].sum() / days),
        round_trip_bp=float(1e4 * 2 * order * path.held[studied].mean()),
    )


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
    parser = argparse.ArgumentParser(prog="python -m outrigger.hedge.study", description=__doc__)
    parser.add_argument("--datadir", type=Path, required=True, help="Freqtrade data directory")
    parser.add_argument("--candidates", nargs="+", default=["ETH"], help="coins or pairs; ETH by default")
    parser.add_argument("--primaries", nargs="+", default=[], help="coins or pairs; all by default")
    parser.add_argument("--fee-bp", type=float, help="taker fee of one side, basis points")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    fee = None if given.fee_bp is None else given.fee_bp / 1e4
    found = study(given.datadir, given.candidates, primaries=given.primaries, fee=fee, progress=True)
    if given.json:
        sys.stdout.write(found.to_json() + "\n")
    else:
        print_study(found, Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
