"""Windows of a walk forward: tune on one, wait, test on the next, move on by the length of a test.

Counted back from the end of the data, so that the newest candles are always among those tested; what is left
over is left over at the beginning. Tests follow each other without a hole and never overlap: their trades can
be laid end to end. The gap keeps what happens at the end of a training window from going on in its test.
"""

from __future__ import annotations

from dataclasses import dataclass

from outrigger.errors import DataError, SettingsError
from outrigger.market.moment import from_ms

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time.

    Parameters
    ----------
    start_ms, end_ms : int
        First moment, and the first that is no longer part of it; ms since the epoch.
    """

    start_ms: int
    end_ms: int

    @property
    def timerange(self) -> str:
        """As Freqtrade's `--timerange`, which counts a candle that opens at its end as part of it."""
        return f"{self.start_ms // 1000}-{self.end_ms // 1000 - 1}"

    def __str__(self) -> str:
        return f"{from_ms(self.start_ms):%Y-%m-%d %H:%M} to {from_ms(self.end_ms):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Fold:
    """One step of a walk forward.

    Parameters
    ----------
    number : int
        From 1 on, in order of time.
    train, test : Window
        Where parameters are searched, and where they are judged; the test begins a gap after the training.
    """

    number: int
    train: Window
    test: Window


@dataclass(frozen=True, slots=True)
class Steps:
    """Lengths of a walk forward.

    Parameters
    ----------
    train_days, test_days : float
        Length of each window in days.
    gap_days : float
        Days between the end of a training and its test.
    folds : int or None
        The newest so many; None takes all that fit.
    """

    train_days: float
    test_days: float
    gap_days: float = 1.0
    folds: int | None = None


def lay_out(data: Window, steps: Steps) -> tuple[Fold, ...]:
    """Lay the folds of a walk forward into the data.

    Parameters
    ----------
    data : Window
        From the first moment that can be traded to the end of the last candle.
    steps : Steps
        Their lengths.

    Returns
    -------
    tuple of Fold
        In order of time, at least one.

    Raises
    ------
    SettingsError
        If a length is not positive, or the gap negative.
    DataError
        If not one fold fits, or fewer than asked for.
    """
    if min(steps.train_days, steps.test_days) <= 0 or steps.gap_days < 0:
        raise SettingsError(
            f"--train-days {steps.train_days:g}, --test-days {steps.test_days:g} and --gap-days "
            f"{steps.gap_days:g}: windows have to be longer than nothing, and a gap cannot be negative"
        )
    train, test, gap = (_ms(days) for days in (steps.train_days, steps.test_days, steps.gap_days))
    fit = max(0, (data.end_ms - data.start_ms - train - gap) // test)
    if fit < (steps.folds or 1):
        raise DataError(
            f"{data} holds {fit} of {steps.folds or 1} folds of {steps.train_days:g} + {steps.gap_days:g} + "
            f"{steps.test_days:g} days (training, gap, test): shorten them, or download more days"
        )
    count = steps.folds or fit
    folds = []
    for number in range(1, count + 1):
        begins = data.end_ms - (count - number + 1) * test
        trained = begins - gap
        folds.append(Fold(number, Window(trained - train, trained), Window(begins, begins + test)))
    return tuple(folds)


def _ms(days: float) -> int:
    # Whole minutes: Freqtrade reads seconds, and no candle is shorter.
    return round(days * 1440) * 60_000
