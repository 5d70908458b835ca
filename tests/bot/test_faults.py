"""A fault is told once, with its consequence, and counted every time."""

from __future__ import annotations

import logging

import pytest

from outrigger.bot.faults import FaultLog


def fail(log: FaultLog, callback: str, pair: str, error: Exception) -> None:
    try:
        raise error
    except type(error) as caught:
        log.record(callback, pair, caught, "the stop stays where it is")


def test_record_same_fault_logs_once_and_counts_all(caplog: pytest.LogCaptureFixture) -> None:
    log = FaultLog()
    with caplog.at_level(logging.DEBUG):
        for number in range(5):
            fail(log, "custom_stoploss", "BTC/USDT:USDT", ValueError(f"number {number}"))
    assert len(caplog.records) == 1
    assert log.counts["custom_stoploss", "BTC/USDT:USDT", "ValueError"] == log.total() == 5
    told = caplog.records[0]
    assert told.levelno == logging.ERROR
    assert told.exc_info is not None
    for part in ("custom_stoploss", "BTC/USDT:USDT", "number 0", "the stop stays where it is"):
        assert part in told.getMessage()


def test_record_other_callback_pair_or_kind_logs_again(caplog: pytest.LogCaptureFixture) -> None:
    log = FaultLog()
    for callback, pair, error in (
        ("custom_stoploss", "BTC/USDT:USDT", ValueError("a")),
        ("custom_exit", "BTC/USDT:USDT", ValueError("a")),
        ("custom_exit", "ETH/USDT:USDT", ValueError("a")),
        ("custom_exit", "ETH/USDT:USDT", KeyError("a")),
    ):
        fail(log, callback, pair, error)
    assert len(caplog.records) == log.total() == 4


def test_record_tells_the_first_of_each_and_what_concerns_a_stop_urgently() -> None:
    told: list[tuple[str, bool]] = []
    log = FaultLog(lambda text, *, urgent: told.append((text, urgent)))
    for callback in ("custom_stoploss", "leverage", "leverage"):
        fail(log, callback, "BTC/USDT:USDT", ValueError("x" * 1000))
    assert [urgent for _, urgent in told] == [True, False]
    assert told[0][0].startswith("custom_stoploss failed for BTC/USDT:USDT (ValueError: xxx")
    assert all(len(text) < 400 for text, _ in told)


def test_total_without_faults_is_zero() -> None:
    assert FaultLog().total() == 0
