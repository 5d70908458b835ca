"""Up to when each model of a bundle is trained.

The first model needs a minimum of history; from then on there is one at each turn of the month, or a number
of them at equal distances, and always one at the end, which serves live. Every model learns from all data
before its cut. More models make a backtest follow the market more closely and cost training time only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from outrigger.errors import DataError, SettingsError
from outrigger.market.moment import from_ms, to_ms

DAY_MS: Final = 86_400_000
MONTHLY: Final = "monthly"
# A month that is nearly over is not worth two models.
_APART_MS: Final = 7 * DAY_MS


def training_cuts(first_ms: int, last_ms: int, models: str, minimum_days: int) -> tuple[int, ...]:
    """Choose the cuts.

    Parameters
    ----------
    first_ms, last_ms : int
        Open of the first and close of the last candle, in milliseconds since 1970.
    models : str
        `"monthly"`, or a number of models.
    minimum_days : int
        Days of candles before the first cut.

    Returns
    -------
    tuple of int
        Increasing, the last one `last_ms`.

    Raises
    ------
    DataError
        If the data is shorter than the minimum.
    SettingsError
        If `models` is neither.
    """
    earliest = first_ms + minimum_days * DAY_MS
    if last_ms < earliest:
        raise DataError(
            f"the data spans {(last_ms - first_ms) / DAY_MS:.1f} days, a first model needs {minimum_days}: "
            "download more with `freqtrade download-data`, or lower --minimum-days"
        )
    if models == MONTHLY:
        turns = [turn for turn in _months(earliest, last_ms) if turn <= last_ms - _APART_MS]
        return (*turns, last_ms)
    if not models.isdecimal() or int(models) < 1:
        raise SettingsError(f"--models {models!r} is neither {MONTHLY!r} nor a number of models, such as 6")
    count = int(models)
    steps = range(1, count + 1)
    if count == 1:
        return (last_ms,)
    return tuple(earliest + (last_ms - earliest) * (step - 1) // (count - 1) for step in steps)


def _months(first_ms: int, last_ms: int) -> list[int]:
    """Beginnings of months from one moment to another."""
    start = from_ms(first_ms)
    turns, year, month = [], start.year, start.month
    while (turn := to_ms(datetime(year, month, 1, tzinfo=UTC))) <= last_ms:
        turns += [turn] if turn >= first_ms else []
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return turns
