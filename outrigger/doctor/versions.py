"""Whether the installed libraries are the ones that this release was tested with.

The ranges are read from the package's own metadata, so they cannot drift apart from what pip enforces.
Worth checking all the same: Freqtrade's installer and its Docker image bring their own versions.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from outrigger import __version__
from outrigger.doctor.finding import Finding, error, ok, warning

DISTRIBUTION = "freqtrade-outrigger"
WATCHED = ("freqtrade", "ta-lib", "numpy", "pandas", "scikit-learn")


def check() -> Iterator[Finding]:
    """Compare versions of Python and the libraries that numbers depend on with the supported ranges.

    Yields
    ------
    Finding
        One for Outrigger, one for Python, one a library.
    """
    try:
        described = metadata.metadata(DISTRIBUTION)
        required = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield warning(
            "outrigger",
            f"version {__version__} is not installed as a package: hyperopt's workers cannot import it",
            "pip install -e . in the directory that holds pyproject.toml",
        )
        return
    yield ok("outrigger", __version__)
    yield _judge("python", platform.python_version(), SpecifierSet(described["Requires-Python"] or ""))
    supported = {needed.name: needed.specifier for needed in map(Requirement, required) if not needed.marker}
    for name in WATCHED:
        yield _library(name, supported.get(name, SpecifierSet()))


def _library(name: str, supported: SpecifierSet) -> Finding:
    try:
        return _judge(name, metadata.version(name), supported)
    except metadata.PackageNotFoundError:
        return error(name, "not installed", f'pip install "{name}{supported}"')


def _judge(name: str, version: str, supported: SpecifierSet) -> Finding:
    if supported.contains(version, prereleases=True):
        return ok(name, f"{version} (supported: {supported or 'any'})")
    step = "use a supported Python" if name == "python" else f'pip install "{name}{supported}"'
    return error(name, f"{version} is outside the supported range {supported}", step)
