"""The parameter file that hyperopt leaves beside the strategy, and what it silently changes.

Freqtrade loads `<strategy file>.json` whenever it lies there, in backtests and live, and its values win over
the `"outrigger"` block. A trader who edits `config.json` and sees no effect has usually forgotten this file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from outrigger.doctor.case import Case
from outrigger.doctor.finding import Finding, error, ok, warning
from outrigger.doctor.strategy import strategy_file
from outrigger.errors import OutriggerError
from outrigger.settings.read import Settings, tunables, with_values

SPECIAL = ("roi", "stoploss", "trailing", "max_open_trades")


def check(case: Case) -> Iterator[Finding]:
    """Compare a parameter file with the configuration.

    Parameters
    ----------
    case : Case
        The file is looked for beside the strategy's, whether or not the strategy loads.

    Yields
    ------
    Finding
        What the file changes.
    """
    source = strategy_file(case.config)
    path = source.with_suffix(".json") if source else None
    if path is None or not path.is_file():
        yield ok("parameter file", "none: the configuration decides")
        return
    remove = f"rm {path}"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        yield error(str(path), f"cannot be read ({problem}); Freqtrade would ignore it", remove)
        return
    params = document.get("params") if isinstance(document, Mapping) else None
    if not isinstance(params, Mapping) or document.get("strategy_name") != case.config.get("strategy"):
        yield error(
            str(path), f"is no parameter file of {case.config.get('strategy')}: Freqtrade stops", remove
        )
        return
    yield from _differences(path, params, case)


def _differences(path: Path, params: Mapping[str, Any], case: Case) -> Iterator[Finding]:
    declared = {(tune.space, f"{section}_{key}"): (section, key) for section, key, tune, _ in tunables()}
    values: dict[str, dict[str, Any]] = {}
    changed, unknown = [], []
    for space, block in params.items():
        if space in SPECIAL:
            changed += _special(space, block, case)
            continue
        for name, value in block.items() if isinstance(block, Mapping) else ():
            if (space, name) not in declared:
                unknown.append(f"{space}.{name}")
                continue
            section, key = declared[space, name]
            values.setdefault(section, {})[key] = value
            changed += _change(case.settings, section, key, value)
    if unknown:
        yield warning(
            str(path), f"names {', '.join(unknown)}, which are no parameters of this release", f"rm {path}"
        )
    yield from _refused(path, values, case.settings)
    if changed:
        yield warning(
            str(path),
            f"wins over the configuration: {'; '.join(changed)}",
            f"copy the values you want into the configuration and `rm {path}`, or leave it on purpose",
        )
    elif not unknown:
        yield ok("parameter file", f"{path} says what the configuration says")


def _change(settings: Settings | None, section: str, key: str, value: Any) -> list[str]:
    configured = getattr(getattr(settings, section), key) if settings else None
    return [f"{section}.{key} = {value} (configuration: {configured})"] if value != configured else []


def _special(space: str, block: Any, case: Case) -> list[str]:
    """Freqtrade's own values that differ from the strategy's; the configuration wins where it names them."""
    named = {"minimal_roi": block} if space == "roi" else block if isinstance(block, Mapping) else {}
    declared = vars(type(case.strategy)) if case.strategy is not None else {}
    return [
        f"{key} = {value}"
        for key, value in named.items()
        if key not in case.config and (key not in declared or declared[key] != value)
    ]


def _refused(path: Path, values: dict[str, dict[str, Any]], settings: Settings | None) -> Iterator[Finding]:
    if settings is None:
        return
    try:
        with_values(settings, values)
    except OutriggerError as problem:
        yield error(str(path), str(problem), f"rm {path}")
