import time

import numpy as np
import pytest

from outrigger.hedge.measure import HedgeTrack, measure_hedges
from outrigger.hedge.state import HedgeState
from outrigger.settings.hedge import HedgeSettings
from tests.hedge.samples import BNB, BTC, ETH, FIVE, SETTINGS, START_MS, frame, normal_pair, pair_frames

COLUMNS = ("beta", "beta_error", "correlation", "correlation_hour", "volatility_ratio", "deviation", "state")
WEEK = 2016


def columns(track):
    return {name: getattr(track, name) for name in COLUMNS}


def test_measure_hedges_of_bivariate_normals_finds_beta_correlation_and_effectiveness():
    track = measure_hedges(BTC, pair_frames(20_000, beta=0.5, rho=0.8), SETTINGS)[ETH]
    assert np.median(track.beta[WEEK:]) == pytest.approx(0.5, rel=0.01)
    assert np.median(track.correlation_hour[WEEK:]) == pytest.approx(0.8, abs=0.02)
    assert np.median(track.volatility_ratio[WEEK:]) == pytest.approx(0.8 / 0.5, rel=0.02)
    # The candidate moves .1 % in five minutes, so the primary .1 % × .5 ÷ .8, and √12 of it in an hour.
    assert np.median(track.deviation[WEEK:]) == pytest.approx(0.001 * 0.625 * 12**0.5, rel=0.05)
    assert np.median(track.effectiveness(1.0)[WEEK:]) == pytest.approx(0.64, abs=0.03)
    assert np.median(track.effectiveness(0.5)[WEEK:]) == pytest.approx(0.75 * 0.64, abs=0.03)
    assert (track.state[WEEK:] == HedgeState.EFFECTIVE).all()


def test_measure_hedges_errors_cover_the_true_beta():
    """About two thirds within one error; the prior's width makes it a little more."""
    track = measure_hedges(BTC, pair_frames(60_000, beta=0.5, rho=0.7, seed=3), SETTINGS)[ETH]
    miss = np.abs(track.beta - 0.5)[WEEK::288] / track.beta_error[WEEK::288]
    assert 0.55 < np.mean(miss < 1) < 0.95
    assert np.mean(miss < 2) > 0.9


def test_measure_hedges_follows_a_beta_that_changes_within_a_day_or_two():
    before, after = pair_frames(6000, beta=0.5), pair_frames(6000, beta=0.8, seed=2)
    frames = {
        pair: frame(np.concatenate([np.log(before[pair]["close"]), np.log(after[pair]["close"])]))
        for pair in before
    }
    beta = measure_hedges(BTC, frames, SETTINGS)[ETH].beta
    assert beta[5900] == pytest.approx(0.5, abs=0.04)
    assert beta[6000 + 2 * 288] > 0.68
    assert beta[-1] == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("cut", [1, 13, 600, 2500])
def test_measure_hedges_knows_nothing_of_what_comes_later(cut):
    frames = pair_frames(3000) | {BNB: frame(normal_pair(3000, seed=8)[1])}
    whole = measure_hedges(BTC, frames, SETTINGS)
    part = measure_hedges(BTC, {pair: one.iloc[:cut] for pair, one in frames.items()}, SETTINGS)
    for pair in (ETH, BNB):
        for name, values in columns(part[pair]).items():
            np.testing.assert_array_equal(values, getattr(whole[pair], name)[:cut], err_msg=name)


def test_measure_hedges_from_the_startup_candles_says_what_months_say():
    frames = pair_frames(9000)
    months = measure_hedges(BTC, frames, SETTINGS)[ETH]
    startup = measure_hedges(BTC, {pair: one.iloc[-WEEK:] for pair, one in frames.items()}, SETTINGS)[ETH]
    for name in ("correlation_hour", "volatility_ratio", "deviation"):
        assert getattr(startup, name)[-1] == pytest.approx(getattr(months, name)[-1], rel=1e-9)
    # The fast measure fades: seven half-lives ago counts for less than a hundredth.
    assert startup.beta[-1] == pytest.approx(months.beta[-1], abs=0.01 * months.beta[-1])
    assert startup.correlation[-1] == pytest.approx(months.correlation[-1], abs=0.01)
    assert startup.state[-1] == months.state[-1]


def test_measure_hedges_says_nothing_on_the_first_day():
    state = measure_hedges(BTC, pair_frames(600), SETTINGS)[ETH].state
    assert (state[:288] == HedgeState.UNKNOWN).all()
    assert state[-1] == HedgeState.EFFECTIVE


def test_measure_hedges_through_an_outage_keeps_its_correlation():
    """Freqtrade fills an outage with still candles without volume; taken for moves they would hide it."""
    primary, candidate = normal_pair(4000)
    candidate[2000:2200] = candidate[1999]
    volume = np.ones(4000)
    volume[2000:2200] = 0
    tracks = [
        measure_hedges(BTC, {BTC: frame(primary), ETH: frame(candidate, volume=traded)}, SETTINGS)[ETH]
        for traded in (volume, None)
    ]
    known, fooled = (track.correlation[2199] for track in tracks)
    assert known > 0.75
    assert fooled < 0.68


def test_measure_hedges_after_days_without_a_trade_has_no_opinion_and_keeps_the_state():
    primary, candidate = normal_pair(4000)
    volume = np.ones(4000)
    volume[2000:3000] = 0
    track = measure_hedges(BTC, {BTC: frame(primary), ETH: frame(candidate, volume=volume)}, SETTINGS)[ETH]
    assert np.isnan(track.correlation[2999])
    assert track.state[2999] == HedgeState.EFFECTIVE


def test_measure_hedges_of_a_candidate_without_data_has_no_opinion():
    track = measure_hedges(BTC, {**pair_frames(600), BNB: frame([])}, SETTINGS)[BNB]
    assert np.isnan(track.beta).all()
    assert (track.state == HedgeState.UNKNOWN).all()


def test_measure_hedges_of_a_primary_alone_is_nothing():
    assert measure_hedges(BTC, {BTC: frame([0.0, 0.1])}, SETTINGS) == {}


def test_measure_hedges_with_more_candidates_believes_each_a_little_less():
    frames = pair_frames(3000)
    crowd = {f"C{n}/USDT:USDT": frame(normal_pair(3000, seed=20 + n)[1]) for n in range(4)}
    alone, among = (measure_hedges(BTC, chosen, SETTINGS)[ETH] for chosen in (frames, frames | crowd))
    assert among.correlation_hour[-1] < alone.correlation_hour[-1]
    assert among.correlation_hour[-1] > 0.9 * alone.correlation_hour[-1]
    assert among.beta[-1] == alone.beta[-1]


def test_track_at_reads_the_last_closed_candle_and_nothing_stale():
    track = measure_hedges(BTC, pair_frames(600), SETTINGS)[ETH]
    closed = START_MS + FIVE * 500
    assert track.at(closed).beta == track.beta[499]
    assert track.at(closed - 1).beta == track.beta[498]
    assert track.at(closed + FIVE - 1) == track.at(closed)
    assert track.at(START_MS) is None
    end = START_MS + FIVE * 600
    assert track.at(end + 2 * FIVE - 1).beta == track.beta[-1]
    assert track.at(end + 2 * FIVE) is None


def test_hedge_track_reading_has_the_state_as_a_name():
    track = measure_hedges(BTC, pair_frames(600), SETTINGS)[ETH]
    assert isinstance(track, HedgeTrack)
    assert track.at(START_MS + FIVE * 600).state is HedgeState.EFFECTIVE


def test_measure_hedges_of_half_a_year_takes_seconds_not_minutes():
    frames = pair_frames(52_560) | {BNB: frame(normal_pair(52_560, seed=8)[1])}
    begun = time.perf_counter()
    measure_hedges(BTC, frames, HedgeSettings())
    assert time.perf_counter() - begun < 5
