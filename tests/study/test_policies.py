"""Policies by name, their scales, the tiers and the legs that go with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from outrigger.errors import SettingsError
from outrigger.review.pair_market import load_pair
from outrigger.study.legs import candidates_of
from outrigger.study.plan import data_sets
from outrigger.study.policies import SCALES, catalogue, chosen, scale_name, trials
from outrigger.study.tiers import tiers_of
from tests.study.markets import PAIRS


def test_chosen_policies_hold_the_shipped_one_and_no_trials() -> None:
    assert [one.name for one in chosen(("trail-3", "fixed"), "x")] == ["volatility", "fixed", "trail-3"]
    names = [one.name for one in chosen((), "x")]
    assert names[:3] == ["volatility", "volatility-regime", "volatility-hedge"]
    assert {"fixed", "trail-1", "chandelier", "activation-trail", "none", "none-10x"} <= set(names)
    assert not any("-x" in name for name in names)


def test_trials_cannot_be_asked_for_by_name() -> None:
    with pytest.raises(SettingsError, match=r"unknown policy volatility-x0\.7"):
        chosen((scale_name(0.7),), "x")


def test_trials_scale_every_width_of_the_shipped_stop(datadir: Path) -> None:
    market, known = load_pair(datadir, PAIRS[0], "5m"), catalogue("x")
    plain = known["volatility"].compared.columns(market).long
    assert {one.name for one in trials("x")} == {scale_name(factor) for factor in SCALES if factor != 1}
    wide = known[scale_name(1.2)].compared.columns(market).long
    np.testing.assert_allclose(wide.protect, 1.2 * plain.protect)
    np.testing.assert_allclose(wide.trail, 1.2 * plain.trail)


def test_legs_are_carried_by_eth_and_bnb_but_not_by_the_primary_itself(datadir: Path) -> None:
    coins = ("BTC", "BNB", "ETH", "SOL")
    (data,) = data_sets([datadir], None, 1)
    data = replace(data, pairs=tuple(f"{coin}/USDT:USDT" for coin in coins))
    assert candidates_of(data, "BTC/USDT:USDT") == ("ETH/USDT:USDT", "BNB/USDT:USDT")
    assert candidates_of(data, "ETH/USDT:USDT") == ("BNB/USDT:USDT",)


def test_tiers_are_those_that_freqtrade_ships() -> None:
    tiers = tiers_of("BTC/USDT:USDT")
    assert tiers[0].min_notional == 0.0
    assert [tier.rate for tier in tiers] == sorted(tier.rate for tier in tiers)
    assert tiers_of("NOBODY/USDT:USDT") == ()
