"""The weekly review: everything that was asked for, read, measured and said, in one value.

This is where files are read; what is done with them is pure and elsewhere. Whatever is missing leaves its
own figures out and is told under `missing`; the rest of the review stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from outrigger.errors import SettingsError
from outrigger.hedge.pairing import pairings
from outrigger.json_values import plain
from outrigger.market.moment import from_ms
from outrigger.market.store.store import MarketStore
from outrigger.review.trade import Trade
from outrigger.review.trade_measures import Floats
from outrigger.review.weekly.account import BACKTEST, Account, cut, is_leg, primaries, valued
from outrigger.review.weekly.classifier import Classifier, DriftTold, RegimeHits
from outrigger.review.weekly.documents import OVERRIDE, Remark, protective_distance, remarks
from outrigger.review.weekly.equity import results_path
from outrigger.review.weekly.figures import Figures
from outrigger.review.weekly.market import Market, read_market
from outrigger.review.weekly.measured import figures, name_of
from outrigger.review.weekly.parameters import hyperopt_files
from outrigger.review.weekly.period import Period, last_week
from outrigger.review.weekly.sentences import Evidence, Sentence, attention
from outrigger.review.weekly.stops import shipped_tiers
from outrigger.review.weekly.volatility import VolatilityShift, volatility_shift
from outrigger.settings.read import Settings

HOUR_MS = 3_600_000
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are that a review may look at; None for what there is not.

    Parameters
    ----------
    datadir, user_data, strategies : Path, optional
        Candles, Freqtrade's working directory, its strategies.
    bundle : Path, optional
        Regime bundle to ask what it had said at the entries.
    store : MarketStore, optional
        Recordings, for a bundle trained on more than candles.
    """

    datadir: Path | None = None
    user_data: Path | None = None
    strategies: Path | None = None
    bundle: Path | None = None
    store: MarketStore | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What a review came to.

    Parameters
    ----------
    account : Account
        Valued, as one would have seen it at the end of the week.
    market : Market
        Candles around it.
    equity : ndarray of shape (n_times,)
        Account value on the market's clock.
    week, whole : Figures
        The week, and since the start.
    hits : RegimeHits or None
        What the classifier had said at the week's entries; None where no bundle was asked.
    drift : DriftTold or None
        What the bot's watch over it says.
    shift : VolatilityShift or None
        Where the week's volatility stands.
    sentences : tuple of Sentence
        What deserves attention.
    remarks : tuple of Remark
        What the week's trades have written in their documents.
    missing : tuple of str
        What could not be had, in words.
    """

    account: Account
    market: Market
    equity: Floats
    week: Figures
    whole: Figures
    hits: RegimeHits | None
    drift: DriftTold | None
    shift: VolatilityShift | None
    sentences: tuple[Sentence, ...]
    remarks: tuple[Remark, ...]
    missing: tuple[str, ...]

    @property
    def overridden(self) -> tuple[Remark, ...]:
        """What the trader's own word overrode."""
        return tuple(one for one in self.remarks if one.topic == OVERRIDE)

    @property
    def open_trades(self) -> tuple[Trade, ...]:
        """Trades that have not ended."""
        return tuple(trade for trade in self.account.trades if trade.is_open)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        account, shift, drift = self.account, self.shift, self.drift
        told: dict[str, Any] = plain(
            {
                "source": account.source,
                "kind": account.kind,
                "strategy": account.strategy,
                "currency": account.currency,
                "as_of": from_ms(account.as_of_ms).isoformat(),
                "started": from_ms(account.start_ms).isoformat(),
                "attention": [_fields(one) for one in self.sentences],
                "week": self.week.to_dict(),
                "since_start": self.whole.to_dict(),
                "open_trades": [_open(trade) for trade in self.open_trades],
                "regimes": None if self.hits is None else _fields(self.hits),
                "drift": None if drift is None else drift.to_dict(),
                "volatility": None if shift is None else _fields(shift),
                "remarks": [_fields(one) for one in self.remarks],
                "missing": list(self.missing),
            }
        )
        return told


def review(
    account: Account,
    week: Period | None,
    since_ms: int | None,
    place: Place,
    settings: Settings,
    classifier: Classifier | None = None,
    progress: Progress | None = None,
) -> Review:
    """Review an account.

    Parameters
    ----------
    account : Account
        As it was read.
    week : Period or None
        What is looked at closely; the last seven days unless said. It is cut to the account's life.
    since_ms : int or None
        Where "since the start" begins, if later than the account.
    place : Place
        Where candles and files are.
    settings : Settings
        The `"outrigger"` block in force.
    classifier : Classifier, optional
        What there is of one.
    progress : callable, optional
        Called with (what, done, total).

    Returns
    -------
    Review

    Raises
    ------
    SettingsError
        If the week lies outside the account's life.
    """
    tell = progress or (lambda *_: None)
    asked = week or last_week(account.as_of_ms)
    if asked.start_ms >= account.as_of_ms or asked.end_ms <= account.start_ms:
        lived = Period("", account.start_ms, account.as_of_ms).words()
        raise SettingsError(f"{asked.name} is {asked.words()}, but the account lived from {lived}")
    if since_ms is not None and since_ms >= min(asked.end_ms, account.as_of_ms):
        raise SettingsError(f"the start, {from_ms(since_ms):%Y-%m-%d %H:%M} UTC, lies after {asked.name}")
    part = cut(account, since_ms, asked.end_ms)
    tell("candles", 0, 3)
    market = read_market(place.datadir, part.traded_pairs, part.timeframe, part.start_ms, part.as_of_ms)
    part, unvalued = _valued(part, market)
    results = results_path(part.trades, market.clock, market.closes)
    tell("figures", 1, 3)
    period = replace(asked, start_ms=max(asked.start_ms, part.start_ms), end_ms=part.as_of_ms)
    whole = Period("since start", part.start_ms, part.as_of_ms)
    tiers = shipped_tiers(part.traded_pairs) if part.kind == BACKTEST else {}
    near, far = (figures(part, market, results, one, settings.stop, tiers) for one in (period, whole))
    tell("regimes", 2, 3)
    known = classifier or Classifier()
    entered = [t for t in primaries(part.trades) if period.start_ms < t.opened_ms <= period.end_ms]
    hits = None if known.ask is None else known.ask(entered)
    shift = volatility_shift(market.charts, part.pairs, period.end_ms)
    # A backtest has no bot whose files could be old.
    dated = part.kind != BACKTEST
    fitted = hyperopt_files(place.strategies, part.strategy) if dated and place.strategies else []
    bundles = [known.bundle] if dated and known.bundle is not None else []
    paired = _paired_hours(part)
    seen = Evidence(near, far, part.as_of_ms, fitted, bundles, shift, known.drift, paired)
    told = [one for trade in part.trades if trade.closed_ms > period.start_ms for one in remarks(trade)]
    return Review(
        part,
        market,
        part.balance + results,
        near,
        far,
        hits,
        known.drift,
        shift,
        attention(seen),
        tuple(told),
        (*_missing(part, market, far), *unvalued, *known.missing),
    )


def _valued(account: Account, market: Market) -> tuple[Account, tuple[str, ...]]:
    """Value open trades at the last candle; those without one at their entry, which is said."""
    trades, unvalued = [], []
    for trade in account.trades:
        known = market.price(trade.pair, account.as_of_ms) if trade.is_open else None
        if trade.is_open and (known is None or known[0] < trade.opened_ms):
            known = (account.as_of_ms, trade.open_rate)
            unvalued.append(f"open trade {name_of(trade)}: no candle since its entry, valued at its entry")
        trades.append(trade if known is None else valued(trade, known[1], known[0]))
    return replace(account, trades=tuple(trades)), tuple(unvalued)


def _missing(account: Account, market: Market, whole: Figures) -> list[str]:
    """What could not be had of the account and of its candles, in words."""
    told = [*account.notes, *dict.fromkeys(market.absent.values()), *market.notes]
    if not isfinite(account.balance):
        told.append("the account's value at the start is not known: name it with --balance to see shares")
    unheld = [pair for pair in whole.result.hold_without if pair not in market.absent]
    if unheld:
        told.append(f"buy and hold goes without {', '.join(unheld)}: no candle within a day of the start")
    priced = [trade for trade in account.trades if trade.pair in market.closes]
    holed = [trade for trade in priced if market.missing(trade.pair, trade.opened_ms, trade.closed_ms)]
    if holed:
        many = f"{len(holed)} trade{'s' if len(holed) > 1 else ''}"
        pairs = ", ".join(dict.fromkeys(trade.pair for trade in holed))
        told.append(f"candles are missing during {many} of {pairs}: their stops are not judged")
    return told


def _paired_hours(account: Account) -> float:
    """Hours that legs stood beside their primaries."""
    both = [(one.leg, one.primary) for one in pairings(account.trades) if one.primary is not None]
    spans = (min(leg.closed_ms, own.closed_ms) - leg.opened_ms for leg, own in both)
    return sum(max(span, 0) for span in spans) / HOUR_MS


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _open(trade: Trade) -> dict[str, Any]:
    return {
        "number": trade.number,
        "pair": trade.pair,
        "side": "long" if trade.side > 0 else "short",
        "leg": is_leg(trade),
        "opened": from_ms(trade.opened_ms).isoformat(),
        "entry": trade.open_rate,
        "price": trade.close_rate,
        "valued_at": from_ms(trade.closed_ms).isoformat(),
        "stop": trade.stop or None,
        "protective_distance": protective_distance(trade),
        "notional": trade.notional,
        "profit": trade.profit,
    }
