"""How long a decision takes; `make bench` looks at the tail, this at what no load of the machine excuses."""

from statistics import median
from time import perf_counter_ns

from outrigger.hedge.choice import Candidate, Primary, choose_leg
from outrigger.hedge.life import LegLife, Phase, PrimaryNow, advance_life
from outrigger.hedge.measure import measure_hedges
from outrigger.hedge.size import hedge_ratio, leg_size, rebalance
from tests.hedge.samples import BNB, BTC, ETH, FIVE, SETTINGS, START_MS, frame, normal_pair, pair_frames


def microseconds(decide, rows):
    times = []
    for row in rows:
        now = START_MS + FIVE * row
        begun = perf_counter_ns()
        decide(now)
        times.append((perf_counter_ns() - begun) / 1000)
    return median(times)


def test_decisions_take_less_than_a_tenth_of_a_millisecond():
    tracks = measure_hedges(BTC, pair_frames(3000) | {BNB: frame(normal_pair(3000, seed=8)[1])}, SETTINGS)
    primary, paired = Primary(BTC, 1, 1000.0, 0.0001, 0.3), LegLife(1, -1, Phase.PAIRED, START_MS)

    def choose(now):
        candidates = [Candidate(pair, track.at(now), None, 0.0001, 5.0) for pair, track in tracks.items()]
        assert choose_leg(primary, candidates, 0.0005, SETTINGS).leg.pair == ETH

    def hold(now):
        known = tracks[ETH].at(now)
        advance_life(paired, PrimaryNow(), known.state, None, now, 0.0005, FIVE, SETTINGS)
        target = leg_size(known.beta, 1000.0, hedge_ratio(0.3, SETTINGS), SETTINGS).notional
        rebalance(260.0, target, known.state, START_MS, now, SETTINGS)

    assert microseconds(choose, range(1000, 2900)) < 100
    assert microseconds(hold, range(1000, 2900)) < 100
