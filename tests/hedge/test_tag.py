import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.hedge.tag import LegTag, had_leg, parse_tag, tag_of


def test_tag_of_names_the_coin_and_the_trade():
    assert tag_of("BTC/USDT:USDT", 12) == "hedge:BTC#12"


@given(st.text("ABCXYZ0123456789", min_size=1, max_size=12), st.integers(1, 10**9))
def test_tag_read_back_is_what_was_written(coin, number):
    assert parse_tag(tag_of(f"{coin}/USDT:USDT", number)) == LegTag(coin, number)


@pytest.mark.parametrize(
    "tag",
    [
        *(None, "", "long:1m+15m", "hedge:", "hedge:BTC", "hedge:BTC#", "hedge:BTC#0", "hedge:BTC#x"),
        *("hedge:#3", "hedge:BTC#12 ", "ahedge:BTC#12", "hedge:BTC#-1", "hedge:BTC#1.5", "hedge:B TC#1"),
    ],
)
def test_parse_tag_of_another_s_trade_is_none(tag):
    assert parse_tag(tag) is None


def test_had_leg_counts_legs_that_are_gone():
    tags = [None, "long:1m", "hedge:BTC#3"]
    assert had_leg(3, tags)
    assert not had_leg(4, tags)
