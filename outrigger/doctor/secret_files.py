"""Keys and passwords in a configuration file that every user of the machine can read.

Only files with a secret in them count, and only their permissions: whether a key is valid, or may withdraw
money, is for the exchange to say. Environment variables are not looked at.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from typing import Any

from freqtrade.configuration.load_config import load_config_file
from freqtrade.exceptions import FreqtradeException

from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, ok, warning

SECRETS = {
    "exchange": ("key", "api_key", "apiKey", "secret", "password", "private_key", "privateKey"),
    "telegram": ("token",),
    "api_server": ("password", "jwt_secret_key", "ws_token"),
}


def check(case: Case) -> Iterator[Finding]:
    """Find world-readable configuration files that hold a secret.

    Parameters
    ----------
    case : Case
        Its files are read one by one.

    Yields
    ------
    Finding
        One for each such file; a single `ok` where there is none.
    """
    exposed = False
    for file in case.files:
        try:
            held = _secrets(load_config_file(str(file)))
            readable = bool(file.stat().st_mode & stat.S_IROTH)
        except (FreqtradeException, OSError, ValueError):
            continue  # that a file cannot be read is a finding of its own
        if held and readable:
            exposed = True
            yield warning(
                str(file), f"holds {', '.join(held)} and every user can read it", f"chmod 600 {file}"
            )
    if not exposed:
        yield ok("secrets", "no secret in a file that every user can read")


def _secrets(config: Mapping[str, Any]) -> list[str]:
    held = []
    for section, keys in SECRETS.items():
        block = config.get(section)
        if isinstance(block, Mapping):
            held += [f"{section}.{key}" for key in keys if block.get(key)]
    return held
