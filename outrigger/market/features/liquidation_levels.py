"""An estimate of where open positions would be forced out, kept up candle by candle.

Every contract is long for one trader and short for another, so each side's book of levels adds up to the open
interest. A candle opens positions around its own prices: what open interest rose by, what a sweep left to be
taken over, and a turnover that follows volume (the entry-volume profile, decaying with a half-life). They sit
at the liquidation prices of an assumed leverage mix; a candle that trades through a level clears it; what
else closes is taken from all entries alike. Without open interest volume alone is the measure.

This is an estimate, not an observation. Weak: leverage is assumed; open interest from before the first candle
has no known entry and is left out; a candle that opens and sweeps is taken to have swept first; owners who
stop themselves out are counted as forced, so amounts exceed published liquidations 15 to 50 times: compare
over time, where sums of 4 h rise and fall with them (rank correlation .8 to .9), and distrust amounts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, exp, floor, isfinite, log

import numpy as np
from numpy.typing import NDArray

from outrigger.errors import DataError, SettingsError
from outrigger.market.features.leverage_mix import LeverageMix

Floats = NDArray[np.float64]

HOUR_MS = 3_600_000
# A volume spike turns positions over faster, but not without limit.
_MOST_ACTIVE = 10.0
_MEAN_VOLUME_MS = 24 * HOUR_MS
# Entries lie at a candle's low, middle and high.
_SPREAD = (0.25, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class LevelModel:
    """Assumptions of the estimate.

    Parameters
    ----------
    mix : LeverageMix
        How leveraged positions are.
    half_life_hours : float
        Hours of ordinary volume after which half of the positions have been closed by their owners.
    opening_share : float
        Without open interest: share of a candle's volume that opens positions that stay, 0 to 1.
    step : float
        Width of a price bin, in log price.
    reach : float
        Log distance from the price up to which levels are kept; positions farther away are forgotten.
    warmup_hours : float
        Hours of candles before the levels are worth showing.

    Raises
    ------
    SettingsError
        If a value is out of its range or the reach is shorter than a leverage's distance.
    """

    mix: LeverageMix = field(default_factory=LeverageMix)
    half_life_hours: float = 48.0
    opening_share: float = 0.1
    step: float = 0.001
    reach: float = 0.5
    warmup_hours: float = 24.0

    def __post_init__(self) -> None:
        if not (isfinite(self.half_life_hours) and self.half_life_hours > 0):
            raise SettingsError(f"half_life_hours is {self.half_life_hours!r}: it has to be positive")
        if not (isfinite(self.warmup_hours) and self.warmup_hours >= 0):
            raise SettingsError(f"warmup_hours is {self.warmup_hours!r}: it has to be 0 or more")
        if not 0 < self.opening_share <= 1:
            raise SettingsError(f"opening_share is {self.opening_share!r}: it has to lie between 0 and 1")
        farthest = max(abs(offset) for side in (1, -1) for offset in self.mix.offsets(side))
        if not (0 < self.step <= 0.01 and farthest < self.reach < 2):
            raise SettingsError(
                f"liquidation grid of step {self.step!r} and reach {self.reach!r}: step has to be in "
                f"(0, 0.01], reach between {farthest:.3f}, the least leverage's distance, and 2"
            )

    @property
    def bins(self) -> int:
        """Bins kept on either side of the price."""
        return round(self.reach / self.step)


@dataclass(frozen=True, slots=True)
class Candle:
    """One closed candle and the open interest known at its close.

    Parameters
    ----------
    closed_ms : int
        Time of the close, milliseconds since 1970 UTC.
    high, low, close : float
        Prices; a candle with one that is no positive number is passed over.
    volume : float
        Base currency; no number counts as none.
    open_interest : float
        Base currency; NaN where none is known.
    """

    closed_ms: int
    high: float
    low: float
    close: float
    volume: float
    open_interest: float = float("nan")


class LiquidationLevels:
    """Levels of both sides on a grid of log prices that follows the price; memory is bounded.

    Parameters
    ----------
    model : LevelModel, optional
        Assumptions.
    length_ms : int, optional
        Length of a candle in milliseconds, for the first one.

    Attributes
    ----------
    amounts : ndarray of shape (2, 2 * bins + 1)
        Base currency by bin, longs first, the bin nearest to the last close in the middle.
    closed_ms : int or None
        Close of the last usable candle.
    anchored : bool
        Whether the last candle came with open interest.
    """

    def __init__(self, model: LevelModel | None = None, length_ms: int = HOUR_MS // 12) -> None:
        self.model = model or LevelModel()
        self.amounts: Floats = np.zeros((2, 2 * self.model.bins + 1))
        self.anchored = False
        self._length_ms = length_ms
        self._first_ms: int | None = None
        self.closed_ms: int | None = None
        self._centre = 0
        # Each side's positions, those outside the grid or of unknown entry included.
        self._totals = [0.0, 0.0]
        self._mean_volume, self._seen = 0.0, 0
        self._relative: Floats = np.exp(self.model.step * np.arange(-self.model.bins, self.model.bins + 1))
        offsets = [np.array(self.model.mix.offsets(side)) / self.model.step for side in (1, -1)]
        # Entry bins × leverages of longs, then of shorts, as places in the flattened amounts.
        self._offsets: Floats = np.repeat(np.concatenate(offsets)[None, :], len(_SPREAD), axis=0)
        self._rows = np.repeat([0, self.amounts.shape[1]], len(offsets[0]))[None, :]
        self._weights: Floats = np.outer(_SPREAD, self.model.mix.shares)

    @property
    def centre_price(self) -> float:
        """Price of the middle bin, quote currency."""
        return exp(self._centre * self.model.step)

    @property
    def prices(self) -> Floats:
        """Price of each bin, quote currency, shape (2 * bins + 1,)."""
        return self._relative * self.centre_price

    @property
    def ready(self) -> bool:
        """Whether the warm-up is over."""
        if self._first_ms is None or self.closed_ms is None:
            return False
        return self.closed_ms - self._first_ms >= self.model.warmup_hours * HOUR_MS

    @property
    def placed(self) -> float:
        """Fraction of the open interest whose entry is known, mean of both sides; NaN without."""
        known, total = float(self.amounts.sum()), sum(self._totals)
        share = sum(self.model.mix.shares)
        return known / (total * share) if self.anchored and total > 0 and share > 0 else float("nan")

    def notional(self, low: int, high: int, weights: Floats) -> Floats:
        """Levels of both sides on a fixed grid.

        Parameters
        ----------
        low, high : int
            First and last bin: log price over the model's step.
        weights : ndarray of shape (2,)
            Multipliers of longs and shorts.

        Returns
        -------
        ndarray of shape (high - low + 1,)
            Quote currency by bin; 0 beyond the reach.
        """
        base, size = self._centre - self.model.bins, self.amounts.shape[1]
        found = np.zeros(high - low + 1)
        first, last = max(low, base), min(high, base + size - 1)
        if first <= last:
            part = slice(first - base, last - base + 1)
            found[first - low : last - low + 1] = (weights @ self.amounts[:, part]) * self.prices[part]
        return found

    def update(self, candle: Candle) -> tuple[float, float]:
        """Take in the next closed candle.

        Parameters
        ----------
        candle : Candle
            Later than the one before; time may be missing between them.

        Returns
        -------
        tuple of (float, float)
            Longs and shorts estimated to have been forced out by it, quote currency.

        Raises
        ------
        DataError
            If the candle is not later than the one before.
        """
        before = self.closed_ms
        if before is not None and candle.closed_ms <= before:
            raise DataError(
                f"liquidation levels: candle closed at {candle.closed_ms} ms follows one of {before} ms: "
                "pass candles in order, each once"
            )
        prices = (candle.low, candle.high, candle.close)
        if not all(isfinite(price) and price > 0 for price in prices) or candle.low > candle.high:
            return 0.0, 0.0
        elapsed = candle.closed_ms - before if before is not None else self._length_ms
        self._first_ms = candle.closed_ms - elapsed if self._first_ms is None else self._first_ms
        self.closed_ms = candle.closed_ms
        self._centre_on(round(log(candle.close) / self.model.step))
        swept = self._clear(candle.low, candle.high)
        volume = candle.volume if isfinite(candle.volume) and candle.volume > 0 else 0.0
        self._open(candle, volume, self._turnover(volume, elapsed))
        # Longs opened high in a wide candle cannot have lived if their level lies above its close.
        self._clear(candle.close, candle.close)
        return swept

    def _turnover(self, volume: float, elapsed_ms: int) -> float:
        """Fraction of positions that their owners close and others open, at this volume."""
        self._seen += 1
        weight = max(1 - 0.5 ** (elapsed_ms / _MEAN_VOLUME_MS), 1 / self._seen)
        self._mean_volume += weight * (volume - self._mean_volume)
        activity = min(volume / self._mean_volume, _MOST_ACTIVE) if self._mean_volume > 0 else 0.0
        return float(1 - 0.5 ** (activity * elapsed_ms / (self.model.half_life_hours * HOUR_MS)))

    def _centre_on(self, centre: int) -> None:
        """Move the grid to the price; what leaves it is no longer placed."""
        shift, size = centre - self._centre, self.amounts.shape[1]
        if shift:
            moved = np.zeros_like(self.amounts)
            if abs(shift) < size:
                moved[:, max(-shift, 0) : size - max(shift, 0)] = self.amounts[
                    :, max(shift, 0) : size + min(shift, 0)
                ]
            self.amounts, self._centre = moved, centre

    def _clear(self, low: float, high: float) -> tuple[float, float]:
        """Force out longs with levels from `low` up and shorts with levels from `high` down."""
        base = self._centre - self.model.bins
        from_bin = min(max(ceil(log(low) / self.model.step) - base, 0), self.amounts.shape[1])
        to_bin = min(max(floor(log(high) / self.model.step) - base + 1, 0), self.amounts.shape[1])
        forced = []
        for row, part in enumerate((slice(from_bin, None), slice(None, to_bin))):
            gone = self.amounts[row, part]
            forced.append(float(gone @ self._relative[part]) * self.centre_price)
            self._totals[row] = max(self._totals[row] - float(gone.sum()), 0.0)
            gone[:] = 0.0
        return forced[0], forced[1]

    def _open(self, candle: Candle, volume: float, turnover: float) -> None:
        """Close what turns over, open what follows, at this candle's prices."""
        interest = candle.open_interest
        known = isfinite(interest) and interest > 0
        if known and not self.anchored:
            # The first reading tells how much is open, not where it was opened.
            self._totals = [max(interest, float(row.sum())) for row in self.amounts]
        self.anchored = known
        opened, kept = [0.0, 0.0], [1 - turnover, 1 - turnover]
        for row, total in enumerate(self._totals):
            if known:
                opened[row] = min(max(interest - total, 0.0) + turnover * interest, interest)
                kept[row] = (interest - opened[row]) / total if total > 0 else 0.0
                self._totals[row] = interest
            else:
                opened[row] = self.model.opening_share * volume
                self._totals[row] = total * kept[row] + opened[row]
        self.amounts *= np.array(kept)[:, None]
        if any(opened):
            self._enter(candle, opened)

    def _enter(self, candle: Candle, opened: list[float]) -> None:
        middle = (candle.low + candle.high + candle.close) / 3
        entries = np.log([candle.low, middle, candle.high])[:, None] / self.model.step
        bins = np.rint(entries + self._offsets).astype(np.int64) - (self._centre - self.model.bins)
        # Beyond the grid only in a candle that spans tens of per cent: such levels are kept at its edge.
        places = np.clip(bins, 0, self.amounts.shape[1] - 1) + self._rows
        weights = np.concatenate((self._weights * opened[0], self._weights * opened[1]), axis=1)
        np.add.at(self.amounts.reshape(-1), places.ravel(), weights.ravel())
