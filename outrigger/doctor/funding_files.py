"""Funding rates and mark prices: without them a backtest charges no funding, and does not say so loudly.

Freqtrade multiplies a funding rate with the mark price of the same hour and drops every event that has no
partner. Both are files of 1h now; files under the old 8h name are passed over with a warning in the log.
Whatever leads to funding not being charged is an error here, since the result would be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from outrigger.doctor.candle_files import Chart, download
from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.errors import DataError
from outrigger.market.candles import candle_path, read_candles
from outrigger.market.features.funding_interval import INTERVALS_H

HOURLY = "1h"
# Distances on either side that tell a pair's interval: exchanges change it now and then.
NEIGHBOURS = 3
LONGEST_H = max(INTERVALS_H)
SLACK = pd.Timedelta(minutes=1)
KINDS = ("funding_rate", "mark")


def check(case: Case, read: list[Chart]) -> Iterator[Finding]:
    """Check the funding and mark files of every pair.

    Parameters
    ----------
    case : Case
        Pairs and directory.
    read : list of Chart
        Candle files that could be read; the base candles say what has to be covered.

    Yields
    ------
    Finding
        One or more a pair.
    """
    bases = {chart.pair: chart for chart in read if chart.timeframe == case.timeframe}
    for pair in case.pairs:
        frames: dict[str, pd.DataFrame] = {}
        for kind in KINDS:
            frame, finding = _file(case, pair, kind)
            if frame is not None:
                frames[kind] = frame
            if finding is not None:
                yield finding
        if len(frames) == len(KINDS):
            yield from _together(case, pair, frames, bases.get(pair))


def _step(case: Case, pair: str, kinds: str = "funding_rate mark") -> str:
    return download(case, [pair], [HOURLY], kinds=kinds)


def _file(case: Case, pair: str, kind: str) -> tuple[pd.DataFrame | None, Finding | None]:
    subject, path = f"{pair} {kind}", candle_path(case.datadir, pair, HOURLY, kind)
    if not path.is_file():
        stem = path.name.removesuffix(f"-{HOURLY}-{kind}.feather")
        old = sorted(path.parent.glob(f"{stem}-*-{kind}.feather"))
        if old:
            told = f"only {old[0].name} is there, and Freqtrade reads {path.name}"
        else:
            told = f"{path.name} is missing"
        return None, error(subject, f"{told}: a backtest would charge no funding", _step(case, pair))
    try:
        frame = read_candles(case.datadir, pair, HOURLY, kind).dropna(subset=["date"])
    except DataError as problem:
        return None, error(subject, str(problem), f"rm {path} && {_step(case, pair, kind)}")
    value = "funding_rate" if kind == "funding_rate" else "open"
    unknown = int((~np.isfinite(frame[value])).sum())
    if unknown or frame.empty:
        told = f"{unknown} of {len(frame)} rows hold no number: that funding would not be charged"
        return None, error(subject, told, f"rm {path} && {_step(case, pair, kind)}")
    return frame, None


def _together(
    case: Case, pair: str, frames: dict[str, pd.DataFrame], base: Chart | None
) -> Iterator[Finding]:
    subject = f"{pair} funding"
    events, marks = frames["funding_rate"]["date"].sort_values(), frames["mark"]["date"]
    first, last = (base.first, base.end) if base else (events.min(), events.max())
    inside = events[(events >= first) & (events < last)]
    step, sound = _step(case, pair), True
    usual = _usual_intervals(events)
    at_first, at_last = usual.iloc[0], usual.iloc[-1]
    for kind, dates in (("funding_rate", events), ("mark", marks)):
        if dates.min() > first + at_first or dates.max() < last - at_last - pd.Timedelta(hours=1):
            sound = False
            yield error(
                f"{pair} {kind}",
                f"covers {dates.min():%Y-%m-%d %H:%M} to {dates.max():%Y-%m-%d %H:%M}, the {case.timeframe} "
                f"candles {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}: outside no funding is charged",
                step,
            )
    alone = int((~inside.isin(marks)).sum())
    if alone:
        sound = False
        yield error(
            subject,
            f"{alone} of {len(inside)} funding events have no mark price at the same time: not charged",
            step,
        )
    skipped = inside.diff() > usual[inside.index] + SLACK
    if skipped.any():
        sound = False
        told = f"{int(skipped.sum())} gaps longer than the pair's interval between funding events, the first"
        yield warning(subject, f"{told} before {inside[skipped].iloc[0]:%Y-%m-%d %H:%M}", step)
    if sound:
        every = " or ".join(f"{hours:g} h" for hours in sorted({x.total_seconds() / 3600 for x in usual}))
        yield ok(subject, f"{len(inside)} events, one every {every}, each with its mark price")


def _usual_intervals(events: pd.Series) -> pd.Series:
    """Funding interval of a pair at each event: the usual one before it or after it, the longer."""
    gaps = pd.Series(events.diff().dt.total_seconds().to_numpy() / 3600, index=events.index)
    before = gaps.rolling(NEIGHBOURS, min_periods=1).median().shift()
    after = gaps[::-1].rolling(NEIGHBOURS, min_periods=1).median().shift()[::-1]
    hours = before.combine(after, max).fillna(before).fillna(after).fillna(LONGEST_H)
    return pd.to_timedelta(hours.round().clip(1, LONGEST_H), unit="h")
