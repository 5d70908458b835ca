"""What the demo says about itself: every assumption, in words that cannot be taken for a promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import outrigger
from outrigger.replay.synth import Manifest
from outrigger.review.backtest_export import BacktestResult
from outrigger.review.report import Words

NOTICE = "Synthetic market: this shows that it works, not that it earns."
FOOTNOTE = (
    "All columns see the same signals on the same market and size every trade by the same rule of risk. "
    "A policy that is still in a trade cannot take the next signal, so the trades are not the same ones. An "
    "interval that reaches across zero, or across another column's value, means: not told apart."
)


def words(manifest: Manifest, days: int, results: Mapping[str, BacktestResult]) -> Words:
    """Everything that the demo's report says besides numbers.

    Parameters
    ----------
    manifest : Manifest
        Label of the market.
    days : int
        Days that were traded.
    results : mapping of str to BacktestResult
        By label, the first being the one that the others are compared with.

    Returns
    -------
    Words
        For `outrigger.review.report.write_report`.
    """
    first = next(iter(results.values()))
    return Words(
        title="Outrigger demo: one market, several stops",
        notice=NOTICE,
        lead=(
            f"Freqtrade itself ran {len(results)} backtests over {days} days of {first.timeframe} candles of "
            f"{len(manifest.pairs)} invented, correlated perpetual futures. Only the stop differs from "
            "column to column: Outrigger's volatility stop, whose width follows the market's forecast noise "
            "and whose trail arms only once the trade has proved itself, beside the common ones."
        ),
        footnote=FOOTNOTE,
        assumptions=assumptions(manifest, results),
        version=outrigger.__version__,
    )


def assumptions(manifest: Manifest, results: Mapping[str, BacktestResult]) -> tuple[tuple[str, str], ...]:
    """What the figures rest on, subject by subject.

    Parameters
    ----------
    manifest : Manifest
        Label of the market.
    results : mapping of str to BacktestResult
        By label; range and account are taken from the first.

    Returns
    -------
    tuple of (str, str)
        Subject and statement.
    """
    first = next(iter(results.values()))
    return (
        (
            "Market",
            f"Synthetic, seed {manifest.seed}: the same seed gives the same candles. Correlated pairs, "
            "volatility in clusters, and sudden cascades of forced selling and buying planted in between. No "
            "price in it was ever traded.",
        ),
        ("Pairs", ", ".join(manifest.pairs)),
        (
            "Range",
            f"{date(first.start_ms)} to {date(first.end_ms)} UTC, after a warm-up; the candles go on for "
            "three days, so that every exit can be judged by what came next.",
        ),
        ("Account", f"{first.starting_balance:,.0f} {first.currency} at the start, isolated margin."),
        ("Fees", f"{_fees(results)} of the position's value at entry and again at exit (taker)."),
        ("Funding", "Charged every eight hours at the market's own rate, included in every result."),
        (
            "Slippage",
            "None: a backtest fills entries at the candle's open and stops at their price. One line of the "
            "table shows what 10 basis points on every stop would change.",
        ),
        ("Gaps", "Not modelled: a candle that opens beyond a stop still fills at the stop."),
        (
            "Trials",
            "1: nothing was tuned on this market and no column was picked; the settings are those of the "
            "configuration.",
        ),
    )


def footnotes(manifest: Manifest, result: BacktestResult, pairs: Sequence[str]) -> str:
    """The same for a terminal, in a few lines.

    Parameters
    ----------
    manifest : Manifest
        Label of the market.
    result : BacktestResult
        Any of the results, for its range.
    pairs : sequence of str
        Pairs of the market.

    Returns
    -------
    str
        Three paragraphs.
    """
    bases = ", ".join(pair.partition("/")[0] for pair in pairs)
    return (
        f"Seed {manifest.seed}, {bases}, {date(result.start_ms)} to {date(result.end_ms)} UTC.\n"
        f"{FOOTNOTE}\nbp: 1/100 % of the position's value, net of fees and funding. R: what the trade would "
        "lose at its protective stop. Premature: stopped at a loss, then entry +1 % within 24 h. Slippage "
        "and gaps: none."
    )


def _fees(results: Mapping[str, BacktestResult]) -> str:
    """Mean fee of one order as a share of its value, as the trades paid it."""
    trades = [trade for result in results.values() for trade in result.trades]
    turnover = sum(trade.notional * (1 + trade.close_rate / trade.open_rate) for trade in trades)
    return f"{sum(trade.fees for trade in trades) / turnover:.3%}" if turnover else "The market's usual rate"


def date(moment_ms: int) -> str:
    """Write a time in ms since the epoch as a trader reads it, in UTC."""
    return datetime.fromtimestamp(moment_ms / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M")
