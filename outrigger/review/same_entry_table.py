"""A same-entry comparison as tables that fit a terminal of 80 columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from outrigger.review.paired import MEASURES, Difference
from outrigger.review.same_entry_result import PolicyResult, SameEntryStudy

_FOOTNOTE = (
    "size: factor on the policy's widths; 6h, 24h, 72h: premature stop-outs, left by a stop at a loss and "
    "then entry +1 % within those hours; stop, arm, win: left by a stop, armed, net profit, all in % of "
    "trades; kept: % of the best move until 24 h after the exit that winners kept. R: net return over "
    "protective distance, ± standard error; tail: mean of the worst 5 %; sd: standard deviation. In brackets "
    "95 % intervals."
)


def print_study(study: SameEntryStudy, console: Console, *, differences: bool = True) -> None:
    """Print every table of a study with what it rests on.

    Parameters
    ----------
    study : SameEntryStudy
        What was found.
    console : Console
        Where to.
    differences : bool
        Whether to print the differences to the shipped policy too.
    """
    for data, reading in dict.fromkeys((one.data, one.reading) for one in study.results):
        found = study.find(data, reading)
        console.print(_levels(f"{data}, {reading}", found))
        if differences:
            console.print(_differences(f"{data}, {reading}: less the shipped policy", found))
    for one in study.data:
        console.print(
            f"{one['name']}: {one['timeframe']}, {len(one['pairs'])} pairs, entries {one['first_entry']} to "
            f"{one['last_entry']}",
            highlight=False,
        )
    told = "; ".join(f"{key.replace('_', ' ')} {value}" for key, value in study.assumptions.items())
    console.print(told, highlight=False)
    console.print(_FOOTNOTE, highlight=False)


def _levels(title: str, results: Sequence[PolicyResult]) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("%", no_wrap=True)
    for head in ("size", "6h", "24h", "72h", "stop", "arm", "win", "kept", "mean R", "tail", "sd"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in results:
        table.add_row(
            one.policy,
            f"{one.scale:.2f}",
            *(f"{100 * one.premature[key]:.1f}" for key in ("6h", "24h", "72h")),
            *(f"{100 * share:.0f}" for share in (one.stop_share, one.armed_share, one.win_rate, one.capture)),
            _short(f"{one.mean_r:+.3f}±{one.mean_r_se:.3f}"),
            f"{one.cvar95_r:.2f}",
            f"{one.sd_r:.2f}",
        )
    return table


def _differences(title: str, results: Sequence[PolicyResult]) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("policy", no_wrap=True)
    for head in ("24h", "kept", "mean R"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in results:
        if one.against_shipped:
            table.add_row(one.policy, *(_shown(one.against_shipped[measure]) for measure in MEASURES))
    return table


def _shown(found: Difference) -> str:
    if not isfinite(found.mean):
        return "–"
    return _short(f"{found.mean:+.3f} [{found.low:+.3f},{found.high:+.3f}]")


def _short(text: str) -> str:
    """Numbers between -1 and 1 without their leading zero."""
    return re.sub(r"(?<!\d)0\.", ".", text)
