"""The settings that a configuration file on disk stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rapidjson

from outrigger.errors import SettingsError
from outrigger.settings.read import Settings, read_settings

DEFAULT = Path("config.json")


def block_of(config: Path | None) -> Settings:
    """Read the `"outrigger"` block of a Freqtrade configuration file.

    Parameters
    ----------
    config : Path or None
        The file; None takes `config.json` in the working directory where there is one, else the defaults.

    Returns
    -------
    Settings
        Checked.

    Raises
    ------
    SettingsError
        If the file cannot be read, or holds settings that cannot be used.
    """
    path = config or DEFAULT
    if config is None and not path.is_file():
        return Settings()
    return read_settings(read_config(path))


def read_config(path: Path) -> dict[str, Any]:
    """Read one Freqtrade configuration file.

    Parameters
    ----------
    path : Path
        JSON; comments and trailing commas are allowed, as in Freqtrade.

    Returns
    -------
    dict
        As written, without Freqtrade's defaults.

    Raises
    ------
    SettingsError
        If the file is missing or holds no JSON object.
    """
    try:
        mode = rapidjson.PM_COMMENTS | rapidjson.PM_TRAILING_COMMAS
        read = rapidjson.loads(path.read_text(encoding="utf-8"), parse_mode=mode)
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path} does not exist: name your configuration with --config, or run this beside config.json"
        ) from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read as JSON ({error}): mend it") from error
    if not isinstance(read, dict):
        raise SettingsError(f"{path} holds no JSON object: it has to be a Freqtrade configuration")
    return read
