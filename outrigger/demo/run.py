"""Stops side by side, from an empty directory to a report: market, backtests, measures, page.

Everything happens offline, with the repository's own configuration and strategy and the real `freqtrade`
command. The market begins two days before the first trade, so that every chart has its history, and goes on
for three days after the last, so that every exit can be judged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from outrigger.atomic import write_text
from outrigger.demo.backtests import copy_strategies, job, run_all
from outrigger.demo.display import Display
from outrigger.demo.policies import Compared, compared
from outrigger.demo.words import MarketTold, footnotes, recorded, synthetic, words
from outrigger.errors import DataError
from outrigger.market.candles import candle_path, read_candles
from outrigger.replay.synth import DEFAULT_START, read_label, write_market
from outrigger.review.backtest_export import BacktestResult
from outrigger.review.hindsight import extremes_of
from outrigger.review.inputs_on_disk import inputs_on_disk
from outrigger.review.regimes_on_disk import regimes_on_disk
from outrigger.review.report import CHART_TIMEFRAME, Reviewed, write_report
from outrigger.review.stop_line import stop_line
from outrigger.review.summary import Summary, summarise
from outrigger.review.table import rich_table
from outrigger.settings.configured import read_config
from outrigger.settings.read import Settings
from outrigger.stops.columns import FORECAST_CHART, stop_charts
from outrigger.stops.measured import measured_track
from outrigger.stops.track import StopTrack

DEMO_PAIRS = ("BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT", "XRP/USDT:USDT")
DEMO_POLICIES = ("volatility", "fixed", "trailing", "chandelier")
DEMO_DAYS = 14
BEFORE_DAYS, AFTER_DAYS = 2, 3
BOOK_MINUTES = 60
# What the chart shows before the first candle tested.
LEAD_MS = 12 * 3_600_000


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a demo left behind.

    Parameters
    ----------
    report, numbers, datadir : Path
        The page, the same numbers as JSON, and the synthetic market.
    summaries : tuple of Summary
        One a stop, the one that the others are compared with first.
    notice : str
        What the market can and cannot show.
    footnote : str
        How to read the table, and what it rests on.
    seconds : float
        How long all of it took.
    """

    report: Path
    numbers: Path
    datadir: Path
    summaries: tuple[Summary, ...]
    notice: str
    footnote: str
    seconds: float

    def table(self) -> Table:
        """Lay the stops out side by side for a terminal."""
        return rich_table(self.summaries, self.notice, self.footnote)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types, with the word that matters first."""
        return {
            "notice": self.notice,
            "report": str(self.report),
            "datadir": str(self.datadir),
            "seconds": round(self.seconds, 1),
            "summaries": [summary.to_dict() for summary in self.summaries],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """What to run and where to put it.

    Parameters
    ----------
    out : Path
        Directory for everything that is written, such as `user_data/demo`; made if absent.
    policies : tuple of str
        Stop policies to set side by side, the one to compare with first.
    config : Path
        The Freqtrade configuration to run.
    options : tuple of str
        Further arguments of `freqtrade backtesting`.
    """

    out: Path
    policies: tuple[str, ...] = DEMO_POLICIES
    config: Path = Path("config.json")
    options: tuple[str, ...] = ()


def run_demo(
    asked: Comparison,
    days: int = DEMO_DAYS,
    seed: int = 7,
    pairs: Sequence[str] = DEMO_PAIRS,
    *,
    console: Console | None = None,
) -> DemoResult:
    """Compare stops on a synthetic market, made first.

    Parameters
    ----------
    asked : Comparison
        What to run; the timerange is the demo's own.
    days : int
        Days to trade, at least 1.
    seed : int
        Seed of the market.
    pairs : sequence of str
        Pairs of the market, in Freqtrade's names.
    console : Console, optional
        Where progress goes; the terminal by default.

    Returns
    -------
    DemoResult
        Where everything is.

    Raises
    ------
    SettingsError
        If the configuration is missing or cannot be used.
    DataError
        If an argument cannot be used or the directory holds data that is not synthetic.
    ReplayError
        If Freqtrade fails.
    """
    console = console or Console()
    stops = compared(read_config(asked.config), asked.policies, pairs)
    asked.out.mkdir(parents=True, exist_ok=True)
    datadir = asked.out / "market"
    with Display(console, len(pairs), [stop.label for stop in stops]) as display:
        _market(datadir, days, seed, pairs, display)
        dated = replace(asked, options=(*asked.options, "--timerange", _timerange(days)))
        return _compare(dated, datadir, stops, pairs, synthetic(seed), display, console)


def run_comparison(asked: Comparison, datadir: Path, *, console: Console | None = None) -> DemoResult:
    """Compare stops on the candles of a data directory.

    Parameters
    ----------
    asked : Comparison
        What to run.
    datadir : Path
        A Freqtrade data directory; the pairs are those of the configuration that it holds.
    console : Console, optional
        Where progress goes; the terminal by default.

    Returns
    -------
    DemoResult
        Where everything is.

    Raises
    ------
    SettingsError, DataError, ReplayError
        As for `run_demo`.
    """
    console = console or Console()
    config = read_config(asked.config)
    wanted = config.get("exchange", {}).get("pair_whitelist", [])
    pairs = tuple(pair for pair in wanted if candle_path(datadir, pair, CHART_TIMEFRAME).is_file())
    if not pairs:
        raise DataError(
            f"{datadir} has {CHART_TIMEFRAME} candles of none of the configured pairs ({', '.join(wanted)})"
        )
    stops = compared(config, asked.policies, pairs)
    asked.out.mkdir(parents=True, exist_ok=True)
    label = read_label(datadir)
    told = synthetic(int(label["seed"])) if label else recorded(datadir)
    with Display(console, 0, [stop.label for stop in stops]) as display:
        return _compare(asked, datadir, stops, pairs, told, display, console)


def _compare(
    asked: Comparison,
    datadir: Path,
    stops: Sequence[Compared],
    pairs: Sequence[str],
    told: MarketTold,
    display: Display,
    console: Console,
) -> DemoResult:
    """Run the backtests, replay every trade's stop, and write page and numbers."""
    began, out = monotonic(), asked.out
    strategies = copy_strategies(read_config(asked.config), out)
    jobs = [job(stop, asked.config, strategies, datadir, out, asked.options) for stop in stops]
    results = run_all(jobs, display.backtest)
    display.step("replaying every trade's stop")
    reviewed = _reviewed(stops, results, datadir, pairs)
    display.step("writing the report")
    report = out / "report.html"
    write_report(report, words(told, results), reviewed, _drawn(results, datadir, pairs))
    summaries = tuple(one.summary for one in reviewed)
    footnote, seconds = footnotes(told, reviewed[0].result), monotonic() - began
    done = DemoResult(report, out / "summary.json", datadir, summaries, told.notice, footnote, seconds)
    write_text(done.numbers, json.dumps(done.to_dict(), indent=1, allow_nan=False) + "\n")
    ended = f"Done in {done.seconds:.0f} s. Report: {report.resolve()}"
    console.print(ended, soft_wrap=True, highlight=False, markup=False)
    return done


def _market(datadir: Path, days: int, seed: int, pairs: Sequence[str], display: Display) -> None:
    write_market(
        datadir,
        BEFORE_DAYS + days + AFTER_DAYS,
        seed,
        pairs,
        depth_minutes=BOOK_MINUTES,
        progress=display.pair,
    )


def _timerange(days: int) -> str:
    first = DEFAULT_START + timedelta(days=BEFORE_DAYS)
    return f"{first:%Y%m%d}-{first + timedelta(days=days):%Y%m%d}"


def _reviewed(
    stops: Sequence[Compared], results: Mapping[str, BacktestResult], datadir: Path, pairs: Sequence[str]
) -> list[Reviewed]:
    """Replay and measure every backtest."""
    base = next(iter(results.values())).timeframe
    charts = dict.fromkeys((base, *(chart for stop in stops for chart in stop_charts(stop.settings.stop))))
    frames = {pair: {chart: read_candles(datadir, pair, chart) for chart in charts} for pair in pairs}
    candles = {pair: extremes_of(frames[pair][base], base) for pair in pairs}
    reviewed = []
    for stop in stops:
        result = results[stop.label]
        tracks = {pair: _track(datadir, frames[pair], base, pair, stop.settings) for pair in pairs}
        lines = tuple(stop_line(trade, tracks[trade.pair], stop.settings.stop) for trade in result.trades)
        distances = [line.protective_distance for line in lines]
        reviewed.append(Reviewed(summarise(stop.label, result, candles, distances), result, lines))
    return reviewed


def _track(
    datadir: Path, frames: Mapping[str, pd.DataFrame], base: str, pair: str, settings: Settings
) -> StopTrack:
    inputs = inputs_on_disk(datadir, pair, frames[FORECAST_CHART], settings)
    regimes = regimes_on_disk(datadir, pair, settings)
    return measured_track(frames, base, settings, pair, inputs, regimes)


def _drawn(
    results: Mapping[str, BacktestResult], datadir: Path, pairs: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Candles of the chart, from shortly before the first trade on."""
    begin = pd.Timestamp(next(iter(results.values())).start_ms - LEAD_MS, unit="ms", tz="UTC")
    frames = {pair: read_candles(datadir, pair, CHART_TIMEFRAME) for pair in pairs}
    return {pair: frame[frame["date"] >= begin].reset_index(drop=True) for pair, frame in frames.items()}
