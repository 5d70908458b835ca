"""Prints a review: attention first, then the figures, open trades, regimes, and what is missing.

The rows of the smaller tables are made here for the terminal and the page alike.
"""

from __future__ import annotations

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from outrigger.market.moment import from_ms
from outrigger.regime.classes import REGIMES
from outrigger.review.table import UNKNOWN
from outrigger.review.weekly.lines import lines, money, part
from outrigger.review.weekly.measured import name_of
from outrigger.review.weekly.review import Review
from outrigger.review.weekly.sentences import ACT, LOOK, NOTE

QUIET = "Nothing passes a threshold: a quiet week."
STYLES = {ACT: "bold red", LOOK: "yellow", NOTE: "dim"}
MOST = 6
OPEN_HEADINGS = ("open trade", "since", "entry", "last", "stop", "result now")
REGIME_HEADINGS = ("regime", "said", "came", "foreseen")


def regime_rows(told: Review) -> tuple[tuple[str, ...], ...]:
    """Regime, mean probability said at the week's entries, how often it came, and was foreseen."""
    hits = told.hits
    if hits is None:
        return ()
    return tuple(
        (name.replace("_", " "), part(hits.said[name]), str(hits.came[name]), str(hits.hits[name]))
        for name in REGIMES
    )


def regime_words(told: Review) -> str:
    """Say on how many entries the table of regimes rests."""
    hits = told.hits
    if hits is None:
        return ""
    loss = f"; log loss {hits.log_loss:.3f}, the shares' {hits.share_log_loss:.3f}" if hits.judged else ""
    return f"{hits.judged} entries judged, {hits.pending} not yet known, {hits.unknown} without a word{loss}"


def open_rows(told: Review) -> tuple[tuple[str, ...], ...]:
    """Open trades: name, when opened, entry, last price, stop, result if closed now."""
    return tuple(
        (
            name_of(trade),
            f"{from_ms(trade.opened_ms):%m-%d %H:%M}",
            f"{trade.open_rate:,.10g}",
            f"{trade.close_rate:,.10g}",
            f"{trade.stop:,.10g}" if trade.stop else UNKNOWN,
            money(trade.profit),
        )
        for trade in told.open_trades
    )


def print_review(told: Review, console: Console) -> None:
    """Print a review: attention first, then the figures, open trades, regimes, and what is missing."""
    account = told.account
    console.print(
        f"[bold]{escape(account.strategy or 'no trades')}[/bold], {escape(account.source)}: "
        f"{told.week.period.name}, {told.week.period.words()}"
    )
    for sentence in told.sentences:
        console.print(Text.assemble((f"{sentence.level:>5}  ", STYLES[sentence.level]), sentence.text))
    if not told.sentences:
        console.print(QUIET, style="dim")
    table = Table(caption=f"money in {account.currency}", caption_justify="left", padding=(0, 1))
    for heading in ("", told.week.period.name, "since start"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=not heading)
    for line in lines(told):
        if line.opens:
            table.add_section()
        table.add_row(line.label, line.week, line.whole, style="dim" if line.label.startswith("…") else "")
    console.print(table)
    parts = [_rows(OPEN_HEADINGS, open_rows(told), "valued as if closed now")] if told.open_trades else []
    parts += [_rows(REGIME_HEADINGS, regime_rows(told), regime_words(told))] if told.hits else []
    drift = [] if told.drift is None else [Text(f"Classifier: {told.drift.words} ({told.drift.status}).")]
    overridden = [Text(f"Overridden: {one.pair} #{one.number}: {one.text}") for one in told.overridden[:MOST]]
    if len(told.overridden) > MOST:
        overridden.append(Text(f"Overridden: {len(told.overridden) - MOST} more, see the page"))
    missing = [Text(f"Missing: {one}", style="yellow") for one in told.missing]
    console.print(Group(*parts, *drift, *overridden, *missing))


def _rows(headings: tuple[str, ...], rows: tuple[tuple[str, ...], ...], caption: str) -> Table:
    table = Table(caption=caption, caption_justify="left")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == headings[0] else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table
