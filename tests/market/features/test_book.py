import gzip
import json
import math

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.market.features.book import BOOK_FEATURES, BOOK_NAMES, BookTerms, book_features
from outrigger.market.features.live_book import LiveBook
from outrigger.market.recorder.rows import book_row
from outrigger.market.store.schema import BANDS, BOOK, band_name
from tests.market.features.rows import DAY, HOUR, MINUTE, START, book, frozen, quote, random_book, same

SHORT = BookTerms(max_age_ms=90_000, norm_days=4, norm_minimum_days=2)


def at(*times):
    return np.array(times, dtype=np.int64)


def one(**columns):
    return book_features(book([START], **{k: [v] for k, v in columns.items()}), at(START)).iloc[0]


def test_book_imbalance_of_three_to_one_is_a_half():
    row = one(**quote(0.002, 3, 1), **quote(0.01, 1, 3), **quote(0.05, 5, 5))
    assert row[["book_imbalance_0.2", "book_imbalance_1", "book_imbalance_5"]].tolist() == [0.5, -0.5, 0]


def test_book_slope_of_an_even_book_is_one_and_of_a_wall_at_the_mid_zero():
    # Depth in proportion to the band: log 5 more depth over log 5 more distance.
    row = one(**quote(0.002, 2, 2), **quote(0.01, 10, 10), **quote(0.05, 10, 10))
    assert row["book_slope_near"] == pytest.approx(1)
    assert row["book_slope_far"] == 0


def test_book_spread_and_micro_price_by_hand():
    # Mid 100, spread 0.02 = 2 bp; micro-price (99.99·1 + 100.01·3) / 4 = 100.005, half a bp above the mid.
    row = one(best_bid=99.99, best_ask=100.01, best_bid_base=3, best_ask_base=1)
    assert row["book_spread_bp"] == pytest.approx(2)
    assert row["book_micro_offset_bp"] == pytest.approx(0.5)


def test_book_of_a_crossed_top_has_no_spread():
    row = one(best_bid=100.01, best_ask=99.99, best_bid_base=3, best_ask_base=1)
    assert row[["book_spread_bp", "book_micro_offset_bp"]].isna().all()


def test_book_without_a_side_keeps_what_the_other_says():
    days = START + DAY * np.arange(5)
    asks = {band_name("ask", 0.01, "quote"): [10, 10, 10, 10, 20]}
    row = book_features(book(days, **asks), at(days[-1]), SHORT).iloc[0]
    assert row["book_ask_depth_vs_norm"] == pytest.approx(math.log(2))
    assert row[["book_depth_vs_norm", "book_bid_depth_vs_norm", "book_imbalance_1"]].isna().all()


def test_book_depth_norm_is_the_median_of_the_same_hour_on_the_days_before():
    # 10:00 on four days: 2·[1, 2, 4, 64]; at 11:00 always thin; today 2·8 against the median log(2·√8).
    times, depth = [], []
    for day, level in enumerate((1, 2, 4, 64)):
        times += [START + day * DAY + 10 * HOUR, START + day * DAY + 11 * HOUR]
        depth += [level, 0.001]
    times, depth = [*times, START + 4 * DAY + 10 * HOUR], [*depth, 8]
    found = book_features(book(times, **quote(0.01, depth, depth)), at(times[-1]), SHORT)
    assert found["book_depth_vs_norm"].iloc[0] == pytest.approx(math.log(8 / math.sqrt(8)))


def test_book_norm_does_not_contain_the_day_it_judges():
    times = START + DAY * np.arange(4)
    rows = book([*times, times[-1] + MINUTE], **quote(0.01, [1, 1, 1, 5, 99], [1, 1, 1, 5, 99]))
    found = book_features(rows, at(times[-1], times[-1] + MINUTE), SHORT)["book_depth_vs_norm"]
    np.testing.assert_allclose(found, [math.log(5), math.log(99)])


def test_book_older_than_its_limit_is_missing_and_its_age_is_told_for_an_hour():
    rows = book([START], **quote(0.01, [3], [1]))
    found = book_features(rows, at(START + 90_000, START + 90_001, START + HOUR, START + HOUR + 1), SHORT)
    np.testing.assert_array_equal(found["book_imbalance_1"], [0.5, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found["book_age_s"], [90, 90.001, 3600, np.nan])


def test_book_snapshot_with_every_depth_masked_is_no_news():
    columns = quote(0.01, [3, np.nan], [1, np.nan])
    found = book_features(book([START, START + MINUTE], **columns), at(START + MINUTE))
    assert found["book_age_s"].iloc[0] == 60


def test_book_without_rows_is_missing_everywhere():
    found = book_features(book([]), at(START, START + 1))
    assert found.shape == (2, len(BOOK_FEATURES))
    assert found.isna().all(axis=None)


@pytest.mark.parametrize("seed", [1, 2])
def test_book_features_of_truncated_rows_are_the_truncated_features(seed):
    rows = random_book(seed, 4000, every_ms=120_000)
    clock = START + MINUTE * np.arange(0, 8000, 7)
    whole = book_features(rows, clock, SHORT)
    assert whole.notna().any().all()
    for n in (1, 50, 577, 1100):
        known = rows[rows["known_ms"] <= clock[n - 1]]
        same(book_features(known, clock[:n], SHORT), whole[:n])


def test_book_features_do_not_depend_on_where_history_starts_beyond_the_norm():
    rows = random_book(3, 6000, every_ms=120_000)
    clock = START + 7 * DAY + MINUTE * np.arange(0, 1000, 7)
    recent = rows[rows["known_ms"] >= START + 2 * DAY]
    same(book_features(recent, clock, SHORT), book_features(rows, clock, SHORT))


def test_book_features_leave_their_inputs_as_they_are():
    rows = random_book(4, 300)
    clock = START + MINUTE * np.arange(100)
    expected = book_features(rows, clock, SHORT)
    clock.setflags(write=False)
    same(book_features(frozen(rows), clock, SHORT), expected)


def test_book_terms_that_need_more_days_than_they_keep_are_refused():
    with pytest.raises(DataError, match="between 1 and norm_days"):
        BookTerms(norm_days=2, norm_minimum_days=3)


@pytest.mark.parametrize("begun", [0, 1, 2500, 2999])
def test_live_book_gives_the_numbers_of_the_batch(begun):
    rows = random_book(5, 3000, every_ms=180_000, missing=0.3)
    rows.loc[::11, list(BOOK.values)] = np.nan
    live = LiveBook.from_history(rows[:begun], SHORT)
    moments = rows["known_ms"].to_numpy() + np.random.default_rng(6).integers(0, 60_000, len(rows))
    # Moments at which the next row is not yet known: live has not seen it either.
    moments = np.minimum(moments, np.append(rows["known_ms"].to_numpy()[1:] - 1, moments[-1]))
    batch = book_features(rows, moments, SHORT)
    told = []
    for row, now in zip(rows[begun:].to_dict("records"), moments[begun:], strict=True):
        live.update(row)
        told.append(live.features(int(now)))
    alone = np.array([now >= known for now, known in zip(moments, rows["known_ms"], strict=True)])[begun:]
    same(pd.DataFrame(told)[alone].reset_index(drop=True), batch[begun:][alone].reset_index(drop=True))
    assert alone.sum() > 0.9 * len(alone)


def test_live_book_before_any_snapshot_knows_nothing():
    told = LiveBook().features(START)
    assert tuple(told) == BOOK_NAMES
    assert all(math.isnan(value) for value in told.values())


@pytest.mark.real_data
def test_book_features_of_a_real_archive_are_there_every_minute(market):
    file = pd.read_csv(market / "orderbook" / "BTCUSDT-bookDepth-2025-10-10-first-12h.csv")
    times = pd.to_datetime(file["timestamp"], utc=True).astype("datetime64[ms, UTC]").astype("int64")
    depth = file.assign(time=times).pivot_table(index="time", columns="percentage", values="notional")
    whole = depth.dropna()
    columns = {name: x for band in (1, 5) for name, x in quote(band / 100, whole[-band], whole[band]).items()}
    clock = np.arange(whole.index[0], whole.index[-1], MINUTE)
    found = book_features(book(whole.index, **columns), clock)
    there = found[["book_imbalance_1", "book_imbalance_5", "book_slope_far", "book_age_s"]]
    assert len(clock) > 700
    assert there.notna().all(axis=None)
    assert found["book_imbalance_1"].abs().max() < 0.5
    # Half a day has no day before it, and the bands of that year left out the nearest.
    assert found[["book_depth_vs_norm", "book_imbalance_0.2"]].isna().all(axis=None)


def l2_books(path, every):
    """Books rebuilt from raw updates, one every so many updates, as ccxt would hand them over."""
    sides, applied = None, 0
    with gzip.open(path, "rt") as lines:
        for line in lines:
            message = json.loads(line.split(" ", 1)[1])
            if "lastUpdateId" in message:
                sides = [{float(p): float(q) for p, q in message[side]} for side in ("bids", "asks")]
                continue
            data = message["data"]
            if sides is None or data["e"] != "depthUpdate":
                continue
            for side, changes in zip(sides, (data["b"], data["a"]), strict=True):
                side.update((float(p), float(q)) for p, q in changes)
            applied += 1
            bids, asks = ({p: q for p, q in side.items() if q > 0} for side in sides)
            if applied % every == 0 and max(bids) < min(asks):
                yield {
                    "symbol": "L2",
                    "timestamp": data["T"],
                    "bids": [[p, bids[p]] for p in sorted(bids, reverse=True)],
                    "asks": [[p, asks[p]] for p in sorted(asks)],
                }


def straight_from_levels(order_book):
    """The features of a whole book, level by level: the slow second implementation."""
    (bid, bid_base), (ask, ask_base) = order_book["bids"][0], order_book["asks"][0]
    mid = (bid + ask) / 2
    inside = {
        (side, band): math.fsum(
            p * q for p, q in order_book[side] if abs(p - mid) <= band * mid * (1 + 1e-12)
        )
        for side in ("bids", "asks")
        for band in (0.002, 0.01, 0.05)
    }
    total = {band: inside["bids", band] + inside["asks", band] for band in (0.002, 0.01, 0.05)}
    micro = (bid * ask_base + ask * bid_base) / (bid_base + ask_base)
    return {
        **{
            f"book_imbalance_{band * 100:g}": (inside["bids", band] - inside["asks", band]) / total[band]
            for band in total
        },
        "book_slope_near": math.log(total[0.01] / total[0.002]) / math.log(5),
        "book_slope_far": math.log(total[0.05] / total[0.01]) / math.log(5),
        "book_spread_bp": (ask - bid) / mid * 1e4,
        "book_micro_offset_bp": (micro - mid) / mid * 1e4,
    }


def as_archived(rows):
    """What an archive of ±% bands keeps of rows: three decimals of base, four of quote, no top."""
    kept = rows.copy()
    kept[["best_bid", "best_ask", "best_bid_base", "best_ask_base"]] = np.nan
    for side in ("bid", "ask"):
        for unit, digits in (("base", 3), ("quote", 4)):
            names = [band_name(side, band, unit) for band in BANDS]
            kept[names] = kept[names].round(digits)
    return kept


@pytest.mark.real_data
@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
def test_book_features_from_l2_and_from_bands_are_the_same(market, symbol):
    books = list(l2_books(market / "orderbook" / f"l2-updates-{symbol}-2024-07-18.jsonl.gz", 400))
    assert len(books) >= 5
    rows = pd.DataFrame([book_row(b, b["timestamp"], levels=1_000_000) for b in books])[list(BOOK.columns)]
    clock = rows["known_ms"].to_numpy(np.int64)
    direct = pd.DataFrame([straight_from_levels(b) for b in books])
    names = list(direct.columns)
    same(book_features(rows, clock)[names], direct, check_exact=False, rtol=0, atol=1e-9)
    # The archives' rounding moves a ratio by less than one in a million; they do not show the top.
    banded = book_features(as_archived(rows), clock)
    depth = [name for name in names if "_bp" not in name]
    same(banded[depth], direct[depth], check_exact=False, rtol=0, atol=1e-6)
    assert banded[["book_spread_bp", "book_micro_offset_bp"]].isna().all(axis=None)
