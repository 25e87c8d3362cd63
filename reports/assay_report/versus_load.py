"""Reads a comparison and refuses what is not one."""

from __future__ import annotations

from pathlib import Path

from .load import check_sizes, load_validator, read_document, refuse_repeated_ids
from .schema import Json, Mismatch

SCHEMA_FILE = Path(__file__).resolve().parents[2] / "docs" / "compare.schema.json"

_FIGURES = ("effect_ratio", "smallest_detectable_ratio", "tail", "old", "new", "pair_s")


def load_comparison(file: Path) -> Json:
    """The document of a comparison; raises ReportError when the file does not hold a valid one."""
    return read_document(file, load_validator(SCHEMA_FILE), "comparison", _check)


def _check(document: Json) -> None:
    """What the schema cannot say: columns have one length, figures are within measure."""
    refuse_repeated_ids(document["benchmarks"])
    for index, benchmark in enumerate(document["benchmarks"]):
        _check_benchmark(benchmark, f"benchmarks[{index}]")
    for index, canary in enumerate(document["canaries"]):
        _check_benchmark(canary["benchmark"], f"canaries[{index}].benchmark")
    check_sizes(document["settings"], "settings")


def _check_benchmark(benchmark: Json, path: str) -> None:
    if benchmark["status"] != "compared":
        return
    pairs = benchmark["pairs"]
    count = len(pairs["order"])
    for key, column in pairs.items():
        if isinstance(column, list) and len(column) != count:
            raise Mismatch(f"{path}.pairs.{key}", f"has {len(column)} entries, order has {count}")
    check_sizes(pairs, f"{path}.pairs")
    check_sizes({key: benchmark[key] for key in _FIGURES}, path)
