"""The results as one table and one JSON file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.result import Result


def print_table(results: Sequence[Result], machine: dict[str, Any], console: Console) -> None:
    """Print machine, rows and what each row was made of."""
    versions = machine["versions"]
    console.print(
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load_1min']}; "
        f"Python {machine['python']}, " + ", ".join(f"{name} {versions[name]}" for name in versions)
    )
    table = Table("row", "measures", "value", "target", "met")
    for result in results:
        verdict = "[green]yes[/]" if result.met else "[red]no[/]"
        table.add_row(result.name, result.measures, _figure(result.value, result), _limit(result), verdict)
    console.print(table)
    for result in results:
        told = json.dumps(result.details, ensure_ascii=False)
        console.print(f"[bold]{result.name}[/]", told, highlight=False)


def _figure(value: float, result: Result) -> str:
    return f"{value:.3g} {result.unit}"


def _limit(result: Result) -> str:
    return f"≤ {_figure(result.target, result)}"


def write_json(results: Sequence[Result], machine: dict[str, Any], quick: bool, path: Path) -> None:
    """Write everything, replacing an earlier file only when the new one is complete."""
    document = {"machine": machine, "quick": quick, "rows": [result.to_dict() for result in results]}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)
