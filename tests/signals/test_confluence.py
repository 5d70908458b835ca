from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.errors import DataError
from outrigger.signals.confluence import confluence, vote

CHARTS = ["1m", "15m", "4h"]


def agree(*rows, partial=0.5):
    return pd.DataFrame(confluence(np.array(rows, dtype=np.int8), CHARTS, partial))


@pytest.mark.parametrize(
    ("votes", "side", "confidence", "tag"),
    [
        ((1, 1, 1), 1, 1.0, "long:1m+15m+4h"),
        ((-1, -1, -1), -1, 1.0, "short:1m+15m+4h"),
        ((0, -1, -1), -1, 0.5, "short:15m+4h"),
        ((1, 0, 1), 1, 0.5, "long:1m+4h"),
        ((1, 1, 0), 1, 0.5, "long:1m+15m"),
        ((1, 1, -1), 0, 0.0, ""),
        ((1, -1, 0), 0, 0.0, ""),
        ((1, 0, 0), 0, 0.0, ""),
        ((0, 0, 0), 0, 0.0, ""),
    ],
)
def test_confluence_of_named_votes_follows_the_rule(votes, side, confidence, tag):
    row = agree(votes).iloc[0]
    assert (row["side"], row["confidence"], row["tag"]) == (side, confidence, tag)


def test_confluence_of_all_votes_trades_only_two_or_three_agreeing_without_opposition():
    votes = list(product((-1, 0, 1), repeat=3))
    result = agree(*votes, partial=0.3)
    for cast, (side, confidence, tag) in zip(votes, result.itertuples(index=False), strict=True):
        longs, shorts = cast.count(1), cast.count(-1)
        agreeing = 0 if longs and shorts else max(longs, shorts)
        assert confidence == {2: 0.3, 3: 1.0}.get(agreeing, 0.0)
        assert side == (0 if agreeing < 2 else 1 if longs else -1)
        named = [name for name, v in zip(CHARTS, cast, strict=True) if v]
        assert tag == ("" if agreeing < 2 else f"{'long' if longs else 'short'}:{'+'.join(named)}")
    assert result["side"].dtype == np.int8


def test_confluence_with_no_partial_confidence_trades_full_agreement_only():
    result = agree((1, 1, 0), (1, 1, 1), partial=0.0)
    assert result["side"].tolist() == [0, 1]
    assert result["tag"].tolist() == ["", "long:1m+15m+4h"]


def test_confluence_of_two_charts_is_refused():
    with pytest.raises(DataError, match="votes of 3 charts"):
        confluence(np.ones((1, 2), dtype=np.int8), ["1m", "15m"], 0.5)


def test_vote_needs_both_measures_at_their_thresholds():
    momentum = np.array([1.0, 0.99, 1.0, -1.0, -1.0, 1.0, np.nan, 2.0])
    channel = np.array([0.5, 0.5, 0.49, -0.5, 0.5, -0.5, 0.9, np.nan])
    assert vote(momentum, channel, 1.0, 0.5).tolist() == [1, 0, 0, -1, 0, 0, 0, 0]


def test_vote_of_a_frozen_market_without_thresholds_is_nothing():
    assert vote(np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0]), 0.0, 0.0).tolist() == [0, 0, 0]


floats = st.floats(-3, 3)


@given(st.lists(st.tuples(floats, floats), max_size=20), st.floats(0, 3), st.floats(0, 1))
def test_vote_mirrors_and_never_grows_with_its_thresholds(rows, cut, edge):
    momentum, channel = np.array(rows, dtype=float).reshape(-1, 2).T
    cast = vote(momentum, channel, cut, edge)
    np.testing.assert_array_equal(vote(-momentum, -channel, cut, edge), -cast)
    stricter = vote(momentum, channel, cut + 0.5, edge + 0.1)
    assert np.all((stricter == cast) | (stricter == 0))
