import json

import numpy as np
import pytest

from outrigger.errors import DataError
from outrigger.hedge.replayed_leg import leg_market
from outrigger.hedge.stopout_trades import Terms, hedged_trades
from outrigger.hedge.stopouts import main, study
from outrigger.review.lab_trade import ReplayTerms
from outrigger.review.pair_market import load_pair
from outrigger.settings.hedge import HedgeSettings
from outrigger.settings.risk import RiskSettings
from outrigger.settings.stop import StopSettings
from tests.hedge.market_files import write_market

PAIR = "AAA/USDT:USDT"
QUICK = {"primaries": ["AAA"], "candidates": ["BBB", "CCC"], "entries": 60, "accounts": 5}


@pytest.fixture(scope="module")
def datadir(tmp_path_factory):
    return write_market(tmp_path_factory.mktemp("market"), days=25)


@pytest.fixture(scope="module")
def trades(datadir):
    markets = {coin: load_pair(datadir, f"{coin}/USDT:USDT", "5m") for coin in ("AAA", "BBB", "CCC")}
    settings = HedgeSettings()
    legs = {one.pair: leg_market(one, StopSettings(), settings) for one in markets.values()}
    start = int(markets["AAA"].opened_at_ms[0])
    terms = Terms(settings, RiskSettings(), ReplayTerms(864, fee=0.0005), start)
    return hedged_trades(markets["AAA"], legs, 80, 1, terms)


def test_hedged_trades_sum_to_the_replay_s_own_result(trades):
    risk = RiskSettings()
    for one in trades:
        weight = min(risk.risk_per_trade / (one.outcome.protect + risk.round_trip_cost), 1.0)
        assert one.pooled.changes.sum() == pytest.approx(weight * one.outcome.net)
        for pooled, leg in zip(one.pooled.legs, one.legs, strict=True):
            brought = weight * leg.chosen.reading.beta * leg.ran.changes.sum()
            assert pooled.changes.sum() == pytest.approx(brought)


def test_hedged_trades_have_their_legs_a_candle_later_on_the_other_side(trades):
    hedged = [one for one in trades if one.legs]
    assert len(hedged) > 0.9 * len(trades)
    for one in hedged:
        assert all(leg.entry_row == one.pooled.entry_row + 1 for leg in one.pooled.legs)
        assert all(leg.chosen.side == -one.outcome.side for leg in one.legs)
        assert PAIR not in {leg.pair for leg in one.pooled.legs}
        nets = [leg.chosen.net for leg in one.legs]
        assert nets == sorted(nets, reverse=True)


def test_hedged_trades_run_on_only_after_a_losing_stop(trades):
    for one in trades:
        for leg in one.legs:
            if np.isfinite(leg.ran.runner):
                assert one.outcome.reason in ("stop", "stop_crossed")
                assert one.outcome.gross <= 0


def test_hedged_trades_legs_are_scaled_and_capped(trades):
    one = next(trade for trade in trades if trade.legs)
    beta, brought = one.legs[0].chosen.reading.beta, one.legs[0].ran.changes.sum()
    assert one.leg_net(0.5) == pytest.approx(0.5 * beta * brought)
    assert one.leg_cost(0.5) == pytest.approx(0.5 * beta * one.legs[0].ran.cost)
    assert one.leg_net(99.0) == pytest.approx(HedgeSettings().max_leg * brought)


def test_study_of_stopouts_without_legs_is_the_same_at_any_floor(datadir):
    hedged, none = (
        study(datadir, settings=one, **QUICK) for one in (None, HedgeSettings(correlation_floor=0.95))
    )
    assert none.at(0.0) == hedged.at(0.0)
    assert none.at(1.0).leg_net_bp == 0.0
    assert none.at(1.0).drawdown_mean == hedged.at(0.0).drawdown_mean
    assert hedged.at(1.0).leg_cost_bp > hedged.at(0.5).leg_cost_bp > 0
    assert none.stopped.hedged == 0
    assert np.isnan(none.stopped.runner_mean_bp)


def test_study_of_stopouts_in_a_market_of_one_mind_takes_away_risk(datadir):
    found = study(datadir, **QUICK)
    assert found.at(0.5).trade_sd_r < found.at(0.0).trade_sd_r
    assert found.at(0.5).daily_cvar < found.at(0.0).daily_cvar


def test_study_of_stopouts_of_the_same_seed_is_the_same(datadir):
    assert study(datadir, **QUICK).to_json() == study(datadir, **QUICK).to_json()


def test_stopouts_command_prints_json_or_a_table(datadir, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    args = ["--datadir", str(datadir), "--primaries", "AAA", "--candidates", "BBB", "--entries", "20"]
    args += ["--accounts", "3", "--slippage-bp", "5"]
    assert main([*args, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["ratio"] for one in found["ratios"]] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert found["settings"]["slippage"] == pytest.approx(0.0005)
    assert main(args) == 0
    out = capsys.readouterr().out
    assert "primaries stopped at a loss" in out
    assert "…" not in out


def test_stopouts_command_refuses_in_words(datadir, capsys):
    assert main(["--datadir", str(datadir), "--primaries", "XYZ"]) == 2
    assert "no 5m futures candles of XYZ" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("values", [{"entries": 0}, {"accounts": 0}])
def test_study_of_stopouts_of_nothing_is_refused(datadir, values):
    with pytest.raises(DataError, match="one of each"):
        study(datadir, **QUICK | values)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["binance-1m-2025-02", "binance-1m-2025-05"])
def test_study_of_real_stopouts_lowers_drawdown_and_bad_days_at_the_default_ratio(market, name):
    found = study(market / name, entries=250, accounts=40)
    alone, hedged = found.at(0.0), found.at(HedgeSettings().ratio)
    assert hedged.drawdown_mean < alone.drawdown_mean
    assert hedged.daily_cvar < 0.9 * alone.daily_cvar
    assert hedged.lower_drawdown > 0.5
    assert found.stopped.gained_bp > 0.4 * found.stopped.lost_bp
