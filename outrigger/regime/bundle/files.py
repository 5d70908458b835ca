"""A bundle's directory: written so that no reader sees half of it, read so that nothing else passes for it.

Model files carry their hash in their name and never change. A new bundle's models are written beside the old
ones, then the card is replaced in one step, then the old models are deleted: a crash leaves the old bundle
or the new one. A reader whose models vanish under it reads the card again, once. The card's hashes find
damage and edits; they do not prove who wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from outrigger.atomic import write_bytes, write_text
from outrigger.errors import StateError
from outrigger.regime.bundle.bundle import Bundle, gives_its_card
from outrigger.regime.bundle.card import NAME, Card, loads
from outrigger.regime.bundle.model_card import ModelCard
from outrigger.regime.bundle.stored_model import (
    Classifier,
    digest,
    load_model,
    looks_like_pickle,
    pickle_refused,
)
from outrigger.regime.bundle.versions import differences
from outrigger.regime.features import CANDLE_FEATURES, INPUT_FEATURES

_TRAIN = "run `outrigger train`"


def read_bundle(directory: Path) -> Bundle:
    """Read and check a bundle.

    Parameters
    ----------
    directory : Path
        Directory with `card.json`.

    Returns
    -------
    Bundle
        Every model has given its card's probabilities again.

    Raises
    ------
    StateError
        If there is none, or it is foreign, edited, truncated, of a later format, of other features, or gives
        other numbers under the installed libraries. The message names the next step.
    """
    content = _card_bytes(directory)
    try:
        return _read(directory, content)
    except StateError:
        # A bundle replaced while it was read has lost a model, and has another card by now.
        newer = _card_bytes(directory)
        if newer == content:
            raise
        return _read(directory, newer)


def read_card(directory: Path) -> tuple[Card, str]:
    """Read a bundle's card without its models.

    Parameters
    ----------
    directory : Path
        Directory with `card.json`.

    Returns
    -------
    Card, str
        And the SHA-256 of its file.

    Raises
    ------
    StateError
        If there is none or it cannot be used.
    """
    content = _card_bytes(directory)
    return _usable_card(directory, content), digest(content)


def write_bundle(directory: Path, card: Card, contents: Sequence[bytes]) -> None:
    """Write a bundle, or replace one.

    Parameters
    ----------
    directory : Path
        Made where missing; if there is something in it, it has to be a bundle.
    card : Card
        Names every file and its hash.
    contents : sequence of bytes
        The models' files, in the card's order.

    Raises
    ------
    StateError
        If the directory is a file or holds something else, or the contents are not the card's.
    OSError
        If the disk refuses; the bundle that was there stands.
    """
    check_target(directory)
    if [digest(content) for content in contents] != [model.sha256 for model in card.models]:
        raise StateError(f"{directory}: the models are not those of the card; {_TRAIN} again")
    for model, content in zip(card.models, contents, strict=True):
        write_bytes(directory / model.file, content)
    write_text(directory / NAME, card.dumps())
    kept = {model.file for model in card.models}
    for path in directory.glob("*.skops"):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def check_target(directory: Path) -> None:
    """Refuse a place that a bundle must not be written to; call before an hour of training, not after.

    Parameters
    ----------
    directory : Path
        Where a bundle is to be written.

    Raises
    ------
    StateError
        If it is a file, or a directory with anything in it but a bundle.
    """
    if directory.exists() and not directory.is_dir():
        raise StateError(f"{directory} is a file: name a directory for the bundle, such as models/default")
    if directory.is_dir() and any(directory.iterdir()) and not (directory / NAME).is_file():
        raise StateError(
            f"{directory} holds files but no bundle: name an empty or a new directory, such as models/default"
        )


def _read(directory: Path, content: bytes) -> Bundle:
    card = _usable_card(directory, content)
    models = tuple(_model(directory, model) for model in card.models)
    bundle = Bundle(card, models, digest(content))
    for position, model in enumerate(card.models):
        try:
            same = gives_its_card(bundle, position)
        # A model of another version can fail in ways that only its library knows.
        except Exception as error:
            raise _strange(directory, card, f"{model.file} fails: {_one_line(error)}") from error
        if not same:
            raise _strange(directory, card, f"{model.file} does not give the probabilities in its card")
    return bundle


def _usable_card(directory: Path, content: bytes) -> Card:
    card = loads(content, str(directory / NAME))
    unknown = [name for name in card.features if name not in {*CANDLE_FEATURES, *INPUT_FEATURES}]
    if unknown:
        raise StateError(
            f"{directory} was trained on features that this Outrigger does not make ({', '.join(unknown[:5])}"
            f"{', …' if len(unknown) > 5 else ''}): {_TRAIN}, or install Outrigger "
            f"{card.versions.get('outrigger')}"
        )
    return card


def _model(directory: Path, model: ModelCard) -> Classifier:
    path = directory / model.file
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise StateError(f"{path}, a model of the bundle, is missing: restore it or {_TRAIN}") from error
    except OSError as error:
        raise StateError(f"{path} cannot be read ({error}): mend that or {_TRAIN}") from error
    if len(content) < model.size_bytes:
        raise StateError(
            f"{path} is truncated ({len(content)} of {model.size_bytes} bytes): restore it or {_TRAIN}"
        )
    if len(content) != model.size_bytes or digest(content) != model.sha256:
        raise StateError(
            f"{path} is not the file that the card describes (SHA-256 differs): it was edited or replaced; "
            f"restore it or {_TRAIN}"
        )
    return load_model(content, str(path))


def _card_bytes(directory: Path) -> bytes:
    path = directory / NAME
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _no_bundle(directory) from error
    except OSError as error:
        raise StateError(f"{path} cannot be read ({error}): mend that or {_TRAIN}") from error


def _no_bundle(path: Path) -> StateError:
    """What is wrong with a path that leads to no card."""
    if path.is_file():
        with path.open("rb") as file:
            start = file.read(16)
        if looks_like_pickle(path.name, start):
            return pickle_refused(str(path))
        return StateError(f"{path} is a file, a bundle is a directory: name its directory, or {_TRAIN}")
    if not path.exists():
        return StateError(f"there is no regime bundle at {path}: {_TRAIN} --out {path}, or name another one")
    pickles = [entry.name for entry in path.iterdir() if looks_like_pickle(entry.name, b"")]
    if pickles:
        return pickle_refused(str(path / sorted(pickles)[0]))
    return StateError(f"{path} holds no {NAME}, so it is no bundle: name the bundle's directory, or {_TRAIN}")


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _strange(directory: Path, card: Card, what: str) -> StateError:
    return StateError(
        f"{directory}: {what} (written by {differences(card.versions)}): {_TRAIN} with the installed versions"
    )
