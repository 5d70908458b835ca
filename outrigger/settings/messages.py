"""Settings of what a running bot says through Freqtrade's messages, and how often."""

from __future__ import annotations

from outrigger.settings.section import Section, parameter


class MessageSettings(Section):
    """What a running bot sends (Telegram, webhooks, FreqUI); the log has all of it whatever is set here."""

    send_health: bool = parameter(
        False, "Send the hourly health line too, which is otherwise only logged.", unit="yes or no"
    )
    send_guard: bool = parameter(
        True, "Tell when the cascade guard begins and ends to draw an open trade's stop.", unit="yes or no"
    )
    send_hedge: bool = parameter(
        True, "Tell when a leg is opened, refused, left to run or ended, and why.", unit="yes or no"
    )
    repeat_minutes: float = parameter(
        30.0,
        "Shortest time between two messages about the same thing; longer is quieter.",
        unit="minutes",
        ge=0.0,
        le=1440.0,
    )
    per_hour: int = parameter(
        20,
        "Most messages in any hour; what is held back is counted in one of them. Breaker, drift, faults of a "
        "stop and answers to overrides always come.",
        unit="messages",
        ge=1,
        le=1000,
    )
