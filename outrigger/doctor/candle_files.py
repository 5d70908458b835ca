"""Every candle file that the configured pairs need: there, sound, and reaching as far as the base candles.

Defects that Freqtrade mends by itself (gaps, order, duplicates) or that markets have (outages) are warnings;
prices that cannot be right are errors. Whether a plausible price is the true one is not checked. Only Feather
files are read, which is what Freqtrade writes by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from outrigger.bot.frames import charts
from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.errors import DataError
from outrigger.market.candles import Defect, candle_path, find_defects, read_candles
from outrigger.market.timeframe import timeframe_ms

MENDED_BY_FREQTRADE = frozenset({"gaps", "unsorted_dates", "duplicate_dates", "zero_volume_runs"})


@dataclass(frozen=True, slots=True)
class Chart:
    """What the later checks need to know of one file that could be read.

    Parameters
    ----------
    pair, timeframe : str
        Which candles.
    dates : Series of datetime64[ms, UTC]
        Opening times, as in the file.
    close : float
        Last close.
    """

    pair: str
    timeframe: str
    dates: pd.Series
    close: float

    @property
    def first(self) -> pd.Timestamp:
        """Opening time of the oldest candle."""
        return pd.Timestamp(self.dates.min())

    @property
    def end(self) -> pd.Timestamp:
        """Closing time of the newest candle."""
        return pd.Timestamp(self.dates.max()) + pd.Timedelta(timeframe_ms(self.timeframe), unit="ms")


def timeframes(case: Case) -> tuple[str, ...]:
    """Base timeframe and every further chart."""
    return (case.timeframe, *charts(case.settings, case.timeframe)) if case.settings else (case.timeframe,)


def download(case: Case, pairs: list[str], names: list[str], *, kinds: str = "", span: str = "") -> str:
    """Command that downloads what is missing.

    Parameters
    ----------
    case : Case
        For configuration, directory and timerange.
    pairs, names : list of str
        Pairs and timeframes.
    kinds : str
        Candle types; futures with mark and funding when empty.
    span : str
        Timerange to download; the case's own when empty.

    Returns
    -------
    str
        A `freqtrade download-data` command line.
    """
    files = " ".join(f"--config {file}" for file in case.files)
    span = span or (case.timerange.timerange_str if case.timerange.starttype else "")
    terms = (f" --candle-types {kinds}" if kinds else "") + (f" --timerange {span}" if span else "")
    return (
        f"freqtrade download-data {files} --datadir {case.datadir} --trading-mode futures "
        f"--pairs {' '.join(pairs)} --timeframes {' '.join(names)}{terms}"
    )


def directory(case: Case) -> Finding | None:
    """Tell what is wrong with the data directory as a whole, or None where its files can be looked at."""
    path, step = case.datadir, download(case, list(case.pairs), list(timeframes(case)))
    subject = f"data directory {path}"
    if not path.exists():
        if case.datadir_named:
            return error(
                subject, "does not exist", f"name the directory that holds futures/, or run `{step}`"
            )
        return warning(subject, "does not exist: nothing can be backtested yet", step)
    if not path.is_dir():
        return error(subject, "is a file, not a directory", "name the directory that holds futures/")
    if not any(path.iterdir()):
        return error(subject, "is empty", step)
    if not (path / "futures").is_dir():
        hint = f"name its parent, {path.parent}" if path.name == "futures" else step
        return error(subject, "holds no futures/ folder", hint)
    form = case.config.get("dataformat_ohlcv", "feather")
    if form != "feather":
        return warning(
            subject,
            f"dataformat_ohlcv is {form}: only Feather files can be checked here",
            f"freqtrade convert-data --format-from {form} --format-to feather, then "
            'set "dataformat_ohlcv": "feather"',
        )
    return None


def check(case: Case, now: datetime) -> tuple[list[Chart], list[Finding]]:
    """Read every needed candle file.

    Parameters
    ----------
    case : Case
        Pairs, charts and directory.
    now : datetime
        Present time: candles beyond it are an error.

    Returns
    -------
    tuple of (list of Chart, list of Finding)
        The files that could be read, and what was found in all of them.
    """
    found, read = [], []
    for pair in case.pairs:
        missing = [name for name in timeframes(case) if not candle_path(case.datadir, pair, name).is_file()]
        if missing:
            names = ", ".join(missing)
            found.append(error(f"{pair} {names}", "no candle file", download(case, [pair], missing)))
        for name in timeframes(case):
            if name not in missing:
                chart, finding = _file(case, pair, name, now)
                read += [chart] if chart else []
                found.append(finding)
    return read, [*found, *reach(read, case)]


def _file(case: Case, pair: str, name: str, now: datetime) -> tuple[Chart | None, Finding]:
    subject, again = f"{pair} {name}", _again(case, pair, name)
    try:
        frame = read_candles(case.datadir, pair, name)
        defects = find_defects(frame, name)
    except DataError as problem:
        return None, error(subject, str(problem), again)
    dated = frame.dropna(subset=["date"])
    if dated.empty:
        return None, error(subject, "no candle has a date", again)
    chart = Chart(pair, name, dated["date"], float(dated["close"].iloc[-1]))
    if chart.dates.max() > pd.Timestamp(now):
        return chart, error(
            subject,
            f"candles up to {chart.dates.max():%Y-%m-%d %H:%M}, in the future: clock or file is wrong",
            again,
        )
    return chart, _sound(subject, chart, defects, again)


def _again(case: Case, pair: str, name: str) -> str:
    path: Path = candle_path(case.datadir, pair, name)
    return f"rm {path} && {download(case, [pair], [name])}"


def _sound(subject: str, chart: Chart, defects: tuple[Defect, ...], again: str) -> Finding:
    span = f"{len(chart.dates)} candles from {chart.first:%Y-%m-%d %H:%M} to {chart.end:%Y-%m-%d %H:%M}"
    if not defects:
        return ok(subject, span)
    told = f"{span}: " + "; ".join(
        f"{defect.count} {defect.name} ({defect.meaning}"
        + (f"; first {defect.first:%Y-%m-%d %H:%M})" if defect.first is not None else ")")
        for defect in defects
    )
    if all(defect.name in MENDED_BY_FREQTRADE for defect in defects):
        return warning(subject, told, f"harmless if the exchange really stood still; else `{again}`")
    return error(subject, told, again)


def reach(read: list[Chart], case: Case) -> Iterator[Finding]:
    """Compare how far the files reach: charts with their base candles, pairs with each other.

    Parameters
    ----------
    read : list of Chart
        Every file that could be read.
    case : Case
        For the timerange and commands.

    Yields
    ------
    Finding
        Nothing where all reach equally far.
    """
    bases = {chart.pair: chart for chart in read if chart.timeframe == case.timeframe}
    for chart in read:
        base = bases.get(chart.pair)
        slack = pd.Timedelta(timeframe_ms(chart.timeframe), unit="ms")
        if base is not None and chart.end + slack < base.end:
            yield warning(
                f"{chart.pair} {chart.timeframe}",
                f"ends {chart.end:%Y-%m-%d %H:%M}, the {case.timeframe} candles go on to "
                f"{base.end:%Y-%m-%d %H:%M}",
                download(case, [chart.pair], [chart.timeframe]),
            )
    if bases:
        yield from _shorter(bases, case)


def _shorter(bases: dict[str, Chart], case: Case) -> Iterator[Finding]:
    """Pairs with less history than the others, or than the timerange asks for."""
    day = pd.Timedelta(days=1)
    earliest, latest = min(c.first for c in bases.values()), max(c.end for c in bases.values())
    stop = pd.Timestamp(case.timerange.stopts, unit="s", tz="UTC") if case.timerange.stoptype else None
    for pair, chart in bases.items():
        step = download(case, [pair], list(timeframes(case)))
        if chart.first - earliest > day:
            behind = (chart.first - earliest) / day
            told = (
                f"begins {chart.first:%Y-%m-%d %H:%M}, {behind:.1f} days after the longest: no trades before"
            )
            yield warning(f"{pair} {chart.timeframe}", told, step)
        if latest - chart.end > day:
            told = f"ends {chart.end:%Y-%m-%d %H:%M}, {(latest - chart.end) / day:.1f} days before the others"
            yield warning(f"{pair} {chart.timeframe}", told, step)
        if stop is not None and stop > chart.end:
            told = f"ends {chart.end:%Y-%m-%d %H:%M}, before the timerange does ({stop:%Y-%m-%d %H:%M})"
            yield warning(f"{pair} {chart.timeframe}", told, step)
