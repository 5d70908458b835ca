import numpy as np
import pytest

from outrigger.signals.forward import Entries, forward_moves, judge


def entries(moves, at, side, confidence=None):
    side = np.array(side, dtype=np.int8)
    worth = np.ones(side.size) if confidence is None else np.array(confidence)
    return Entries(np.asarray(moves, dtype=float), np.asarray(at, dtype=np.int64), side, worth)


def test_forward_moves_run_from_the_next_open_to_the_open_after_the_horizon():
    opens = np.array([100.0, 110.0, 121.0, 60.5])
    moves = forward_moves(opens, [1, 2, 9])
    np.testing.assert_allclose(moves[:, 0], [0.1, -0.5, np.nan, np.nan])
    np.testing.assert_allclose(moves[:, 1], [-0.45, np.nan, np.nan, np.nan])
    assert np.isnan(moves[:, 2]).all()


def test_judge_of_hand_made_events_gives_their_mean_net_of_cost():
    moves = [[0.01], [-0.02], [0.03], [0.0]]
    found = {
        v.group: v for v in judge({"A": entries(moves, [0, 1], [1, -1], [1.0, 0.5])}, [1.0], 0.001, 200, 1)
    }
    assert found["long"].mean_bp == pytest.approx(90.0)
    assert found["short"].mean_bp == pytest.approx(190.0)
    assert found["all"].mean_bp == pytest.approx(140.0)
    assert (found["full"].events, found["partial"].events) == (1, 1)
    # The null's mean is the sample's own: longs average +50 bp, shorts -50, less 10 bp of cost.
    assert found["long"].random_bp == pytest.approx(40.0, abs=40)


def test_judge_of_foresight_beats_every_draw_of_both_nulls():
    moves = np.random.default_rng(5).normal(0, 0.01, size=(5000, 1))
    best = np.sort(np.argsort(moves[:, 0])[-50:])
    verdict = judge({"A": entries(moves, best, [1] * 50)}, [1.0], 0.001, 300, 2)[0]
    assert verdict.beats_random == verdict.beats_shifted == 1.0
    assert verdict.low_bp > 0


def test_judge_of_events_without_foresight_is_calibrated():
    # Shares of draws beaten are uniform on 0..1: mean 1/2, standard deviation sqrt(1/12).
    rng = np.random.default_rng(8)
    shares = []
    for seed in range(60):
        moves = rng.normal(0, 0.01, size=(2000, 1))
        events = entries(moves, np.arange(0, 2000, 40), [1, -1] * 25)
        verdict = judge({"A": events}, [1.0], 0.001, 200, seed)[0]
        shares.append((verdict.beats_random, verdict.beats_shifted))
    assert np.mean(shares, axis=0) == pytest.approx([0.5, 0.5], abs=4 * np.sqrt(1 / 12 / 60))
    assert np.std(shares, axis=0) == pytest.approx([np.sqrt(1 / 12)] * 2, abs=0.09)


def test_judge_shifted_null_is_wider_than_the_random_one_for_clustered_events():
    # Moves come in blocks of 100 alike; events fill whole blocks, so they are two observations, not 200.
    rng = np.random.default_rng(6)
    moves = np.repeat(rng.normal(0, 0.01, size=(100, 1)), 100, axis=0)
    at = np.concatenate((np.arange(2000, 2100), np.arange(6000, 6100)))
    verdict = judge({"A": entries(moves, at, [1] * 200)}, [1.0], 0.0, 400, 3)[0]
    # Random draws: sd 100 bp / sqrt(200) = 7 bp, so an interval of 28 bp; in blocks sd is above 50 bp.
    assert verdict.high_bp - verdict.low_bp > 3 * 28


def test_judge_is_reproducible_and_silent_without_events():
    moves = np.random.default_rng(7).normal(size=(300, 2))
    pair = {"A": entries(moves, [3, 50], [1, -1]), "B": entries(moves, [], [])}
    assert judge(pair, [1.0, 4.0], 0.0, 200, 9) == judge(pair, [1.0, 4.0], 0.0, 200, 9)
    assert judge({"B": pair["B"]}, [1.0, 4.0], 0.0, 200, 9) == []
