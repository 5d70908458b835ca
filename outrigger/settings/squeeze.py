"""Settings of what the crowd may do to the stop: funding, depth of the book, liquidations close by."""

from __future__ import annotations

from outrigger.settings.section import Section, Tune, parameter

FACTOR = "times the trail"


class SqueezeSettings(Section):
    """How funding, book depth and estimated liquidation levels move the stop; unknown inputs move nothing."""

    funding: bool = parameter(
        False,
        "Narrow the trail when funding shows the crowd on the trade's own side, widen it when the crowd "
        "stands against the trade.",
        unit="yes or no",
    )
    funding_gain: float = parameter(
        0.25,
        "How much the trail narrows or widens when funding stands at the extreme of its own 90 days; larger "
        "moves it more.",
        unit=FACTOR,
        ge=0.0,
        le=0.9,
        tune=Tune("stop", 0.0, 0.5, 2, switch="funding"),
    )
    funding_quiet: float = parameter(
        0.6,
        "Share of funding's 90 days around its median that counts as ordinary; larger reacts to extremes "
        "only.",
        unit="share",
        ge=0.0,
        le=0.95,
    )
    funding_min: float = parameter(
        0.7, "Funding never narrows the trail below this.", unit=FACTOR, ge=0.1, le=1.0
    )
    funding_max: float = parameter(
        1.3, "Funding never widens the trail above this.", unit=FACTOR, ge=1.0, le=3.0
    )
    depth: bool = parameter(
        False,
        "Widen the trail while the book on the side that has to absorb the exit is thinner than usual for "
        "the hour, narrow it while it is thicker.",
        unit="yes or no",
    )
    depth_gain: float = parameter(
        0.3,
        "Power of usual depth over present depth by which the trail is multiplied; larger moves it more.",
        unit="power",
        ge=0.0,
        le=2.0,
        tune=Tune("stop", 0.0, 0.8, 2, switch="depth"),
    )
    depth_min: float = parameter(
        0.8, "Depth never narrows the trail below this.", unit=FACTOR, ge=0.1, le=1.0
    )
    depth_max: float = parameter(1.5, "Depth never widens the trail above this.", unit=FACTOR, ge=1.0, le=3.0)
    guard: bool = parameter(
        False,
        "Cascade guard: draw the stop up to just before the nearest estimated cluster of liquidations on the "
        "trade's own side, while the book before it is thin.",
        unit="yes or no",
    )
    guard_fragility: float = parameter(
        0.9,
        "Percentile of its own last five days that fragility (forced notional over depth within 1 %) must "
        "have reached; higher guards less often.",
        unit="percentile",
        ge=0.0,
        le=1.0,
    )
    guard_reach: float = parameter(
        0.03,
        "The cluster must begin within this distance; larger guards more often.",
        unit="fraction of price",
        ge=0.002,
        le=0.12,
    )
    guard_thin: float = parameter(
        0.2,
        "The book within 1 % must be thinner than its norm by this much; larger guards less often.",
        unit="log ratio",
        ge=0.0,
        le=3.0,
    )
    guard_room: float = parameter(
        0.7,
        "Where the stop is drawn up to, as a share of the distance to the cluster; smaller leaves earlier.",
        unit="share",
        ge=0.1,
        le=0.95,
    )
    guard_unarmed: bool = parameter(
        False,
        "Let the guard move the protective stop of a trade that has not armed, too; without it that stop "
        "stays where it was.",
        unit="yes or no",
    )

    @property
    def any(self) -> bool:
        """Whether anything is switched on."""
        return self.funding or self.depth or self.guard
