"""The classifier beside a strategy: scored charts, missing or broken bundles, drift, entries, sizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.enums import RunMode

from outrigger.bot import frames
from outrigger.bot.faults import FaultLog
from outrigger.bot.outlook import Outlook
from outrigger.bot.regimes import COLUMNS, Regimes
from outrigger.bot.sizing import EntryDesk
from outrigger.regime.effects import regime_effects
from outrigger.regime.features import CANDLE_FEATURES, REFERENCE_PAIR, regime_features
from outrigger.regime.live import closes_of
from outrigger.regime.scoring import score
from outrigger.risk.size import Account
from outrigger.settings.read import read_settings
from outrigger.settings.regime import RegimeSettings
from tests.bot.test_frames import SHORT
from tests.bot.trading import ENTRY, exchange, keeper, ms
from tests.bot.trading import PAIR as PAIR_TRADED
from tests.regime.bundles import DAY_MS, START_MS, forest, written
from tests.regime.test_live import CHARTS, PAIR, upto

EARLY = (START_MS + DAY_MS,)


class Provider:
    """A data provider whose charts end at a moment."""

    runmode = RunMode.DRY_RUN

    def __init__(self, count: int | None = None) -> None:
        self.charts = upto(count) if count else CHARTS

    def get_pair_dataframe(self, pair: str, timeframe: str, candle_type: str = "") -> pd.DataFrame:
        known = pair == PAIR and not candle_type and timeframe in self.charts
        return self.charts[timeframe] if known else pd.DataFrame()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a good bundle."""
    directory = tmp_path_factory.mktemp("models") / "good"
    written(directory, ends_ms=EARLY, features=CANDLE_FEATURES, models=[forest(1, CANDLE_FEATURES)])
    return directory


def regimes(home: Path, bundle: Path, *, live: bool = True, **settings: Any) -> tuple[Regimes, list[str]]:
    told: list[str] = []
    chosen = RegimeSettings(enabled=True, bundle=str(bundle), **settings)
    return Regimes(chosen, home, FaultLog(), told.append, live=live), told


@pytest.mark.parametrize("live", [True, False])
def test_probabilities_are_those_of_the_scored_chart(tmp_path: Path, shelf: Path, live: bool) -> None:
    desk, told = regimes(tmp_path, shelf, live=live, fallback=False)
    found = desk.probabilities(PAIR, Provider(), None, {})  # type: ignore[arg-type]
    bundle = desk._holder.bundle
    assert bundle is not None
    features = regime_features(CHARTS, {}, pair=PAIR)
    np.testing.assert_allclose(found, score(bundle, features, closes_of(CHARTS["5m"], PAIR)), atol=1e-9)
    assert told == []


@pytest.mark.parametrize("kind", ["absent", "file", "pickle"])
def test_probabilities_without_a_usable_bundle_are_unknown_and_said_once(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "models"
    if kind == "file":
        place.write_text("not a directory")
    elif kind == "pickle":
        place.mkdir()
        (place / "model.pkl").write_bytes(b"\x80\x04]\x94.")
    desk, told = regimes(tmp_path, place)
    for _ in range(3):
        assert np.isnan(desk.probabilities(PAIR, Provider(), None, {})).all()  # type: ignore[arg-type]
    assert len(told) == 1
    assert "REGIME UNKNOWN" in told[0]


def test_probabilities_of_a_model_worse_than_the_shares_fall_back_and_say_so(
    tmp_path: Path, shelf: Path
) -> None:
    """A model fitted to noise, watched over nine days: judged, found wanting, neutral, and remembered."""
    desk, told = regimes(tmp_path, shelf, fallback_hours=1.0)
    size = len(CHARTS["5m"])
    desk.probabilities(PAIR, Provider(size - 20), None, {})  # type: ignore[arg-type]
    neutral = desk.probabilities(PAIR, Provider(size), None, {})  # type: ignore[arg-type]
    assert np.isnan(neutral).all()
    assert len(told) == 1
    assert "worse" in told[0]
    assert "neutral" in told[0]
    assert (
        json.loads((tmp_path / "outrigger" / "drift.json").read_text())["state"]["status"]
        == "worse_than_prior"
    )
    again, said = regimes(tmp_path, shelf, fallback_hours=1.0)
    assert np.isnan(again.probabilities(PAIR, Provider(), None, {})).all()  # type: ignore[arg-type]
    assert said == []
    kept, _ = regimes(tmp_path, shelf, fallback_hours=1.0, fallback=False)
    assert np.isfinite(kept.probabilities(PAIR, Provider(), None, {})[-1]).all()  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "{}", '{"memory": 1, "state": {}}', "\x00"])
def test_drift_file_that_cannot_be_read_starts_the_watch_anew(tmp_path: Path, shelf: Path, text: str) -> None:
    (tmp_path / "outrigger").mkdir()
    (tmp_path / "outrigger" / "drift.json").write_text(text)
    desk, told = regimes(tmp_path, shelf)
    assert np.isfinite(desk.probabilities(PAIR, Provider(), None, {})[-1]).all()  # type: ignore[arg-type]
    assert told == []


def test_probabilities_live_on_a_chart_out_of_order_are_unknown_and_the_bot_goes_on(
    tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, _ = regimes(tmp_path, shelf)
    good = Provider()
    broken = Provider()
    broken.charts = {**CHARTS, "15m": CHARTS["15m"].iloc[::-1]}
    assert np.isnan(desk.probabilities(PAIR, broken, None, {})).all()  # type: ignore[arg-type]
    assert desk._faults.total() == 1
    assert np.isfinite(desk.probabilities(PAIR, good, None, {})[-1]).all()  # type: ignore[arg-type]


def test_informative_brings_the_leaders_charts_whether_they_are_traded_or_not(tmp_path: Path) -> None:
    desk, _ = regimes(tmp_path, tmp_path / "none")
    asked = desk.informative([PAIR, "SOL/USDT:USDT"])
    assert len(asked) == len(set(asked)) == 9
    assert (REFERENCE_PAIR, "15m") in asked
    off = Regimes(RegimeSettings(), tmp_path, FaultLog(), pytest.fail, live=True)
    assert off.informative([PAIR]) == []
    assert off.inputs(0) == ()


def test_bundle_that_is_taken_up_is_brought_what_it_reads(tmp_path: Path) -> None:
    place, now = tmp_path / "models", START_MS + 40 * DAY_MS
    written(place, ends_ms=EARLY, features=CANDLE_FEATURES, models=[forest(1, CANDLE_FEATURES)])
    desk, told = regimes(tmp_path, place)
    assert desk.inputs(now) == ()
    more = (*CANDLE_FEATURES, "crowd_pays", "levels_near")
    written(place, ends_ms=EARLY, features=more, models=[forest(2, more)])
    assert desk.inputs(now + 59_000) == ()
    assert set(desk.inputs(now + 60_000)) == {
        "funding_percentile_90d",
        "liquidation_long_distance",
        "liquidation_short_distance",
    }
    assert told == []


def test_outlook_aligns_smoothed_probabilities_with_the_base_candles(tmp_path: Path, shelf: Path) -> None:
    settings = read_settings(
        {
            "outrigger": {
                "signals": SHORT,
                "regime": {"enabled": True, "bundle": str(shelf), "fallback": False},
            }
        }
    )
    config = {"exchange": {"name": "binance"}, "user_data_dir": tmp_path, "datadir": tmp_path}
    desk = Outlook(settings, config, FaultLog(), pytest.fail, live=True)
    columns = desk.columns({"5m": CHARTS["5m"]}, PAIR, "5m", Provider())  # type: ignore[arg-type]
    found = pd.DataFrame(columns, index=CHARTS["5m"].index)
    assert list(found.columns) == list(COLUMNS)
    known = found.dropna()
    assert len(known) > 1000
    np.testing.assert_allclose(known.sum(axis=1), 1.0)
    effects = frames.effects_of(found, settings)
    assert effects is not None
    assert (effects.long.trail != 1.0).any()
    track_ = frames.stop_track(
        found.assign(
            date=CHARTS["5m"]["date"],
            **{name: CHARTS["5m"][name] for name in ("high", "low", "close")},
            **dict.fromkeys(("sigma", "protect_sigma"), 0.01),
            candle_range=0.001,
            atr=np.nan,
        ),
        "5m",
        settings,
        effects,
    )
    assert set(track_.widths.long.factors) == {"regime"}


def test_mark_entries_leaves_out_what_the_regimes_advise_against() -> None:
    decided = pd.DataFrame({"entry": [1, -1, 1, -1, 0], "tag": ["a"] * 5})
    whipsaw, against_longs, calm = [0, 0, 1, 0, 0], [0.5, 0, 0, 0.5, 0], [1, 0, 0, 0, 0]
    told = np.array([whipsaw, against_longs, against_longs, calm, whipsaw], dtype=float)
    frame = pd.DataFrame(index=range(5))
    frames.mark_entries(frame, decided, regime_effects(told, RegimeSettings()))
    assert frame["enter_long"].tolist() == [0, 0, 0, 0, 0]
    assert frame["enter_short"].tolist() == [0, 1, 0, 1, 0]
    assert frame["enter_tag"].tolist() == [None, "a", None, "a", None]


def test_desk_sizes_and_levers_less_where_the_regimes_ask_for_it() -> None:
    """Half whipsaw, half long squeeze: a long at half of .5 and .4, a short at half of .5 and 1."""
    prices = [ENTRY] * 6
    asked, settings = EntryDesk(keeper(prices)), read_settings({})

    def leverage(side: int) -> int:
        return asked.leverage(PAIR_TRADED, side, 1.0, 1e4, ms(3), 125.0, exchange(), settings.risk)

    def size() -> float:
        return float(asked.reasons(PAIR_TRADED)["regime"]["size"])

    assert (leverage(1), size()) == (5, 1.0)
    told = np.tile([0.0, 0.0, 0.5, 0.5, 0.0], (len(prices), 1))
    asked.heed(PAIR_TRADED, regime_effects(told, settings.regime))
    assert (leverage(1), size()) == (2, pytest.approx(0.45))
    stake, refusal = asked.stake(PAIR_TRADED, Account(1e4), 2, 5.0, settings.risk)
    assert refusal is None
    full = 1e4 * 0.005 * 0.45
    assert stake * 2 <= full / 0.03
    assert (leverage(-1), size()) == (4, pytest.approx(0.75))
    asked.heed(PAIR_TRADED, None)
    assert (leverage(1), size()) == (5, 1.0)
