"""How leveraged the crowd is assumed to be, and how far from its entry each leverage is forced out.

Nobody publishes the leverage of open positions, so the mix is a guess that a trader may replace: shares of
open interest at a few leverages that exchanges offer as buttons. Distances follow the isolated-margin formula
in the lowest maintenance tier; large positions sit in higher tiers and are forced out earlier. Weak: cross
margin, added margin and hedged positions move real levels away from the formula's, and the mix of a calm
month is not that of a rally.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, isfinite, log

from outrigger.errors import SettingsError


@dataclass(frozen=True, slots=True)
class LeverageMix:
    """Shares of open interest by leverage.

    Parameters
    ----------
    leverages : tuple of float
        Leverages in use, each above 1.
    shares : tuple of float
        Fraction of each side's open interest at each of them; what is missing to 1 is taken to be hedged or
        unleveraged and is never forced out.
    maintenance_rate : float
        Maintenance margin as a fraction of position value, at least 0 and below 1 / max(leverages).

    Raises
    ------
    SettingsError
        If the shares are no shares or a leverage would be forced out at its entry.
    """

    leverages: tuple[float, ...] = (3.0, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0)
    shares: tuple[float, ...] = (0.20, 0.20, 0.25, 0.15, 0.10, 0.06, 0.04)
    maintenance_rate: float = 0.004

    def __post_init__(self) -> None:
        if len(self.leverages) != len(self.shares) or not self.leverages:
            raise SettingsError(
                f"leverage mix has {len(self.leverages)} leverages and {len(self.shares)} shares: "
                "give one share a leverage, at least one"
            )
        if not all(isfinite(share) and share >= 0 for share in self.shares) or fsum(self.shares) > 1 + 1e-9:
            raise SettingsError(
                f"leverage mix shares are {self.shares}: each has to be at least 0, together at most 1"
            )
        if not (isfinite(self.maintenance_rate) and self.maintenance_rate >= 0):
            raise SettingsError(
                f"maintenance_rate is {self.maintenance_rate!r}: it has to be a fraction from 0 on"
            )
        for leverage in self.leverages:
            if not (leverage > 1 and isfinite(leverage) and self.maintenance_rate * leverage < 1):
                raise SettingsError(
                    f"leverage {leverage:g} of the leverage mix does not fit a maintenance rate of "
                    f"{self.maintenance_rate:g}: it has to be above 1 and below 1 / rate"
                )

    def offsets(self, side: int) -> tuple[float, ...]:
        """Log of the liquidation price over the entry price, by leverage.

        Source: Binance, "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts", lowest tier:
        entry × (1 − 1/L) / (1 − rate) for a long, entry × (1 + 1/L) / (1 + rate) for a short.

        Parameters
        ----------
        side : int
            +1 for longs, -1 for shorts.

        Returns
        -------
        tuple of float
            Negative for longs, positive for shorts, in the order of `leverages`.
        """
        return tuple(
            log((1 - side / leverage) / (1 - side * self.maintenance_rate)) for leverage in self.leverages
        )
