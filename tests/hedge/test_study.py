import json

import numpy as np
import pytest

from outrigger.errors import DataError
from outrigger.hedge.study import main, study
from outrigger.settings.hedge import HedgeSettings
from tests.hedge.market_files import write_market


@pytest.fixture(scope="module")
def datadir(tmp_path_factory):
    return write_market(tmp_path_factory.mktemp("market"), days=30)


def test_study_of_a_known_market_finds_rho_squared_at_ratio_one(datadir):
    """ρ = .81 between any two coins, so .656 at ratio 1, three quarters of it at half."""
    one = study(datadir, ["BBB"]).find("AAA", "BBB")
    for span in ("5m", "1h"):
        rho2, full = getattr(one, f"rho2_{span}"), getattr(one.at(1.0), f"effectiveness_{span}")
        assert rho2 == pytest.approx(0.656, abs=0.05)
        assert full == pytest.approx(rho2, abs=0.03)
        assert getattr(one.at(0.5), f"effectiveness_{span}") == pytest.approx(0.75 * rho2, abs=0.03)
    assert one.beta == pytest.approx(0.6 * 0.81, rel=0.05)
    assert one.accepted > 0.99


def test_study_of_an_unsized_leg_adds_risk_where_the_candidate_is_wilder(datadir):
    one = study(datadir, ["CCC"]).find("AAA", "CCC")
    assert one.unsized.effectiveness_1h < 0 < one.at(1.0).effectiveness_1h


def test_study_of_costs_by_hand(datadir):
    """Funding of 1 bp every eight hours: the long pays 3 bp a day, the short leg receives its share."""
    one = study(datadir, ["BBB"], HedgeSettings(ratio=0.5), fee=0.0005).find("AAA", "BBB")
    held = 0.5 * one.beta
    assert one.cost.primary_funding_bp_day == pytest.approx(3.0, rel=0.03)
    assert one.cost.leg_funding_bp_day == pytest.approx(-3.0 * held, rel=0.1)
    assert one.cost.round_trip_bp == pytest.approx(1e4 * 2 * (0.0005 + 0.0001) * held, rel=0.05)
    assert 0 < one.cost.rebalancing_bp_day < one.cost.round_trip_bp


def test_study_command_prints_json_of_every_primary(datadir, capsys):
    assert main(["--datadir", str(datadir), "--candidates", "BBB", "CCC/USDT:USDT", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    pairs = {(one["primary"][:3], one["candidate"][:3]) for one in found["results"]}
    assert pairs == {("AAA", "BBB"), ("AAA", "CCC"), ("BBB", "CCC"), ("CCC", "BBB")}


def test_study_command_prints_tables_that_fit_a_terminal(datadir, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["--datadir", str(datadir), "--candidates", "BBB", "--fee-bp", "4"]) == 0
    out = capsys.readouterr().out
    assert "AAA/BBB" in out
    assert "fee 4 bp" in out
    assert "…" not in out


def test_study_command_refuses_in_words(datadir, tmp_path, capsys):
    assert main(["--datadir", str(datadir), "--candidates", "XYZ"]) == 2
    assert "no 5m candles of XYZ: choose from AAA/USDT:USDT" in " ".join(capsys.readouterr().err.split())
    assert main(["--datadir", str(tmp_path)]) == 2
    assert "a hedge needs two" in " ".join(capsys.readouterr().err.split())


def test_study_of_a_few_days_is_refused(tmp_path):
    with pytest.raises(DataError, match="less than a day"):
        study(write_market(tmp_path, days=7), ["BBB"])


@pytest.mark.real_data
def test_study_of_real_months_reaches_what_a_hedge_has_to(market):
    """Bars set before the code was written, from a plain beta of the trailing week."""
    found = study(market / "binance-5m-2025h1", ["ETH"], primaries=["BTC", "SOL", "DOGE"])
    btc = found.find("BTC", "ETH")
    assert btc.at(1.0).effectiveness_1h >= 0.60
    assert btc.at(0.5).effectiveness_1h >= 0.47
    assert abs(btc.at(1.0).effectiveness_1h - btc.rho2_1h) <= 0.03
    assert btc.unsized.effectiveness_1h < 0
    assert found.find("SOL", "ETH").at(1.0).effectiveness_1h >= 0.48
    assert found.find("DOGE", "ETH").at(1.0).effectiveness_1h >= 0.65
    assert all(np.isfinite(one.cost.rebalancing_bp_day) for one in found.results)
