"""One model as bytes: what may be written is what can be read, and nothing unreviewed is either."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder

from outrigger.errors import StateError
from outrigger.regime.bundle.stored_model import dump_model, load_model
from tests.regime.bundles import forest, noise


def unreviewed() -> Pipeline:
    """A model with a function in it, which is code by name."""
    rows = noise(100, 1).fillna(0.0)
    return make_pipeline(FunctionTransformer(_same), GaussianNB()).fit(rows, np.arange(100) % 5)


def _same(rows: np.ndarray) -> np.ndarray:
    return rows


def test_model_of_an_unreviewed_type_cannot_be_written() -> None:
    with pytest.raises(StateError, match=r"types that no bundle may hold.*builtins\.function"):
        dump_model(unreviewed())


def test_model_of_an_unreviewed_type_cannot_be_read() -> None:
    content = skops.io.dumps(unreviewed())
    with pytest.raises(StateError, match=r"types that no bundle may hold.*_same"):
        load_model(content, "model.skops")


def test_model_without_probabilities_is_refused() -> None:
    content = dump_model(LabelEncoder().fit([1, 2]))  # type: ignore[arg-type]
    with pytest.raises(StateError, match="gives no probabilities"):
        load_model(content, "model.skops")


def test_model_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b"\0" * (129 * 2**20))
    with pytest.raises(StateError, match="unpacks to 129 MB"):
        load_model(path.read_bytes(), str(path))


def test_model_written_twice_is_the_same_file_and_says_the_same() -> None:
    first, second = dump_model(forest(4)), dump_model(forest(4))
    assert first == second
    rows = noise(50, 8)
    np.testing.assert_array_equal(
        load_model(first, "m.skops").predict_proba(rows), forest(4).predict_proba(rows)
    )
