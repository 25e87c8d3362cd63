"""Reads the result documents of a run and refuses what is not one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from .errors import ReportError
from .schema import Json, Mismatch, Validator

SCHEMA_FILE = Path(__file__).resolve().parents[2] / "docs" / "result.schema.json"

_LARGEST = 1e30
"""No time, density or change is larger; what is would not survive arithmetic."""

_MEASURED_KEYS = ("sampling", "samples", "estimates", "outliers", "density")
_SIZED_KEYS = ("samples", "estimates", "outliers", "density", "bootstrap", "comparison")


def load_results(folder: Path) -> list[Json]:
    """The documents of every *.json file in the folder, in the order of the suites' names.

    Raises ReportError when the folder is missing or empty or when any file is not a valid result.
    """
    if not folder.is_dir():
        raise ReportError(
            f"{folder}: no such folder; give the folder that a run wrote its results to"
        )
    try:
        files = sorted(entry for entry in folder.iterdir() if entry.suffix == ".json")
    except OSError as error:
        raise ReportError(f"{folder}: cannot be listed ({error.strerror})") from error
    if not files:
        raise ReportError(f"{folder}: holds no results (*.json); run a suite first")
    validator = _load_validator()
    documents = [_load_document(file, validator) for file in files]
    _refuse_repeated_suites(files, documents)
    return sorted(documents, key=lambda document: str(document["suite"]))


def _load_validator() -> Validator:
    try:
        return Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ReportError(
            f"{SCHEMA_FILE}: the schema of results cannot be read ({error})"
        ) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _load_document(file: Path, validator: Validator) -> Json:
    try:
        document = json.loads(file.read_bytes(), parse_constant=_refuse_constant)
    except OSError as error:
        raise ReportError(f"{file}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{file}: is not whole JSON ({error}); run the suite again") from error
    if not isinstance(document, dict) or "schema" not in document:
        raise ReportError(f"{file}: is not a result document (it has no 'schema')")
    known = validator.known_schema
    if document["schema"] != known:
        raise ReportError(f"{file}: has schema {document['schema']!r}; this report reads {known!r}")
    try:
        validator.check(document)
        _check_benchmarks(document["benchmarks"])
    except Mismatch as mismatch:
        raise ReportError(f"{file}: is not a valid result: {mismatch}") from mismatch
    return document


def _check_benchmarks(benchmarks: list[Json]) -> None:
    """What a schema cannot say: figures belong together, and ids are unique."""
    seen: set[str] = set()
    for index, benchmark in enumerate(benchmarks):
        path = f"benchmarks[{index}]"
        if benchmark["id"] in seen:
            raise Mismatch(path, f"repeats the id {benchmark['id']!r}")
        seen.add(benchmark["id"])
        if benchmark["status"] == "measured":
            for key in _MEASURED_KEYS:
                if key not in benchmark:
                    raise Mismatch(path, f"is measured but has no {key!r}")
            _check_samples(benchmark["samples"], f"{path}.samples")
            _check_sizes({key: benchmark.get(key) for key in _SIZED_KEYS}, path)
        comparison = benchmark.get("comparison")
        if comparison is not None:
            _check_samples(comparison["baseline"]["samples"], f"{path}.comparison.baseline.samples")


def _check_samples(samples: dict[str, list[Any]], path: str) -> None:
    count = len(samples["time_ns"])
    if count == 0:
        raise Mismatch(path, "is empty")
    for key in ("iterations", "involuntary_switches", "page_faults"):
        if key in samples and len(samples[key]) != count:
            raise Mismatch(f"{path}.{key}", f"has {len(samples[key])} entries, time_ns has {count}")


def _check_sizes(value: Any, path: str) -> None:
    """Refuses figures beyond all measure, in lists and objects of any depth."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_sizes(item, f"{path}.{key}")
    elif isinstance(value, list):
        if value and (max(value) > _LARGEST or min(value) < -_LARGEST):
            raise Mismatch(path, f"holds a figure beyond {_LARGEST:g}")
    elif isinstance(value, (int, float)) and abs(value) > _LARGEST:
        raise Mismatch(path, f"is beyond {_LARGEST:g}")


def _refuse_repeated_suites(files: list[Path], documents: list[Json]) -> None:
    owner: dict[str, Path] = {}
    for file, document in zip(files, documents):
        other = owner.setdefault(document["suite"], file)
        if other is not file:
            name = document["suite"]
            raise ReportError(f"{file}: holds the suite {name!r}, which {other.name} holds too")
