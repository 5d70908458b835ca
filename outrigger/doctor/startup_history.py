"""Whether the charts hold enough history before the first candle that is traded.

Freqtrade loads `startup_candle_count` candles of every timeframe before the timerange, so the same number
means 34 hours of 1m and eleven months of 4h candles. Less than that does not stop a backtest: the chart votes
nothing, or the forecast is missing, for as long as it takes. Only the five-minute chart is an error when it
holds less than a day, because without a forecast there is no stop and no trade.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from outrigger.doctor.candle_files import Chart, download, timeframes
from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.market.timeframe import timeframe_ms
from outrigger.signals.indicators import chart_lookbacks, charts
from outrigger.stops.columns import FORECAST_CHART

FORECAST_CANDLES = 288  # one day


def check(case: Case, read: list[Chart]) -> Iterator[Finding]:
    """Count the candles before the start, by timeframe.

    Parameters
    ----------
    case : Case
        With settings; the start is that of the timerange, or where Freqtrade would begin without one.
    read : list of Chart
        Every file that could be read.

    Yields
    ------
    Finding
        One a timeframe and level, naming the pairs.
    """
    if case.settings is None:
        return
    wanted = int(case.strategy.startup_candle_count) if case.strategy is not None else 2016
    bases = {chart.pair: chart for chart in read if chart.timeframe == case.timeframe}
    starts = {pair: _start(case, base, wanted) for pair, base in bases.items()}
    idle = [pair for pair, base in bases.items() if starts[pair] >= base.end]
    if idle:
        told = f"{', '.join(idle)}: no candle is left to trade after {wanted} start-up candles"
        step = download(case, idle, list(timeframes(case)))
        yield error(f"start-up history {case.timeframe}", told, f"more days are needed: {step}")
    for name in timeframes(case):
        have = {
            chart.pair: int((chart.dates < starts[chart.pair]).sum())
            for chart in read
            if chart.timeframe == name and chart.pair in starts
        }
        if have:
            yield from _judge(case, name, have, wanted, min(starts[pair] for pair in have))


def _start(case: Case, base: Chart, wanted: int) -> pd.Timestamp:
    """First candle that is traded, as Freqtrade works it out."""
    beginning = base.first + wanted * pd.Timedelta(timeframe_ms(base.timeframe), unit="ms")
    if not case.timerange.starttype:
        return beginning
    asked = pd.Timestamp(case.timerange.startts, unit="s", tz="UTC")
    # Where the data begins at or after the timerange, Freqtrade moves the start itself.
    return beginning if base.first >= asked else asked


def _judge(
    case: Case, name: str, have: dict[str, int], wanted: int, start: pd.Timestamp
) -> Iterator[Finding]:
    subject = f"start-up history {name}"
    wanted = min(wanted, _looked_back_on(case).get(name, wanted))
    enough = [pair for pair, count in have.items() if count >= wanted]
    blind = [pair for pair, count in have.items() if name == FORECAST_CHART and count < FORECAST_CANDLES]
    short = [pair for pair in have if pair not in enough and pair not in blind]
    if enough:
        yield ok(subject, f"{wanted} candles or more before the start: {', '.join(enough)}")
    for pairs, report in ((short, warning), (blind, error)):
        if pairs:
            counts = ", ".join(f"{pair} {have[pair]}" for pair in pairs)
            consequence = (
                "no forecast, so no stop and no trade" if pairs is blind else _consequence(case, name)
            )
            told = f"fewer than the {wanted} candles wanted before the start ({counts}): {consequence}"
            yield report(subject, told, _earlier(case, pairs, name, wanted, start))


def _looked_back_on(case: Case) -> dict[str, int]:
    """Candles that the signals look back on, by timeframe; the forecast takes all it can get."""
    if case.settings is None:
        return {}
    signals = case.settings.signals
    needs = dict(zip(charts(signals, case.timeframe), chart_lookbacks(signals, case.timeframe), strict=True))
    return {name: count + 1 for name, count in needs.items() if name != FORECAST_CHART}


def _consequence(case: Case, name: str) -> str:
    """What a trader loses with less history than wanted."""
    if name == FORECAST_CHART:
        return "the forecast's weekly part is missing at first"
    if name in _looked_back_on(case):
        return "with fewer this chart votes nothing at first"
    return "the hourly range is missing at first"


def _earlier(case: Case, pairs: list[str], name: str, wanted: int, start: pd.Timestamp) -> str:
    before = start - wanted * pd.Timedelta(timeframe_ms(name), unit="ms")
    span = f"{before:%Y%m%d}-{start + pd.Timedelta(days=1):%Y%m%d}"
    return f"{download(case, pairs, [name], span=span)} --prepend, or start the timerange later"
