"""Settings of the stop: which policy, how wide, when it arms."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from outrigger.settings.section import Section, Tune, parameter

FRACTION = "fraction of price"
SIGMA = "sigma"


class StopSettings(Section):
    """The stop law's numbers; every distance is a move of price, leverage never enters."""

    policy: Literal["volatility", "trailing", "chandelier", "fixed"] = parameter(
        "volatility",
        "`volatility`: widths follow the forecast; `trailing`: constant width; `chandelier`: multiples of "
        "the hourly ATR; `fixed`: the protective stop never moves.",
        unit="name",
    )
    horizon_hours: float = parameter(
        4.0,
        "Horizon of the forecast behind activation and trail; longer means wider.",
        unit="hours",
        ge=1.0,
        le=24.0,
    )
    protect_horizon_hours: float = parameter(
        24.0,
        "Horizon of the forecast behind the protective stop, about as long as a trade lasts; longer means "
        "wider.",
        unit="hours",
        ge=1.0,
        le=24.0,
    )
    protect_sigma: float = parameter(
        1.0,
        "Protective stop distance; larger stops out less often and sizes positions smaller.",
        unit="sigma of its own horizon",
        ge=0.3,
        le=4.0,
        tune=Tune("stop", 0.7, 1.6, 2),
    )
    protect_min: float = parameter(
        0.01, "Protective stop is never nearer than this.", unit=FRACTION, ge=0.002, le=0.2
    )
    protect_max: float = parameter(
        0.08, "Protective stop is never farther than this.", unit=FRACTION, ge=0.005, le=0.5
    )
    activation: float = parameter(
        0.02,
        "Smallest favourable move that arms the trail.",
        unit=FRACTION,
        ge=0.0,
        le=0.2,
        tune=Tune("stop", 0.015, 0.02, 4),
    )
    activation_sigma: float = parameter(
        1.75,
        "The favourable move that arms the trail is at least this many sigma; larger lets trends develop, "
        "smaller secures gains earlier.",
        unit=SIGMA,
        ge=0.0,
        le=8.0,
        tune=Tune("stop", 1.2, 3.0, 2),
    )
    trail_sigma: float = parameter(
        0.7,
        "Width of the trail once armed; larger survives deeper pullbacks and gives back more.",
        unit=SIGMA,
        ge=0.2,
        le=6.0,
        tune=Tune("stop", 0.5, 1.2, 2),
    )
    trail_min: float = parameter(
        0.006, "The trail is never narrower than this.", unit=FRACTION, ge=0.0005, le=0.2
    )
    trail_max: float = parameter(
        0.06,
        "The trail is never wider than this, unless `noise_candles` asks for more.",
        unit=FRACTION,
        ge=0.002,
        le=0.5,
    )
    noise_floor: float = parameter(
        0.004,
        "Widths below this are refused: on a 2 % market they pay fees, not profits.",
        unit=FRACTION,
        ge=0.0005,
        le=0.05,
    )
    noise_candles: float = parameter(
        3.0,
        "The trail is at least this many times the mean range of the last hour's base candles.",
        unit="candle ranges",
        ge=0.0,
        le=20.0,
    )
    min_step: float = parameter(
        0.0005,
        "Smallest move of the stop worth a new order; larger sends fewer orders.",
        unit="fraction of the stop",
        ge=0.0,
        le=0.02,
    )
    allow_loss_when_armed: bool = parameter(
        False,
        "Allow an activation smaller than the trail, so that the freshly armed stop still lies at a loss.",
        unit="yes or no",
    )
    fixed_distance: float = parameter(
        0.03, "Policy `fixed`: distance of the stop.", unit=FRACTION, ge=0.002, le=0.5
    )
    trailing_width: float = parameter(
        0.03, "Policy `trailing`: width of the trail and of the first stop.", unit=FRACTION, ge=0.002, le=0.5
    )
    trailing_activation: float = parameter(
        0.0,
        "Policy `trailing`: favourable move that arms it; 0 trails from the entry on.",
        unit=FRACTION,
        ge=0.0,
        le=0.5,
    )
    chandelier_bars: int = parameter(
        22, "Policy `chandelier`: hourly candles in the ATR.", unit="hourly candles", ge=2, le=200
    )
    chandelier_multiple: float = parameter(
        3.0, "Policy `chandelier`: ATRs between the best price and the stop.", unit="ATR", ge=0.5, le=20.0
    )

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> StopSettings:
        for low, high in (("protect_min", "protect_max"), ("trail_min", "trail_max")):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(
                    f"{low} ({getattr(self, low)}) is above {high} ({getattr(self, high)}): lower {low} or "
                    f"raise {high}"
                )
        for name in ("protect_min", "trail_min", "fixed_distance", "trailing_width"):
            if getattr(self, name) < self.noise_floor:
                raise ValueError(
                    f"{name} ({getattr(self, name)}) is below noise_floor ({self.noise_floor}): a stop that "
                    f"near pays fees to the market's noise; raise {name}"
                )
        return self

    @model_validator(mode="after")
    def _arming_secures_a_profit(self) -> StopSettings:
        if self.allow_loss_when_armed:
            return self
        for activation, width in (("activation_sigma", "trail_sigma"), ("activation", "trail_min")):
            if getattr(self, activation) < getattr(self, width):
                raise ValueError(
                    f"{activation} ({getattr(self, activation)}) is smaller than {width} "
                    f"({getattr(self, width)}): the stop would lie at a loss when it arms; raise "
                    f"{activation} or set allow_loss_when_armed to true"
                )
        needed = self.trailing_width / (1 - self.trailing_width)
        if 0 < self.trailing_activation < needed:
            raise ValueError(
                f"trailing_activation ({self.trailing_activation}) is smaller than the {needed:.4f} that "
                f"trailing_width ({self.trailing_width}) needs: the stop would lie at a loss when it arms; "
                f"raise it, set it to 0 to trail from the entry on, or set allow_loss_when_armed to true"
            )
        return self
