from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from outrigger.market.archives.book_depth import read_book_depth
from outrigger.market.archives.refusal import ArchiveError, Refusal
from outrigger.market.features.book import book_features
from outrigger.market.store.schema import BOOK
from tests.market.archives.archive_samples import BANDS, book, text, zipped

VALUES = [name for name in BOOK.values if not name.startswith("best")]
BIDS = [name for name in VALUES if name.startswith("bid")]
ASKS = [name for name in VALUES if name.startswith("ask")]


def read(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    rows, defects = read_book_depth(text(frame), "BTCUSDT")
    return rows, {defect.name: defect for defect in defects}


def masked(rows: pd.DataFrame) -> set[tuple[int, str]]:
    gone = rows[VALUES].isna().to_numpy()
    return {(int(row), VALUES[column]) for row, column in zip(*np.nonzero(gone), strict=True)}


def lines(frame: pd.DataFrame, rows: range, bands: tuple[float, ...]) -> pd.Series:
    stamps = frame["timestamp"].drop_duplicates().iloc[list(rows)]
    return frame["timestamp"].isin(stamps) & frame["percentage"].isin(bands)


def test_read_book_depth_sound_has_every_value_and_no_defect() -> None:
    frame = book()
    rows, defects = read(frame)
    assert tuple(rows.columns) == BOOK.columns
    assert not defects
    assert not masked(rows)
    assert rows["time_ms"].iloc[0] == 1_740_787_200_000  # 2025-03-01 00:00 UTC
    assert (rows["known_ms"] == rows["time_ms"]).all()
    first = frame.iloc[:12].set_index("percentage")
    assert rows["bid_base_0.2"].iloc[0] == first.loc[-0.2, "depth"]
    assert rows["ask_quote_5"].iloc[0] == first.loc[5.0, "notional"]


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("style", ["{:.0f}", "{:.2f}"])
def test_read_book_depth_variants_give_the_same(header: bool, style: str) -> None:
    frame = book(20, bands=(1.0, 2.0, 3.0, 4.0, 5.0))
    expected, _ = read_book_depth(text(frame), "BTCUSDT")
    shuffled = frame.sample(frac=1, random_state=3)
    rows, _ = read_book_depth(zipped(text(shuffled, header=header, style=style)), "BTCUSDT")
    pd.testing.assert_frame_equal(rows, expected)
    assert rows["bid_base_0.2"].isna().all()
    assert rows["bid_base_1"].notna().all()


def test_read_book_depth_frozen_inner_asks_masks_only_them_after_the_limit() -> None:
    frame = book(40)
    for band in (0.2, 1.0):
        at = lines(frame, range(10, 40), (band,))
        frame.loc[at, ["depth", "notional"]] = frame.loc[at, ["depth", "notional"]].iloc[0].to_numpy()
    rows, defects = read(frame)
    # Still since row 10; more than two minutes later is row 15.
    names = {f"ask_{unit}_{band}" for unit in ("base", "quote") for band in ("0.2", "1")}
    assert masked(rows) == {(row, name) for row in range(15, 40) for name in names}
    assert (defects["frozen_asks"].count, defects["frozen_asks"].masked) == (25, 100)
    assert defects["frozen_asks"].first_ms == rows["time_ms"][15]
    assert set(defects) == {"frozen_asks"}


def test_read_book_depth_frozen_book_is_named() -> None:
    frame = book(30)
    at = lines(frame, range(5, 30), tuple(frame["percentage"].unique()))
    frame.loc[at, ["depth", "notional"]] = np.tile(
        frame.loc[at, ["depth", "notional"]].iloc[:12].to_numpy(), (25, 1)
    )
    rows, defects = read(frame)
    assert set(defects) == {"frozen_book"}
    assert masked(rows) == {(row, name) for row in range(10, 30) for name in VALUES}


@pytest.mark.parametrize("factor", [1.012, 0.98, 1.02, 1.05])
def test_read_book_depth_shifted_bids_masks_the_bids_only(factor: float) -> None:
    frame = book()
    at = lines(frame, range(20, 25), tuple(-band for band in (0.2, 1.0, 2.0, 3.0, 4.0, 5.0)))
    frame.loc[at, "notional"] *= factor
    rows, defects = read(frame)
    assert set(defects) == {"misaligned_bids"}
    assert masked(rows) == {(row, name) for row in range(20, 25) for name in BIDS}


def test_read_book_depth_one_shifted_band_masks_that_band() -> None:
    frame = book()
    frame.loc[lines(frame, range(20, 21), (1.0,)), "notional"] *= 1.03
    rows, defects = read(frame)
    assert set(defects) == {"misaligned_asks"}
    assert masked(rows) == {(20, "ask_base_1"), (20, "ask_quote_1")}


def test_read_book_depth_exchanged_sides_are_crossed() -> None:
    frame = book()
    at = lines(frame, range(30, 32), tuple(frame["percentage"].unique()))
    frame.loc[at, "percentage"] *= -1
    rows, defects = read(frame)
    assert set(defects) == {"crossed_sides"}
    assert masked(rows) == {(row, name) for row in (30, 31) for name in VALUES}


def test_read_book_depth_exchanged_bands_are_not_monotone() -> None:
    frame = book()
    at = lines(frame, range(12, 13), (-2.0, -3.0))
    frame.loc[at, "percentage"] = [-3.0, -2.0]
    rows, defects = read(frame)
    assert set(defects) == {"non_monotone_bids"}
    assert masked(rows) == {(12, f"bid_{unit}_{band}") for unit in ("base", "quote") for band in (2, 3)}


def test_read_book_depth_negative_band_is_masked_alone() -> None:
    frame = book()
    frame.loc[lines(frame, range(3, 4), (5.0,)), "depth"] *= -1
    rows, defects = read(frame)
    assert set(defects) == {"negative_depth"}
    assert masked(rows) == {(3, "ask_base_5"), (3, "ask_quote_5")}


def test_read_book_depth_whole_book_elsewhere_is_shifted() -> None:
    frame = book()
    at = lines(frame, range(20, 21), tuple(frame["percentage"].unique()))
    frame.loc[at, "notional"] *= 0.8
    rows, defects = read(frame)
    assert set(defects) == {"shifted_book"}
    assert masked(rows) == {(20, name) for name in VALUES}


def test_read_book_depth_crash_within_minutes_is_no_defect() -> None:
    frame = book(60)
    stamps = pd.factorize(frame["timestamp"])[0]
    frame["notional"] *= np.clip(
        1 - 0.02 * (stamps - 20), 0.6, 1.0
    )  # 2 % in every snapshot, 40 % in ten minutes
    rows, defects = read(frame)
    assert not defects
    assert not masked(rows)


def test_read_book_depth_disorder_is_counted_and_mended() -> None:
    frame = book(30)
    expected, _ = read(frame)
    messy = pd.concat([frame.iloc[:120], frame.iloc[240:], frame.iloc[120:240], frame.iloc[-12:]])
    content = text(messy) + b"2025-03-01 00:20:00,-1.00,3\nnonsense,1,2,3\n2025-03-01 00:10:00,7.00,1,1\n"
    rows, found = read_book_depth(content, "BTCUSDT")
    counts = {defect.name: defect.count for defect in found}
    pd.testing.assert_frame_equal(rows, expected)
    assert counts == {
        "unreadable_lines": 2,
        "duplicated_timestamps": 1,
        "backward_timestamps": 10,
        "unknown_bands": 1,
    }


def test_read_book_depth_gap_is_counted_and_not_filled() -> None:
    frame = book(40)
    stamps = frame["timestamp"].drop_duplicates().iloc[10:20]
    rows, defects = read(frame[~frame["timestamp"].isin(stamps)])
    assert len(rows) == 30
    assert defects["gaps"].count == 1
    assert defects["gaps"].first_ms == rows["time_ms"][9]


def test_read_book_depth_truncated_gives_the_same_past() -> None:
    frame = book(50)
    frame.loc[lines(frame, range(20, 30), (-0.2, -1.0, -2.0, -3.0, -4.0, -5.0)), "notional"] *= 1.02
    held = lines(frame, range(33, 50), (1.0,))
    frame.loc[held, ["depth", "notional"]] = frame.loc[held, ["depth", "notional"]].iloc[0].to_numpy()
    whole, _ = read(frame)
    for count in (1, 5, 21, 25, 31, 37, 40, 49):
        part, _ = read(frame.iloc[: 12 * count])
        pd.testing.assert_frame_equal(part, whole.iloc[:count])


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"<!DOCTYPE html><html>blocked</html>", Refusal.HTML),
        (zipped(text(book(20)))[:-200], Refusal.TRUNCATED_ZIP),
        (zipped(b"a", "readme.txt"), Refusal.NOT_AN_ARCHIVE),
        (b"", Refusal.NOT_AN_ARCHIVE),
        (b"timestamp,percentage\n2025-03-01 00:00:00,1\n", Refusal.UNREADABLE),
        (b"timestamp,percentage,depth,notional\n", Refusal.UNREADABLE),
    ],
)
def test_read_book_depth_unusable_file_is_refused_by_name(content: bytes, refusal: Refusal) -> None:
    with pytest.raises(ArchiveError, match="BTCUSDT") as caught:
        read_book_depth(content, "BTCUSDT")
    assert caught.value.refusal is refusal


@pytest.mark.real_data
def test_read_book_depth_real_half_day_is_sound(market) -> None:
    rows, defects = read_book_depth(next((market / "orderbook").glob("*bookDepth*.csv")), "BTCUSDT")
    # The file's last line is a lone band hours later.
    assert {defect.name: defect.count for defect in defects} == {"gaps": 1, "incomplete_snapshots": 1}
    outer = [name for name in VALUES if not name.endswith("0.2")]
    assert rows[outer].iloc[:-1].notna().all(axis=None)
    assert rows["bid_base_5"].iloc[0] == 8243.012


@pytest.mark.parametrize(("sign", "name", "values"), [(-1, "frozen_bids", BIDS), (1, "frozen_asks", ASKS)])
def test_read_book_depth_whole_side_frozen_for_the_day_leaves_the_other(
    sign: int, name: str, values: list[str]
) -> None:
    """As published archives have had it: one side repeats its first snapshot all day."""
    frame = book(240)
    at = lines(frame, range(240), tuple(sign * band for band in BANDS))
    frame.loc[at, ["depth", "notional"]] = np.tile(
        frame.loc[at, ["depth", "notional"]].iloc[: len(BANDS)].to_numpy(), (240, 1)
    )
    rows, defects = read(frame)
    assert masked(rows) == {(row, value) for row in range(5, 240) for value in values}
    assert (defects[name].count, defects[name].masked) == (235, 235 * len(values))
    assert set(defects) == {name}


def test_read_book_depth_cut_within_a_line_keeps_every_whole_snapshot_and_names_the_rest() -> None:
    frame = book(30)
    whole, _ = read(frame)
    content = text(frame)
    cut = content[: content.rindex(b"\n", 0, -200) + 25]
    rows, found = read_book_depth(cut, "BTCUSDT")
    counts = {defect.name: defect.count for defect in found}
    assert counts == {"unreadable_lines": 1, "incomplete_snapshots": 1}
    pd.testing.assert_frame_equal(rows.iloc[:-1], whole.iloc[: len(rows) - 1])


@pytest.mark.real_data
def test_book_features_of_the_real_half_day_are_finite_wherever_the_file_is_sound(market) -> None:
    """Every close up to the last whole snapshot; there is no ±0.2 % band, no top and no days for a norm."""
    rows, _ = read_book_depth(next((market / "orderbook").glob("*bookDepth*.csv")), "BTCUSDT")
    whole = rows["bid_quote_5"].notna() & rows["ask_quote_5"].notna()
    first, last = (int(rows["time_ms"][whole].iloc[at]) for at in (0, -1))
    clock = np.arange(-(-first // 300_000) * 300_000, last + 1, 300_000)
    features = book_features(rows, clock)
    sound = ["book_imbalance_1", "book_imbalance_5", "book_slope_far", "book_age_s"]
    assert len(clock) >= 143
    assert np.isfinite(features[sound]).all(axis=None)
    assert features[[name for name in features if name not in sound]].isna().all(axis=None)
    # The newest snapshot by a plain loop over the lines of the file.
    at = int(clock[70])
    row = rows[rows["known_ms"] <= at].iloc[-1]
    bid, ask = row["bid_quote_1"], row["ask_quote_1"]
    assert features["book_imbalance_1"].iloc[70] == pytest.approx((bid - ask) / (bid + ask))
    assert features["book_age_s"].iloc[70] == (at - row["time_ms"]) / 1000
