"""What inputs are worth on later rows: nothing when they are noise, something when they were planted."""

from __future__ import annotations

import json
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outrigger.errors import DataError
from outrigger.market.store.schema import SCHEMAS, Kind
from outrigger.market.store.store import MarketStore
from outrigger.regime import inputs_study
from outrigger.regime.features import CANDLE_FEATURES, INPUT_FEATURES
from outrigger.regime.inputs_study import input_sets, main, read_pool, study
from outrigger.regime.model.classifier import RegimeClassifier
from outrigger.regime.training_data import Market
from outrigger.regime.training_pool import Pool
from tests.regime.markets import BAR_MS, DAY_MS, START_MS, write_market

BTC = "BTC/USDT:USDT"
PLANTED = "book_leans"


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees are what takes time, and inputs are tied to the linear half first."""
    monkeypatch.setattr(inputs_study, "RegimeClassifier", partial(RegimeClassifier, iterations=3))


def rows(count: int, planted: float = 0.0) -> Pool:
    """Rows a quarter of an hour apart; only one column of the book says which side is squeezed."""
    rng = np.random.default_rng(2)
    features = pd.DataFrame(np.nan, index=range(count), columns=[*CANDLE_FEATURES, *INPUT_FEATURES])
    features["range_1h"] = rng.standard_normal(count)
    features[PLANTED] = rng.uniform(-1, 1, count)
    lean = planted * features[PLANTED].to_numpy()
    calm = features["range_1h"].to_numpy()
    scores = np.column_stack([-calm, np.full(count, 0.5), calm, 0.5 * calm - lean, 0.5 * calm + lean])
    labels = np.argmax(scores + rng.gumbel(size=scores.shape), axis=1).astype(np.int8)
    closed = START_MS + 3 * BAR_MS * np.arange(1, count + 1, dtype=np.int64)
    return Pool(features, labels, closed, np.zeros(count, np.intp), np.zeros((count, 2)), labels)


def test_input_sets_share_no_column_and_name_only_inputs() -> None:
    sets = input_sets()
    assert sets["candles alone"] == ()
    assert sets["all"] == INPUT_FEATURES
    single = {name: set(columns) for name, columns in sets.items() if name not in ("candles alone", "all")}
    assert all(columns and columns <= set(INPUT_FEATURES) for columns in single.values())
    assert not any(one & other for one, other in combinations(single.values(), 2))
    assert PLANTED in single["order book"]
    assert "crowd_pays" in single["funding"]


def test_study_finds_a_planted_input_in_its_set_and_in_no_other() -> None:
    told = {one["name"]: one for one in study(rows(4000, 1.0))}
    for name in ("order book", "all"):
        assert told[name]["earned"]
        assert told[name]["squeeze_gain"] > 0.05
        assert told[name]["gain"] == pytest.approx(
            told["candles alone"]["log_loss"] - told[name]["log_loss"], abs=1e-9
        )
        assert told[name]["gain_z"] > 3
        assert told[name]["known"] == 1
    for name in ("candles alone", "funding", "open interest, accounts", "liquidation levels"):
        assert told[name]["gain"] == told[name]["squeeze_gain"] == told[name]["known"] == 0
        assert not told[name]["earned"]
        assert not told[name]["trees_see_inputs"]


@pytest.mark.parametrize("planted", [0.0, 1.0])
def test_study_inputs_without_a_say_give_the_very_model_without_them(planted: float) -> None:
    for one in study(rows(3000, planted)):
        assert (one["gain"] == 0.0) is not (one["earned"] or one["trees_see_inputs"])


def test_study_of_too_little_is_refused() -> None:
    with pytest.raises(DataError, match=r"rows to fit on and .* to score: use a longer history"):
        study(rows(1500))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market of eleven days whose store has a book every quarter of an hour."""
    home = write_market(tmp_path_factory.mktemp("market"), 11, ("BTC",))
    times = START_MS + 900_000 * np.arange(11 * 96, dtype=np.int64)
    depth = np.random.default_rng(0).uniform(1e6, 2e6, (len(times), len(SCHEMAS[Kind.BOOK].values)))
    book = pd.DataFrame(depth, columns=list(SCHEMAS[Kind.BOOK].values))
    with MarketStore(home / "store") as store:
        store.append(
            BTC, Kind.BOOK, book.assign(time_ms=times, known_ms=times)[list(SCHEMAS[Kind.BOOK].columns)]
        )
    return home


def test_read_pool_starts_after_a_week_and_knows_the_book(directory: Path) -> None:
    pooled = read_pool(Market((directory,), (BTC,), directory / "store"))
    assert pooled.closed_ms.min() >= START_MS + 7 * DAY_MS
    assert (pooled.closed_ms // BAR_MS % 3 == 0).all()
    assert (pooled.labels >= 0).all()
    assert pooled.features[PLANTED].notna().all()


def asked(directory: Path, *more: str) -> list[str]:
    return ["--datadir", str(directory), "--store", str(directory / "store"), *more]


def test_command_prints_json_or_a_table_of_every_set(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Days enough for a model are minutes of features: the rows read are swapped for rows made.
    read: list[Pool] = []
    monkeypatch.setattr(
        inputs_study, "read_pool", lambda market: read.append(read_pool(market)) or rows(3000)
    )
    assert main(asked(directory, "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["sets"]] == list(input_sets())
    assert told["data"] == directory.name
    assert len(read[0].labels) > 300
    assert main(asked(directory)) == 0
    assert "candles alone" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "rows to fit on and"),
        (["--exchange", "bybit"], "holds no perpetual of bybit: see `outrigger download --help`"),
        (["--datadir", "nowhere"], "nowhere: 5m, 15m, 4h candles are missing"),
    ],
)
def test_command_that_cannot_study_says_why_and_what_to_do(
    directory: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert main(asked(directory, *more)) == 2
    said = capsys.readouterr()
    assert words in " ".join(said.err.split())
    assert not said.out
