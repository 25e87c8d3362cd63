"""Finds and reads the documents of a folder, and refuses what is not a result."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from .errors import ReportError
from .schema import Json, Mismatch, Validator

SCHEMA_FILE = Path(__file__).resolve().parents[2] / "docs" / "result.schema.json"
COMPARISON = "compare.json"
"""The file that holds a comparison; all other *.json files of a folder hold results."""

_LARGEST = 1e30
"""No time, density or change is larger; what is would not survive arithmetic."""

_MEASURED_KEYS = ("sampling", "samples", "estimates", "outliers", "density")
_SIZED_KEYS = ("samples", "estimates", "outliers", "density", "bootstrap", "comparison")


@dataclass(frozen=True)
class Found:
    """The files of a folder that a report is made of."""

    results: list[Path]
    comparison: Path | None


def find_documents(folder: Path) -> Found:
    """Every *.json file in the folder; raises ReportError when it is missing or holds none."""
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
    comparisons = [file for file in files if file.name == COMPARISON and not _is_result(file)]
    return Found([file for file in files if file not in comparisons], next(iter(comparisons), None))


def load_results(files: list[Path]) -> list[Json]:
    """The documents of the files, in the order of the suites' names.

    Raises ReportError when any of them is not a valid result.
    """
    validator = load_validator(SCHEMA_FILE)
    documents = [_load_result(file, validator) for file in files]
    _refuse_repeated_suites(files, documents)
    return sorted(documents, key=lambda document: str(document["suite"]))


def _is_result(file: Path) -> bool:
    """Whether it is a suite's result after all: a suite may be called "compare"."""
    try:
        document = read_json(file)
    except ReportError:
        return False
    known = load_validator(SCHEMA_FILE).known_schema
    return isinstance(document, dict) and document.get("schema") == known


def load_validator(schema_file: Path) -> Validator:
    try:
        return Validator(json.loads(schema_file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ReportError(f"{schema_file}: the schema cannot be read ({error})") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def read_json(file: Path) -> Any:
    """What the file holds; raises ReportError when that is not JSON."""
    try:
        return json.loads(file.read_bytes(), parse_constant=_refuse_constant)
    except OSError as error:
        raise ReportError(f"{file}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{file}: is not whole JSON ({error}); run it again") from error


def read_document(
    file: Path, validator: Validator, kind: str, check_more: Callable[[Json], None]
) -> Json:
    """A document of one schema that also passes `check_more`; raises ReportError otherwise."""
    document = read_json(file)
    if not isinstance(document, dict) or "schema" not in document:
        raise ReportError(f"{file}: is not a {kind} document (it has no 'schema')")
    known = validator.known_schema
    if document["schema"] != known:
        raise ReportError(f"{file}: has schema {document['schema']!r}; this report reads {known!r}")
    try:
        validator.check(document)
        check_more(document)
    except Mismatch as mismatch:
        raise ReportError(f"{file}: is not a valid {kind}: {mismatch}") from mismatch
    return document


def _load_result(file: Path, validator: Validator) -> Json:
    return read_document(
        file, validator, "result", lambda document: _check_benchmarks(document["benchmarks"])
    )


def _check_benchmarks(benchmarks: list[Json]) -> None:
    """What a schema cannot say: figures belong together, and ids are unique."""
    refuse_repeated_ids(benchmarks)
    for index, benchmark in enumerate(benchmarks):
        path = f"benchmarks[{index}]"
        if benchmark["status"] == "measured":
            for key in _MEASURED_KEYS:
                if key not in benchmark:
                    raise Mismatch(path, f"is measured but has no {key!r}")
            _check_samples(benchmark["samples"], f"{path}.samples")
            check_sizes({key: benchmark.get(key) for key in _SIZED_KEYS}, path)
        comparison = benchmark.get("comparison")
        if comparison is not None:
            _check_samples(comparison["baseline"]["samples"], f"{path}.comparison.baseline.samples")


def refuse_repeated_ids(benchmarks: list[Json]) -> None:
    seen: set[str] = set()
    for index, benchmark in enumerate(benchmarks):
        if benchmark["id"] in seen:
            raise Mismatch(f"benchmarks[{index}]", f"repeats the id {benchmark['id']!r}")
        seen.add(benchmark["id"])


def _check_samples(samples: dict[str, list[Any]], path: str) -> None:
    count = len(samples["time_ns"])
    if count == 0:
        raise Mismatch(path, "is empty")
    for key in ("iterations", "involuntary_switches", "page_faults"):
        if key in samples and len(samples[key]) != count:
            raise Mismatch(f"{path}.{key}", f"has {len(samples[key])} entries, time_ns has {count}")


def check_sizes(value: Any, path: str) -> None:
    """Refuses figures beyond all measure, in lists and objects of any depth."""
    if isinstance(value, dict):
        for key, item in value.items():
            check_sizes(item, f"{path}.{key}")
    elif isinstance(value, list):
        numbers = [item for item in value if isinstance(item, (int, float))]
        if numbers and (max(numbers) > _LARGEST or min(numbers) < -_LARGEST):
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
