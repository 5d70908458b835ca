"""Settings of risk: how much a trade may lose, how much leverage it may use, when to walk away."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from outrigger.settings.section import Section, parameter

EQUITY = "fraction of equity"
PRICE = "fraction of price"


class RiskSettings(Section):
    """Size, leverage and the limits at which no trade is opened."""

    risk_per_trade: float = parameter(
        0.005,
        "Loss of a full-confidence trade at its protective stop, costs included; larger earns and loses "
        "more.",
        unit=EQUITY,
        ge=0.0001,
        le=0.05,
    )
    max_open_risk: float = parameter(
        0.03,
        "Loss if every open trade were stopped at once; larger holds more trades at the same time.",
        unit=EQUITY,
        ge=0.0001,
        le=0.25,
    )
    max_pair_notional: float = parameter(
        1.0,
        "Largest position in one pair, before leverage is divided out; smaller binds when stops are near.",
        unit="multiple of equity",
        ge=0.01,
        le=10.0,
    )
    max_sigma: float = parameter(
        0.08,
        "No entry while the forecast move over the stop's horizon is larger; smaller walks away sooner.",
        unit=PRICE,
        ge=0.005,
        le=1.0,
    )
    max_leverage: int = parameter(
        5,
        "Leverage is never above this; it decides the margin a position ties up, never its size.",
        unit="times",
        ge=1,
        le=10,
    )
    liquidation_fraction: float = parameter(
        0.5,
        "The protective stop lies within this share of the distance to liquidation; smaller uses less "
        "leverage and survives a worse gap through the stop.",
        unit="share of the distance to liquidation",
        ge=0.1,
        le=0.9,
    )
    fee: float = parameter(
        0.0005,
        "Fee of one market order, part of what a stopped trade loses; larger sizes smaller.",
        unit="fraction of notional",
        ge=0.0,
        le=0.01,
    )
    slippage: float = parameter(
        0.001,
        "Allowance for a stop that fills worse than its price; larger sizes smaller.",
        unit=PRICE,
        ge=0.0,
        le=0.05,
    )
    breaker_drawdown: float = parameter(
        0.06,
        "Fall of the equity, open trades included, from its recent peak that blocks new entries; 1 switches "
        "the breaker off.",
        unit=EQUITY,
        ge=0.005,
        le=1.0,
    )
    breaker_window_hours: float = parameter(
        48.0,
        "How far back the recent peak may lie; longer also trips on slow losses.",
        unit="hours",
        ge=1.0,
        le=720.0,
    )
    breaker_pause_hours: float = parameter(
        24.0, "How long a tripped breaker blocks new entries.", unit="hours", ge=0.25, le=720.0
    )

    protections: bool = parameter(
        True,
        "Use Freqtrade's protections as well: an hour's pause a pair after an exit, a longer one for all "
        "pairs after many stops or a drawdown of closed trades.",
        unit="yes or no",
    )

    @property
    def round_trip_cost(self) -> float:
        """Fees of entry and exit plus the slippage allowance, as a fraction of notional."""
        return 2 * self.fee + self.slippage

    @model_validator(mode="after")
    def _limits_fit_together(self) -> Self:
        if self.risk_per_trade > self.max_open_risk:
            raise ValueError(
                f"risk_per_trade ({self.risk_per_trade:g}) is above max_open_risk ({self.max_open_risk:g}): "
                "no trade could ever be opened at full size; raise max_open_risk or lower risk_per_trade"
            )
        if self.breaker_drawdown <= self.risk_per_trade:
            raise ValueError(
                f"breaker_drawdown ({self.breaker_drawdown:g}) is not above risk_per_trade "
                f"({self.risk_per_trade:g}): one ordinary loss would stop trading; raise breaker_drawdown"
            )
        if self.max_pair_notional > self.max_leverage:
            raise ValueError(
                f"max_pair_notional ({self.max_pair_notional:g} times equity) can never be reached with "
                f"max_leverage {self.max_leverage}: lower it to {self.max_leverage} or less"
            )
        return self
