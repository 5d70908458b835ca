"""A study as tables that fit a terminal of 80 columns, and as the table that the README carries."""

from __future__ import annotations

import re
from math import isfinite
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from outrigger.atomic import write_text
from outrigger.errors import SettingsError
from outrigger.review.paired import Difference
from outrigger.study.measures import Figure
from outrigger.study.result import (
    READING_AS_IS,
    READING_CVAR,
    READING_MATCHED,
    READINGS,
    PolicyFigures,
    StudyResult,
)

BEGIN, END = "<!-- study -->", "<!-- /study -->"
_WORDS = {
    READING_AS_IS: "as it is",
    READING_MATCHED: "matched at equal mean notional (3 %)",
    READING_CVAR: "sized to an equal CVaR 95 %",
}
_FOOTNOTE = (
    "size: factor on widths (matched) or positions (equal CVaR). early: premature stop-outs, left by a stop "
    "at a loss and then entry +1 % within 24 h; 6h, 72h: within those hours; kept: share of the best move "
    "until 24 h after the exit that winners kept; stop, arm: left by a stop, armed; liq: liquidations; win: "
    "net profit; bp: mean net result of notional (equal CVaR: of the account); -null: less random entries "
    "with the same side counts, pair by pair; tail: mean of the worst 5 % in R, the loss at the protective "
    "stop; fall: drawdown, % of an account risking 1 % a day. ± half of a 95 % block-bootstrap interval; * "
    "the interval of -null lies off zero."
)


def print_study(found: StudyResult, console: Console) -> None:
    """Print what was found and what it rests on.

    Parameters
    ----------
    found : StudyResult
        The study.
    console : Console
        Where to.
    """
    for data in dict.fromkeys(one.data for one in found.tables):
        for reading in READINGS:
            rows = found.find(data, reading)
            if rows:
                console.print(_levels(f"{data}, {_WORDS[reading]}", rows))
    rows = found.find(found.whole, READING_MATCHED)
    console.print(_shape(f"{found.whole}, matched: how trades ended", rows))
    if any(one.against_shipped for one in rows):
        console.print(_differences(f"{found.whole}, matched: less the shipped stop", rows))
    console.print(
        _nulls(f"{found.whole}, as it is: what needs no skill", found.find(found.whole, READING_AS_IS))
    )
    for line in (*_tuning(found), *_luck(found), *_failures(found), *_rests(found), _FOOTNOTE):
        console.print(line, highlight=False, markup=False)


def _levels(title: str, rows: list[PolicyFigures]) -> Table:
    table = _table(title, ("%", "size", "early", "kept", "liq", "win", "bp", "-null", "tail", "fall"))
    for one in rows:
        told = one.figures
        off_zero = told["expectancy_minus_null_bp"].low > 0 or told["expectancy_minus_null_bp"].high < 0
        table.add_row(
            one.title,
            f"{one.scale:.2f}",
            _spread(told["premature_stop_rate"], 100, 1),
            _number(100 * told["trend_capture"].value, 0),
            f"{told['liquidations'].value:.0f}",
            _number(100 * told["win_rate"].value, 0),
            _spread(told["expectancy_bp"], 1, 0, sign=True),
            _spread(told["expectancy_minus_null_bp"], 1, 0, sign=True) + ("*" if off_zero else ""),
            f"{told['cvar95'].value:.2f}",
            f"{100 * told['max_drawdown'].value:.1f}",
        )
    return table


def _shape(title: str, rows: list[PolicyFigures]) -> Table:
    table = _table(title, ("%", "6h", "24h", "72h", "stop", "arm", "hours", "mean R", "sd"))
    for one in rows:
        table.add_row(
            one.title,
            _number(100 * one.premature["6h"], 1),
            _number(100 * one.figures["premature_stop_rate"].value, 1),
            _number(100 * one.premature["72h"], 1),
            _number(100 * one.stop_share, 0),
            _number(100 * one.armed_share, 0),
            _number(one.mean_hours, 1),
            _spread(one.mean_r, 1, 3, sign=True),
            _number(one.sd_r, 2),
        )
    return table


def _differences(title: str, rows: list[PolicyFigures]) -> Table:
    table = _table(title, ("policy", "premature", "kept", "mean R"))
    for one in rows:
        if one.against_shipped:
            table.add_row(one.title, *(_difference(found) for found in one.against_shipped.values()))
    return table


def _nulls(title: str, rows: list[PolicyFigures]) -> Table:
    table = _table(title, ("policy", "win %", "walk %", "bp", "null bp", "p", "at 5", "10", "20 bp slip"))
    for one in rows:
        table.add_row(
            one.title,
            _number(100 * one.figures["win_rate"].value, 1),
            _number(100 * one.geometry_win_rate, 1),
            f"{one.figures['expectancy_bp'].value:+.1f}",
            f"{one.null.mean:+.1f}",
            f"{one.null.p_value:.2f}",
            *(f"{one.slippage_bp[bp]:+.1f}" for bp in ("5", "10", "20")),
        )
    return table


def _tuning(found: StudyResult) -> list[str]:
    if found.tuned is None:
        return []
    scales = ", ".join(f"{one.scale:g}" for one in found.tuned.choices)
    own, base = found.tuned.figures, found.tuned.untuned
    return [
        f"walk-forward: scales {scales}; out of sample {own['expectancy_bp'].value:+.1f} bp, premature "
        f"{own['premature_stop_rate'].value:.3f}, against {base['expectancy_bp'].value:+.1f} bp and "
        f"{base['premature_stop_rate'].value:.3f} unscaled in the same windows"
    ]


def _luck(found: StudyResult) -> list[str]:
    if found.luck is None:
        return []
    best = found.luck.deflated[found.luck.best]
    chance = found.luck.overfitting
    told = (
        ""
        if chance is None
        else f"; probability of overfitting {chance.probability:.2f} ({chance.splits} splits)"
    )
    return [
        f"luck: best daily Sharpe {best.sharpe:+.2f} ({found.luck.best}), the best of {best.trials} "
        f"worthless trials would show {best.benchmark:+.2f}: deflated {best.probability:.2f}{told}"
    ]


def _failures(found: StudyResult) -> list[str]:
    told = [
        " ".join(
            filter(None, (one.data, one.pair, one.policy, f"window {one.window}" if one.window >= 0 else ""))
        )
        + f": {one.error}"
        for one in found.failures
    ]
    return ["", "could not be worked out:", *(f"  {line}" for line in told)] if told else []


def _rests(found: StudyResult) -> list[str]:
    about = found.about
    sets = [
        f"{one['name']}: {one['timeframe']}, {len(one['pairs'])} pairs, {_windows(one)} "
        f"from {one['windows'][0]} to {one['windows'][-1]}"
        for one in about["data"]
    ]
    told = "; ".join(f"{key.replace('_', ' ')} {value}" for key, value in about["assumptions"].items())
    entries, cells = about["entries"], about["cells"]
    return [
        *sets,
        f"entries {entries['source']}, {entries['left_out']} left out; cells {cells['read']} read, "
        f"{cells['worked_out']} worked out, {cells['failed']} failed; {about['seconds']:.0f} s",
        told,
    ]


def _windows(one: dict[str, Any]) -> str:
    count = len(one["windows"]) - 1
    return "1 window" if count == 1 else f"{count} windows"


def _table(title: str, heads: tuple[str, ...]) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column(heads[0], no_wrap=True)
    for head in heads[1:]:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if isfinite(value) else "–"


def _spread(one: Figure, factor: float, digits: int, *, sign: bool = False) -> str:
    """A value with half its interval."""
    if not isfinite(one.value):
        return "–"
    told = f"{factor * one.value:{'+' if sign else ''}.{digits}f}"
    return f"{told}±{factor * (one.high - one.low) / 2:.{digits}f}" if isfinite(one.low) else told


def _difference(found: Difference) -> str:
    if not isfinite(found.mean):
        return "–"
    told = f"{found.mean:+.3f} [{found.low:+.3f},{found.high:+.3f}]"
    return re.sub(r"(?<!\d)0\.", ".", told)


def markdown(found: StudyResult) -> str:
    """Table of the README: matched, over all sets.

    Parameters
    ----------
    found : StudyResult
        The study.

    Returns
    -------
    str
        Markdown, the shipped stop first.
    """
    heads = ("policy", "premature, 24 h", "capture", "win rate", "mean R", "worst 5 %, R", "bp", "bp − null")
    lines = [_row(heads), _row(("---",) * len(heads))]
    for reading in (READING_MATCHED, READING_AS_IS):
        known = {one.policy for one in found.find(found.whole, READING_MATCHED)}
        for one in found.find(found.whole, reading):
            if reading == READING_AS_IS and one.policy in known:
                continue
            told = one.figures
            unmatched = "" if reading == READING_MATCHED else " (as it is)"
            lines.append(
                _row(
                    (
                        f"{one.title}{unmatched}",
                        _bounds(told["premature_stop_rate"], 3),
                        f"{told['trend_capture'].value:.2f}",
                        f"{told['win_rate'].value:.2f}",
                        _bounds(one.mean_r, 3, sign=True),
                        f"{told['cvar95'].value:.2f}",
                        f"{told['expectancy_bp'].value:+.1f}",
                        _bounds(told["expectancy_minus_null_bp"], 1, sign=True),
                    )
                )
            )
    sets = ", ".join(f"{one['name']} ({one['timeframe']})" for one in found.about["data"])
    counted = found.find(found.whole, READING_MATCHED)
    trades = counted[0].figures["trades"].value if counted else 0
    source = found.about["entries"]["source"]
    lines += [
        "",
        f"{sets}; {trades:,.0f} entries ({source}), matched at 3 %; 95 % block-bootstrap intervals.",
    ]
    return "\n".join(lines)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _bounds(one: Figure, digits: int, *, sign: bool = False) -> str:
    shape = f"{'+' if sign else ''}.{digits}f"
    return f"{one.value:{shape}} ({one.low:{shape}} to {one.high:{shape}})"


def write_readme(found: StudyResult, page: Path) -> None:
    """Replace the generated table of a page.

    Parameters
    ----------
    found : StudyResult
        The study.
    page : Path
        Markdown with both markers.

    Raises
    ------
    SettingsError
        If a marker is missing; the page is then left alone.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SettingsError(f"{page} has no {BEGIN!r} … {END!r}: add both markers where the table belongs")
    write_text(page, f"{before}{BEGIN}\n{markdown(found)}\n{END}{after}")
