from __future__ import annotations

import pytest

from outrigger.market.archives.metrics import read_metrics, read_open_interest
from outrigger.market.store.schema import METRICS
from tests.market.archives.archive_samples import metrics_text, zipped


def test_read_metrics_sound_is_known_a_period_later() -> None:
    rows, defects = read_metrics(zipped(metrics_text()), "BTCUSDT")
    assert tuple(rows.columns) == METRICS.columns
    assert len(rows) == 288
    assert not defects
    assert (rows["known_ms"] - rows["time_ms"] == 300_000).all()
    assert rows.iloc[0][["open_interest_base", "top_position_ratio", "taker_ratio"]].tolist() == [
        1000,
        1.2,
        0.9,
    ]
    assert rows["funding_rate"].isna().all()


def test_read_metrics_messy_is_sorted_counted_and_masked() -> None:
    lines = metrics_text(periods=6).decode().splitlines()
    lines[2] = lines[2].replace(",1.1,1.2,", ",,1.2,")
    lines[4] = lines[4].replace(",1003,", ",0,")
    foreign = lines[5].replace("BTCUSDT", "ETHUSDT")
    content = "\n".join([lines[0], *lines[:0:-1], foreign]).encode()
    rows, defects = read_metrics(content, "BTCUSDT")
    counts = {defect.name: defect.count for defect in defects}
    assert counts == {
        "foreign_lines": 1,
        "backward_timestamps": 5,
        "blank_values": 1,
        "impossible_values": 1,
    }
    assert rows["time_ms"].is_monotonic_increasing
    assert rows["top_account_ratio"].isna().tolist() == [False, True, False, False, False, False]
    assert rows["open_interest_base"].isna().tolist() == [False, False, False, True, False, False]
    assert rows["open_interest_quote"].notna().all()


@pytest.mark.real_data
def test_read_open_interest_real_history_is_known_four_hours_later(market) -> None:
    path = market / "open-interest" / "BTCUSDT-openInterestHist-4h.csv"
    rows, defects = read_open_interest(path, "BTCUSDT", 14_400_000)
    assert not defects
    assert rows["time_ms"].iloc[0] == 1_771_560_000_000
    assert rows["known_ms"].iloc[0] == 1_771_574_400_000
    assert rows["open_interest_base"].iloc[0] == 80485.615
