"""Bundles on disk: what is written is what is read, and nothing else passes for one."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from outrigger.errors import StateError
from outrigger.regime.bundle import files
from outrigger.regime.bundle.bundle import Bundle
from outrigger.regime.bundle.files import read_bundle, read_card, write_bundle
from outrigger.regime.bundle.stored_model import digest, dump_model
from tests.regime.bundles import FEATURES, bundle, forest, noise, with_model, written


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    written(tmp_path / "bundle")
    return tmp_path / "bundle"


def card_of(directory: Path) -> dict:
    return json.loads((directory / "card.json").read_text())


def rewrite(directory: Path, body: dict) -> None:
    (directory / "card.json").write_text(json.dumps(body))


def test_bundle_written_and_read_tells_the_same(tmp_path: Path) -> None:
    made = written(tmp_path / "b")
    found = read_bundle(tmp_path / "b")
    assert found.card == made.card or found.card.dumps() == made.card.dumps()
    rows = noise(50, 8)
    for before, after in zip(made.models, found.models, strict=True):
        np.testing.assert_array_equal(before.predict_proba(rows), after.predict_proba(rows))


def test_bundle_digest_is_that_of_its_card_file(stored: Path) -> None:
    assert read_bundle(stored).sha256 == digest((stored / "card.json").read_bytes()) == read_card(stored)[1]


def test_bundle_replaced_leaves_only_the_new_models(stored: Path) -> None:
    old = {path.name for path in stored.glob("*.skops")}
    made, contents = bundle(models=[forest(21), forest(22)])
    write_bundle(stored, made.card, contents)
    new = {path.name for path in stored.glob("*.skops")}
    assert not old & new
    assert len(new) == 2
    read_bundle(stored)


def test_bundle_whose_writing_fails_stays_as_it_was(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_bundle(stored).sha256

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(files, "write_text", full)
    made, contents = bundle(models=[forest(21), forest(22)])
    with pytest.raises(OSError, match="no space"):
        write_bundle(stored, made.card, contents)
    assert read_bundle(stored).sha256 == before


def test_bundle_replaced_while_it_is_read_is_read_anew(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, contents = bundle(models=[forest(21), forest(22)])
    real, replaced = files._model, []

    def racing(directory: Path, *rest: object) -> object:
        if not replaced:
            replaced.append(True)
            write_bundle(stored, made.card, contents)
        return real(directory, *rest)

    monkeypatch.setattr(files, "_model", racing)
    assert read_bundle(stored).sha256 == digest((stored / "card.json").read_bytes())


def test_write_refuses_contents_that_are_not_the_cards(tmp_path: Path) -> None:
    made, contents = bundle()
    with pytest.raises(StateError, match="not those of the card"):
        write_bundle(tmp_path / "b", made.card, contents[::-1])


@pytest.mark.parametrize("name", ["notes.txt", "somebody.skops"])
def test_write_refuses_a_directory_of_something_else(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    made, contents = bundle()
    with pytest.raises(StateError, match="holds files but no bundle"):
        write_bundle(tmp_path, made.card, contents)
    assert (tmp_path / name).read_text() == "mine"


def test_write_refuses_a_file_for_a_directory(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("x")
    made, contents = bundle()
    with pytest.raises(StateError, match="is a file: name a directory"):
        write_bundle(tmp_path / "model", made.card, contents)


def test_read_nothing_there_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"no regime bundle at .*outrigger train"):
        read_bundle(tmp_path / "nowhere")


def test_read_directory_without_card_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"no card\.json.*outrigger train"):
        read_bundle(tmp_path)


def test_read_plain_file_says_that_a_bundle_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"something")
    with pytest.raises(StateError, match="a bundle is a directory"):
        read_bundle(tmp_path / "model.bin")


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "model"])
def test_read_pickle_is_recognised_and_never_loaded(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(StateError, match=r"pickle or joblib file.*never.*outrigger train"):
        read_bundle(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("compress", [0, 3])
def test_read_directory_of_joblib_files_says_so(tmp_path: Path, compress: int) -> None:
    joblib.dump(LogisticRegression(), tmp_path / "model.joblib", compress=compress)
    with pytest.raises(StateError, match="pickle or joblib"):
        read_bundle(tmp_path)


def test_read_pickle_in_a_models_place_is_refused(stored: Path, tmp_path: Path) -> None:
    """Even with a card that names its hash, as a hostile author would write it."""
    made = read_bundle(stored)
    content = pickle.dumps(Trap(tmp_path / "sprung"))
    card = with_model(made, 0, sha256=digest(content), size_bytes=len(content))
    (stored / card.models[0].file).write_bytes(content)
    (stored / "card.json").write_text(card.dumps())
    with pytest.raises(StateError, match="pickle"):
        read_bundle(stored)
    assert not (tmp_path / "sprung").exists()


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path, bytes]]:
        return Path.write_bytes, (self.path, b"sprung")


def test_read_truncated_model_is_refused(stored: Path) -> None:
    path = next(iter(stored.glob("*.skops")))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StateError, match=r"truncated.*outrigger train"):
        read_bundle(stored)


def test_read_edited_model_is_refused(stored: Path) -> None:
    path = next(iter(stored.glob("*.skops")))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(StateError, match=r"SHA-256 differs.*outrigger train"):
        read_bundle(stored)


def test_read_missing_model_is_refused(stored: Path) -> None:
    next(iter(stored.glob("*.skops"))).unlink()
    with pytest.raises(StateError, match=r"is missing: restore it or run `outrigger train`"):
        read_bundle(stored)


def test_read_model_that_is_no_archive_is_refused(stored: Path) -> None:
    made = read_bundle(stored)
    content = b"not a zip archive"
    card = with_model(made, 0, sha256=digest(content), size_bytes=len(content))
    (stored / card.models[0].file).write_bytes(content)
    (stored / "card.json").write_text(card.dumps())
    with pytest.raises(StateError, match="no skops file"):
        read_bundle(stored)


def test_read_future_format_says_to_update(stored: Path) -> None:
    rewrite(stored, card_of(stored) | {"version": 2})
    with pytest.raises(StateError, match="format 2, this Outrigger reads format 1: update Outrigger"):
        read_bundle(stored)


def test_read_foreign_card_is_refused(stored: Path) -> None:
    rewrite(stored, card_of(stored) | {"format": "model card"})
    with pytest.raises(StateError, match="card of something else"):
        read_bundle(stored)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 1', "\x00", "[" * 100_000])
def test_read_card_that_is_no_card_is_refused(stored: Path, text: str) -> None:
    (stored / "card.json").write_text(text)
    with pytest.raises(StateError, match=r"not the card of a regime bundle.*outrigger train"):
        read_bundle(stored)


def test_read_features_this_version_does_not_make_are_named(stored: Path) -> None:
    body = card_of(stored)
    body["features"][0] = "moon_phase"
    rewrite(stored, body)
    with pytest.raises(StateError, match=r"does not make \(moon_phase\).*outrigger train"):
        read_bundle(stored)


@pytest.mark.parametrize(
    "key", ["models", "features", "gap_hours", "label_rules", "check_rows", "data", "versions"]
)
def test_read_card_with_a_part_missing_is_refused(stored: Path, key: str) -> None:
    body = card_of(stored)
    del body[key]
    rewrite(stored, body)
    with pytest.raises(StateError, match=r"is damaged.*outrigger train"):
        read_bundle(stored)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("file", "../../etc/passwd.skops"),
        ("file", "model.pkl"),
        ("trained_until", "2030-01-01T00:00:00"),
        ("rows", "many"),
    ],
)
def test_read_card_that_says_the_impossible_is_refused(stored: Path, key: str, value: str) -> None:
    body = card_of(stored)
    body["models"][0][key] = value
    rewrite(stored, body)
    with pytest.raises(StateError, match="is damaged"):
        read_bundle(stored)


def test_read_gap_shorter_than_the_horizon_is_refused(stored: Path) -> None:
    rewrite(stored, card_of(stored) | {"gap_hours": 3.9})
    with pytest.raises(StateError, match="shorter than its labels look ahead"):
        read_bundle(stored)


def test_read_models_out_of_order_are_refused(stored: Path) -> None:
    body = card_of(stored)
    body["models"].reverse()
    rewrite(stored, body)
    with pytest.raises(StateError, match="not in the order"):
        read_bundle(stored)


def test_read_other_versions_with_the_same_numbers_load(stored: Path) -> None:
    body = card_of(stored)
    body["versions"] |= {"scikit-learn": "1.7.2", "numpy": "2.2.0"}
    rewrite(stored, body)
    assert isinstance(read_bundle(stored), Bundle)


def test_read_other_numbers_are_refused_with_the_versions_that_differ(stored: Path) -> None:
    body = card_of(stored)
    body["versions"] |= {"scikit-learn": "1.7.2"}
    body["models"][1]["checked"][0] = [0.2] * 5
    rewrite(stored, body)
    with pytest.raises(
        StateError, match=r"does not give the probabilities.*scikit-learn 1\.7\.2, here .*outrigger train"
    ):
        read_bundle(stored)


def test_read_model_that_cannot_be_asked_is_refused(stored: Path) -> None:
    """Fitted on other columns than the card's: scikit-learn refuses them, and so does the bundle."""
    made = read_bundle(stored)
    content = dump_model(forest(2, FEATURES[:3]))
    card = with_model(made, 0, sha256=digest(content), size_bytes=len(content))
    (stored / card.models[0].file).write_bytes(content)
    (stored / "card.json").write_text(card.dumps())
    with pytest.raises(StateError, match=r"fails: ValueError.*outrigger train"):
        read_bundle(stored)
