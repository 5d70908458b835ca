"""What a comparison says about itself and its market: assumptions in words that promise nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import outrigger
from outrigger.market.moment import from_ms
from outrigger.review.backtest_export import BacktestResult
from outrigger.review.report import Words

FOOTNOTE = (
    "All columns see the same signals on the same market and size every trade by the same rule of risk. "
    "A policy that is still in a trade cannot take the next signal, so the trades are not the same ones. An "
    "interval that reaches across zero, or across another column's value, means: not told apart."
)


@dataclass(frozen=True, slots=True)
class MarketTold:
    """What is said about the market that was traded.

    Parameters
    ----------
    notice : str
        What its figures can and cannot show, the first thing on the page.
    kind : str
        Its pairs in a few words.
    statement : str
        Where its prices come from.
    name : str
        What to call it in one line.
    """

    notice: str
    kind: str
    statement: str
    name: str


def synthetic(seed: int) -> MarketTold:
    """Tell of a synthetic market.

    Parameters
    ----------
    seed : int
        Its seed.

    Returns
    -------
    MarketTold
        Saying so in every part.
    """
    return MarketTold(
        notice="Synthetic market: this shows that it works, not that it earns.",
        kind="invented, correlated perpetual futures",
        statement=(
            f"Synthetic, seed {seed}: the same seed gives the same candles. Correlated pairs, volatility in "
            "clusters, and sudden cascades of forced selling and buying planted in between. No price in it "
            "was ever traded."
        ),
        name=f"Synthetic, seed {seed}",
    )


def recorded(datadir: Path) -> MarketTold:
    """Tell of recorded candles.

    Parameters
    ----------
    datadir : Path
        Where they lie.

    Returns
    -------
    MarketTold
        Not synthetic.
    """
    return MarketTold(
        notice="Recorded market: a backtest is not a result, and this one was not kept apart from tuning.",
        kind="recorded perpetual futures",
        statement=f"Recorded candles, funding and mark prices in {datadir.name}.",
        name=datadir.name,
    )


def words(told: MarketTold, results: Mapping[str, BacktestResult]) -> Words:
    """Everything that the report says besides numbers.

    Parameters
    ----------
    told : MarketTold
        The market.
    results : mapping of str to BacktestResult
        By label, the first being the one that the others are compared with.

    Returns
    -------
    Words
        For `outrigger.review.report.write_report`.
    """
    first = next(iter(results.values()))
    return Words(
        title="Outrigger: one market, several stops",
        notice=told.notice,
        lead=(
            f"Freqtrade itself ran {len(results)} backtests over {_days(first)} days of {first.timeframe} "
            f"candles of {len(first.pairs)} {told.kind}. Only the stop differs from column to column: "
            "Outrigger's volatility stop, whose width follows the market's forecast noise and whose trail "
            "arms only once the trade has proved itself, beside the common ones."
        ),
        footnote=FOOTNOTE,
        assumptions=assumptions(told, results),
        version=outrigger.__version__,
    )


def assumptions(told: MarketTold, results: Mapping[str, BacktestResult]) -> tuple[tuple[str, str], ...]:
    """What the figures rest on, subject by subject.

    Parameters
    ----------
    told : MarketTold
        The market.
    results : mapping of str to BacktestResult
        By label; range and account are taken from the first.

    Returns
    -------
    tuple of (str, str)
        Subject and statement.
    """
    first = next(iter(results.values()))
    return (
        ("Market", told.statement),
        ("Pairs", ", ".join(first.pairs)),
        (
            "Range",
            f"{date(first.start_ms)} to {date(first.end_ms)} UTC. Exits are judged by the candles that came "
            "next; trades whose next days the data do not hold are left out of those rates, and counted.",
        ),
        ("Account", f"{first.starting_balance:,.0f} {first.currency} at the start, isolated margin."),
        ("Fees", f"{_fees(results)} of the position's value at entry and again at exit (taker)."),
        ("Funding", "Charged at the market's own times and rates, included in every result."),
        (
            "Slippage",
            "None: a backtest fills entries at the candle's open and stops at their price. One line of the "
            "table shows what 10 basis points on every stop would change.",
        ),
        ("Gaps", "Not modelled: a candle that opens beyond a stop still fills at the stop."),
        (
            "Trials",
            "1: nothing was tuned in this run and no column was picked; the settings are those of the "
            "configuration.",
        ),
    )


def footnotes(told: MarketTold, result: BacktestResult) -> str:
    """The same for a terminal, in a few lines.

    Parameters
    ----------
    told : MarketTold
        The market.
    result : BacktestResult
        Any of the results, for its pairs and range.

    Returns
    -------
    str
        Three paragraphs.
    """
    bases = ", ".join(pair.partition("/")[0] for pair in result.pairs)
    return (
        f"{told.name}, {result.timeframe}, {bases}, {date(result.start_ms)} to {date(result.end_ms)} UTC.\n"
        f"{FOOTNOTE}\nbp: 1/100 % of the position's value, net of fees and funding. R: what the trade would "
        "lose at its protective stop. Premature: stopped at a loss, then entry +1 % within 24 h. Slippage "
        "and gaps: none."
    )


def _days(result: BacktestResult) -> int:
    return round((result.end_ms - result.start_ms) / 86_400_000)


def _fees(results: Mapping[str, BacktestResult]) -> str:
    """Mean fee of one order as a share of its value, as the trades paid it."""
    trades = [trade for result in results.values() for trade in result.trades]
    turnover = sum(trade.notional * (1 + trade.close_rate / trade.open_rate) for trade in trades)
    return f"{sum(trade.fees for trade in trades) / turnover:.3%}" if turnover else "The market's usual rate"


def date(moment_ms: int) -> str:
    """Write a time in ms since the epoch as a trader reads it, in UTC."""
    return from_ms(moment_ms).strftime("%Y-%m-%d %H:%M")
