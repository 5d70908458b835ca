"""No text of the bot's is lost for its characters: Telegram gives up what it cannot parse."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.bot.message_text import LONGEST, plain


@given(st.text(alphabet="ab _*[]`\n()…", max_size=60))
def test_plain_leaves_nothing_that_opens_an_entity_and_loses_no_word(text: str) -> None:
    made = plain(text)
    assert made.count("`") % 2 == 0
    assert not set(re.sub(r"`[^`]+`", "", made)) & set("_*[`")

    def bare(told: str) -> str:
        return re.sub(r"[\s`']", "", told)

    assert bare(made) == bare(text)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("BTC/USDT:USDT#3: leg #4 is open", "BTC/USDT:USDT#3: leg #4 is open"),
        ("custom_stoploss failed: x", "`custom_stoploss` failed: x"),
        (
            "see `outrigger override set close`, in user_data.",
            "see `outrigger override set close`, in `user_data.`",
        ),
        ("([Errno 28] No space)", "`([Errno` 28] No space)"),
        ("a lone ` tick and a_b", "a lone ' tick and `a_b`"),
    ],
)
def test_plain_of_what_a_bot_says(text: str, sent: str) -> None:
    assert plain(text) == sent


def test_plain_is_never_too_long_for_a_message() -> None:
    assert plain("y" * 9_000) == "y" * (LONGEST - 1) + "…"
