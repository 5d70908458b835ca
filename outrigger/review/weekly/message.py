"""A review in a few lines, short enough for a message on a telephone."""

from __future__ import annotations

from outrigger.review.table import number
from outrigger.review.weekly.lines import money, part
from outrigger.review.weekly.review import Review
from outrigger.review.weekly.sentences import NOTE

LONGEST = 1500
MOST_SENTENCES = 4


def message(told: Review) -> str:
    """Make the text that `--send` leaves for the bot.

    Parameters
    ----------
    told : Review
        The review.

    Returns
    -------
    str
        At most `LONGEST` characters, without markup.
    """
    week, currency = told.week, told.account.currency
    result, trading, early = week.result, week.trading, week.stopping.premature[0]
    share, hold = (number(value, "{:+.2%}") for value in (result.share, result.hold))
    pending = f", {early.pending} not yet known" if early.pending else ""
    said = [
        f"Review of {week.period.name} ({told.account.strategy})",
        f"Result {share} ({money(result.profit)} {currency}), holding {hold}, drawdown "
        f"{number(result.drawdown, '{:.1%}')}",
        f"Closed trades: {trading.trades}, won {trading.wins}; open {len(told.open_trades)}; premature "
        f"stop-outs {early.count} of {early.judged}{pending}; margin to liquidation "
        f"{part(week.stopping.margin)}",
    ]
    if week.hedge is not None:
        said.append(f"Hedge: {len(week.hedge.legs)} legs, {money(week.hedge.legs_profit)} {currency}")
    urgent = [one for one in told.sentences if one.level != NOTE] or list(told.sentences)
    said += [f"• {one.text}" for one in urgent[:MOST_SENTENCES]]
    if len(urgent) > MOST_SENTENCES:
        said.append(f"… and {len(urgent) - MOST_SENTENCES} more: see the page")
    text = "\n".join(said)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
