"""Which library versions a bundle was written by, and which of them matter.

The policy: within one minor version of scikit-learn a bundle is expected to load and is only checked. Across
minor versions scikit-learn promises nothing, but usually nothing changes: the bundle is loaded if, and only
if, every model gives the probabilities in its card again. So the check, not the version number, decides;
the versions are named in the refusal, where they explain it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

from outrigger import __version__

_LIBRARIES = ("scikit-learn", "skops", "numpy")


def present_versions() -> dict[str, str]:
    """Versions of Outrigger and of the libraries that a model's file and its numbers depend on."""
    return {"outrigger": __version__, **{name: version(name) for name in _LIBRARIES}}


def differences(written: Mapping[str, str]) -> str:
    """Name the libraries that differ from a bundle's.

    Parameters
    ----------
    written : mapping of str to str
        Versions in the card.

    Returns
    -------
    str
        `"scikit-learn 1.8.0, here 1.9.1"`, or `"the same versions"`.
    """
    here = present_versions()
    found = [
        f"{name} {written.get(name, 'unknown')}, here {here[name]}"
        for name in here
        if _minor(written.get(name, "")) != _minor(here[name])
    ]
    return "; ".join(found) or "the same versions"


def _minor(text: str) -> tuple[str, ...]:
    return tuple(text.split(".")[:2])
