"""Texts as Freqtrade's messages can carry them: plain words that no channel takes for markup.

Freqtrade hands a strategy's text to Telegram as Markdown and gives a message up that does not parse: one
underscore, as in `custom_stoploss`, loses it. Whatever could open an entity is put between backticks, which
Telegram and Discord show as code and every other channel as what it is.
"""

from __future__ import annotations

import re

LONGEST = 3_500  # Telegram refuses more than 4,096 characters, and backticks are still to come
_WORD = re.compile(r"[^\s`]*[_*\[][^\s`]*")


def plain(text: str) -> str:
    """Make a text safe to send.

    Parameters
    ----------
    text : str
        In words; code between backticks stays as it is.

    Returns
    -------
    str
        At most `LONGEST` characters of it; outside of backticks without underscore, asterisk and bracket.
    """
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    if text.count("`") % 2 or "``" in text:
        text = text.replace("`", "'")
    parts = text.split("`")
    parts[::2] = [_WORD.sub(r"`\g<0>`", part) for part in parts[::2]]
    return "`".join(parts).replace("``", "` `")
