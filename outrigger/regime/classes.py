"""The five regimes, in the order in which every array, column and card lists them."""

from __future__ import annotations

from typing import Final

REGIMES: Final = ("calm", "trending", "whipsaw", "long_squeeze", "short_squeeze")
CALM: Final = 0
TRENDING: Final = 1
WHIPSAW: Final = 2
LONG_SQUEEZE: Final = 3
SHORT_SQUEEZE: Final = 4
# No regime can be told: too little future, or candles that cannot be used.
UNLABELLED: Final = -1
# What each regime becomes when up and down change places.
MIRRORED: Final = (CALM, TRENDING, WHIPSAW, SHORT_SQUEEZE, LONG_SQUEEZE)
