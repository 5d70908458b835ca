"""All inputs on one clock: documented, causal, the same live as in one go, honest about what is missing."""

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.market.features.book import BookTerms
from outrigger.market.features.funding import funding_rows
from outrigger.market.features.inputs import INPUT_NAMES, InputTerms, PairRows, market_inputs, pair_features
from outrigger.market.features.live_inputs import LiveInputs
from tests.market.features.rows import HOUR, MINUTE, START, random_book, random_metrics, same

LENGTH = 5 * MINUTE
# A norm of two days and books that may be half an hour old keep the market small.
TERMS = InputTerms(BookTerms(30 * MINUTE, norm_days=2, norm_minimum_days=1))


def candles(seed, count):
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, count)))
    opens = np.concatenate(([100.0], close[:-1]))
    return pd.DataFrame(
        {
            "date": pd.to_datetime(START + LENGTH * np.arange(count), unit="ms", utc=True),
            "open": opens,
            "high": np.maximum(opens, close) * (1 + np.abs(rng.normal(0, 0.001, count))),
            "low": np.minimum(opens, close) * (1 - np.abs(rng.normal(0, 0.001, count))),
            "close": close,
            "volume": rng.uniform(10, 100, count),
        }
    )


def funding(count):
    rng = np.random.default_rng(5)
    dates = pd.to_datetime(START + 8 * HOUR * np.arange(count), unit="ms", utc=True)
    return funding_rows(pd.DataFrame({"date": dates, "funding_rate": rng.normal(0, 1e-4, count)}), "X")


@pytest.fixture(scope="module")
def market():
    """Four days of candles with book, metrics and funding."""
    frame = candles(1, 4 * 288)
    return frame, PairRows(random_book(2, 4 * 960, 90_000), random_metrics(3, 4 * 288), funding(13))


def cut(rows, last_ms):
    """Rows that were known by a moment."""
    kept = [table[table["known_ms"] <= last_ms] for table in (rows.book, rows.metrics)]
    return PairRows(
        *kept, None if rows.funding is None else rows.funding[rows.funding["known_ms"] <= last_ms]
    )


def between(rows, live_funding=True):
    """Rows as a bot is handed them: history first, then a stretch of book and metrics; all funding known."""
    begun = []

    def asked(first_ms, last_ms):
        first_ms = first_ms if begun else 0
        begun.append(True)
        inside = [
            table[(table["known_ms"] >= first_ms) & (table["known_ms"] <= last_ms)]
            for table in (rows.book, rows.metrics)
        ]
        return PairRows(*inside, cut(rows, last_ms).funding if live_funding else None)

    return asked


def test_market_inputs_of_a_full_market_have_every_documented_column_with_values(market):
    known = market_inputs(*market, TERMS)
    assert tuple(known.columns) == INPUT_NAMES
    assert (known.dtypes == np.float64).all()
    never = set(known.columns[known.isna().all()])
    # Ten days of funding and metrics that hold charged rates only: nothing to compare a percentile with.
    assert never == {"funding_percentile_90d", "funding_expected_change", "oi_zscore_30d"} - (
        set(known.columns[known.notna().any()])
    )


@pytest.mark.parametrize("n", [1, 300, 777, 1151])
def test_market_inputs_of_a_market_cut_short_are_the_beginning_of_the_inputs(market, n):
    frame, rows = market
    whole = market_inputs(frame, rows, TERMS)
    last = START + LENGTH * n
    same(market_inputs(frame.iloc[:n], cut(rows, last), TERMS), whole.iloc[:n])
    # Rows of the future in the tables change nothing either.
    same(market_inputs(frame.iloc[:n], rows, TERMS), whole.iloc[:n])


def test_market_inputs_without_any_reading_are_missing_but_for_volume_only_levels():
    known = market_inputs(candles(1, 600), PairRows())
    levels = [name for name in known if name.startswith("liquidation_")]
    assert known.drop(columns=levels).isna().all(axis=None)
    assert (known["liquidation_anchored"].dropna() == 0).all()
    assert known["liquidation_long_2"].notna().any()


def test_market_inputs_without_levels_leave_their_columns_missing_and_the_others_as_they_are(market):
    whole, plain = (market_inputs(*market, TERMS, levels=wanted) for wanted in (True, False))
    assert tuple(plain.columns) == INPUT_NAMES
    forced = [name for name in INPUT_NAMES if name.startswith(("liquidation", "fragility"))]
    assert plain[forced].isna().all(axis=None)
    same(plain.drop(columns=forced), whole.drop(columns=forced))


def test_pair_features_on_a_minute_clock_agree_with_the_five_minute_clock_where_they_meet(market):
    frame, rows = market
    minutes = START + MINUTE * np.arange(1, len(frame) * 5 + 1)
    fine, coarse = pair_features(minutes, rows, TERMS), market_inputs(frame, rows, TERMS, levels=False)
    same(fine.iloc[4::5].reset_index(drop=True), coarse[list(fine.columns)])


@pytest.mark.parametrize("live_funding", [True, False])
@pytest.mark.parametrize("steps", [[1] * 60, [2, 1, 30, 1, 288]])
def test_live_inputs_candle_by_candle_equal_the_batch(market, live_funding, steps):
    frame, rows = market
    live, upto, readings = LiveInputs(TERMS), len(frame) - sum(steps), between(rows, live_funding)
    for step in [0, *steps]:
        upto += step
        known = live.update(frame.iloc[:upto], readings)
    whole = market_inputs(
        frame, PairRows(rows.book, rows.metrics, rows.funding if live_funding else None), TERMS
    )
    # Rolling sums of open interest start elsewhere: equal but for rounding.
    same(known, whole, check_exact=False, rtol=1e-9, atol=1e-12)


def test_live_inputs_of_a_rolling_frame_keep_the_candles_numbers(market):
    frame, rows = market
    live, readings = LiveInputs(TERMS), between(rows)
    for first in range(0, 200, 20):
        shown = frame.iloc[first : first + 900].reset_index(drop=True)
        known = live.update(shown, readings)
    whole = market_inputs(frame.iloc[: first + 900], rows, TERMS)
    same(known, whole.iloc[first:].reset_index(drop=True), check_exact=False, rtol=1e-9, atol=1e-12)


def test_live_inputs_called_again_without_a_new_candle_ask_for_nothing(market):
    frame, rows = market
    live = LiveInputs(TERMS, levels=False)
    before = live.update(frame, between(rows))

    def refuse(first_ms, last_ms):
        raise AssertionError("asked for rows without need")

    same(live.update(frame, refuse), before)


def test_live_inputs_after_an_outage_of_the_store_go_on_with_what_arrives(market):
    frame, rows = market
    live, readings = LiveInputs(TERMS), between(rows)
    live.update(frame.iloc[:1000], readings)
    dark = live.update(frame.iloc[:1100], lambda first_ms, last_ms: PairRows())
    assert dark["book_imbalance_1"].iloc[-50:].isna().all()
    lit = live.update(frame.iloc[:1101], readings)
    assert np.isfinite(lit["book_imbalance_1"].iloc[-1])


def test_market_inputs_of_rows_out_of_order_are_refused(market):
    frame, rows = market
    with pytest.raises(DataError, match="ordered by known_ms"):
        market_inputs(frame, PairRows(rows.book.iloc[::-1]))
