"""What probabilities do: expected multipliers by hand, sides mirrored, unknown regimes without a say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrigger.regime.classes import MIRRORED
from outrigger.regime.effects import regime_effects, smoothed
from outrigger.settings.regime import SEEN, RegimeSettings

SETTINGS = RegimeSettings(enabled=True, max_whipsaw=0.4, max_squeezed=0.25)
NAN = float("nan")
rows_of_probabilities = st.lists(st.floats(0.001, 1.0), min_size=5, max_size=5).map(
    lambda parts: [part / sum(parts) for part in parts]
)


def effects(*rows, settings=SETTINGS):
    return regime_effects(np.array(rows, dtype=float).reshape(-1, 5), settings)


@pytest.mark.parametrize("what", ["trail", "activation", "size", "leverage"])
def test_effects_of_a_certain_regime_are_its_multipliers(what):
    told = effects(*np.eye(5).tolist())
    long = SETTINGS.multipliers(what)
    assert getattr(told.long, what) == pytest.approx(long)
    # A short is forced out by a short squeeze and carried by a long one.
    assert getattr(told.short, what) == pytest.approx([*long[:3], long[4], long[3]])


def test_effects_are_expected_multipliers():
    told = effects([0.5, 0.2, 0.2, 0.1, 0.0]).long
    assert told.trail[0] == pytest.approx(0.5 * 0.9 + 0.2 * 1.0 + 0.2 * 1.3 + 0.1 * 0.8)
    assert told.size[0] == pytest.approx(0.5 + 0.2 + 0.2 * 0.5 + 0.1 * 0.4)


def test_effects_of_an_unknown_regime_are_neutral():
    told = effects([NAN] * 5, [0.2, 0.2, 0.2, 0.2, NAN])
    for side in (told.long, told.short):
        for what in ("trail", "activation", "size", "leverage"):
            assert getattr(side, what).tolist() == [1.0, 1.0]
    assert not effects([NAN] * 5).long.blocked.any()


@pytest.mark.parametrize(
    ("row", "long", "short"),
    [
        ([0.2, 0.2, 0.41, 0.1, 0.09], True, True),
        ([0.2, 0.2, 0.40, 0.1, 0.1], False, False),
        ([0.3, 0.2, 0.2, 0.26, 0.04], True, False),
        ([0.3, 0.2, 0.2, 0.04, 0.26], False, True),
    ],
)
def test_effects_refuse_entries_in_whipsaws_and_against_squeezes(row, long, short):
    told = effects(row)
    assert (told.long.blocked.tolist(), told.short.blocked.tolist()) == ([long], [short])


def test_effects_with_limits_of_one_never_refuse():
    told = effects(*np.eye(5).tolist(), settings=RegimeSettings(max_whipsaw=1.0, max_squeezed=1.0))
    assert not (told.long.blocked | told.short.blocked).any()


@given(st.lists(rows_of_probabilities, min_size=1, max_size=10))
def test_effects_of_mirrored_probabilities_mirror_the_sides_and_stay_within_the_multipliers(rows):
    plain, turned = effects(*rows), effects(*np.array(rows)[:, MIRRORED].tolist())
    for what in ("trail", "activation", "size", "leverage"):
        values, limits = getattr(plain.long, what), SETTINGS.multipliers(what)
        assert values == pytest.approx(getattr(turned.short, what))
        assert np.all((values >= min(limits) - 1e-9) & (values <= max(limits) + 1e-9))
    assert np.array_equal(plain.short.blocked, turned.long.blocked)


@given(st.lists(rows_of_probabilities, min_size=1, max_size=60), st.data())
def test_effects_of_fewer_candles_are_the_same_to_the_last_bit(rows, data):
    n = data.draw(st.integers(1, len(rows)))
    whole, cut = effects(*rows), effects(*rows[:n])
    for what in ("trail", "activation", "size", "leverage"):
        assert np.array_equal(getattr(cut.long, what), getattr(whole.long, what)[:n])
        assert np.array_equal(getattr(cut.short, what), getattr(whole.short, what)[:n])


def test_multipliers_never_raise_risk_or_leverage():
    for what in ("size", "leverage"):
        assert max(SETTINGS.multipliers(what)) <= 1.0
        assert len(SETTINGS.multipliers(what)) == len(SEEN) == 5


# Smoothing


def test_smoothed_is_an_exponentially_weighted_mean_of_the_past():
    probabilities = np.array([[1.0, 0, 0, 0, 0], [0, 1.0, 0, 0, 0], [0, 1.0, 0, 0, 0]])
    told = smoothed(probabilities, 5.0)  # half-life of one candle: weights 1, 1/2, 1/4 from the newest
    assert told[2, 1] == pytest.approx((1 + 0.5) / 1.75)
    assert told.sum(axis=1) == pytest.approx(np.ones(3))


@given(st.lists(rows_of_probabilities, min_size=2, max_size=20), st.data())
def test_smoothed_of_fewer_candles_is_the_beginning(rows, data):
    probabilities = np.array(rows)
    probabilities[data.draw(st.integers(0, len(rows) - 1))] = NAN
    n = data.draw(st.integers(0, len(rows)))
    whole = smoothed(probabilities, 15.0)
    assert np.allclose(smoothed(probabilities[:n], 15.0), whole[:n], equal_nan=True)
    assert np.array_equal(np.isnan(whole), np.isnan(probabilities))


def test_smoothed_without_a_half_life_is_what_it_was():
    probabilities = np.array([[0.2, 0.2, 0.2, 0.2, 0.2], [NAN] * 5])
    assert np.array_equal(smoothed(probabilities, 0.0), probabilities, equal_nan=True)


def test_smoothed_drops_the_digits_that_a_matrix_product_rounds_differently():
    probabilities = np.array([[0.2, 0.2, 0.2, 0.2, 0.2]])
    assert np.array_equal(smoothed(probabilities, 15.0), smoothed(probabilities + 1e-16, 15.0))
