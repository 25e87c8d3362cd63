"""Compares two builds of the suite `contender`, each as its plan says, as a user would."""

import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from suite_program import BUILD, ROOT, Bench, Document, Run, refuse_constant

SCHEMA = json.loads((ROOT / "docs" / "compare.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
CPU = str(max(os.sched_getaffinity(0)))
SHORT = (
    *("--pairs", "6", "--confirm-pairs", "9", "--pair-time", "2ms", "--no-canaries"),
    *("--pin", CPU),
)


def read_comparison(text: str | bytes) -> Document:
    """A document that the published schema accepts and whose counts add up."""
    document: Document = json.loads(text, parse_constant=refuse_constant)
    errors = [
        f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in VALIDATOR.iter_errors(document)
    ]
    assert not errors, "\n".join(errors)
    counts = document["counts"]
    kinds = ["regressed", "improved", "unchanged", "inconclusive", "below_resolution"]
    kinds += ["identical", "skipped", "failed", "untried"]
    assert sum(counts[kind] for kind in kinds) == len(document["benchmarks"])
    assert counts["only_old"] == len(document["only_old"])
    assert counts["only_new"] == len(document["only_new"])
    ids = [b["id"] for b in document["benchmarks"]]
    assert ids == sorted(ids)
    for benchmark in document["benchmarks"]:
        lengths = {len(column) for column in benchmark.get("pairs", {}).values()}
        assert len(lengths) <= 1, benchmark["id"]
    return document


@dataclass
class TracedPair:
    number: int
    order: int
    confirming: bool
    iterations: int
    old_ns: tuple[float, ...]
    new_ns: tuple[float, ...]


def read_trace(content: bytes) -> tuple[dict[int, str], list[TracedPair]]:
    """As framework/src/versus/trace.h describes it."""
    assert content[:8] == b"assaytr1"
    at = 8

    def take(form: str) -> tuple[Any, ...]:
        nonlocal at
        fields = struct.unpack_from("<" + form, content, at)
        at += struct.calcsize("<" + form)
        return fields

    names: dict[int, str] = {}
    pairs: list[TracedPair] = []
    while at < len(content):
        (tag,) = take("I")
        assert tag in (1, 2), f"tag {tag} at {at - 4}"
        if tag == 1:
            number, length = take("II")
            names[number] = take(f"{length}s")[0].decode()
        else:
            number, order, confirming, slices, iterations = take("IiIIQ")
            old_ns, new_ns = take(f"{slices}f"), take(f"{slices}f")
            pairs.append(TracedPair(number, order, bool(confirming), iterations, old_ns, new_ns))
    return names, pairs


class Contest:
    """A working folder with old/contender and new/contender, which are the same but for their plans."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder)
        self.folder = folder
        self.env: dict[str, str] = self.bench.env
        for name in ("old", "new"):
            self.env[f"CONTENDER_{name.upper()}"] = str(folder / name / "contender")

    def command(self, name: str, *arguments: str) -> list[str]:
        line: list[str] = self.bench.command(name, *arguments)
        return line

    def run_command(self, command: list[str], timeout: float = 30, **more: Any) -> Run:
        return self.bench.run_command(command, timeout, **more)

    def processes(self) -> list[int]:
        found: list[int] = self.bench.processes()
        return found

    def side(self, name: str, *lines: str | bytes) -> Path:
        """A line of a plan: words with tabs between them."""
        program = self.folder / name / "contender"
        if not program.exists():
            program.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(BUILD / "probes" / "contender", program)
        plan = [line.encode() if isinstance(line, str) else line for line in lines]
        program.with_suffix(".plan").write_bytes(b"".join(line + b"\n" for line in plan))
        return program

    def sides(self, old: list[str], new: list[str] | None = None) -> None:
        self.side("old", *old)
        self.side("new", *(old if new is None else new))

    def script(self, name: str, text: str) -> Path:
        """Not a suite, but a shell script in its place."""
        program = self.folder / name / "contender"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        return program

    def compare_line(self, *arguments: str, short: bool = True) -> list[str]:
        places = ("old/contender", "new/contender")
        return self.command("assay", "compare", *places, *(SHORT if short else ()), *arguments)

    def compare(self, *arguments: str, timeout: float = 30, **more: Any) -> Run:
        return self.run_command(self.compare_line(*arguments, "--out", "out"), timeout, **more)

    def start_compare(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.compare_line(*arguments, "--out", "out"),
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def document(self, out: str = "out") -> Document:
        return read_comparison((self.folder / out / "compare.json").read_bytes())

    def benchmarks(self, out: str = "out") -> dict[str, Any]:
        """By the parts of their ids behind the suite's name."""
        return {b["id"].split("/", 1)[1]: b for b in self.document(out)["benchmarks"]}


def make_contest(folder: Path) -> Contest:
    if not (BUILD / "probes" / "contender").exists():
        pytest.fail(f"{BUILD} has no probe programs: make BUILD={BUILD} probes all", pytrace=False)
    folder.mkdir()
    return Contest(folder)


def contests(folder: Path) -> Iterator[Contest]:
    """A contest, for a fixture; whatever still runs in its folder afterwards is ended."""
    contest = make_contest(folder)
    yield contest
    left = contest.processes()
    for pid in left:
        os.kill(pid, 9)
    assert left == [], "processes were left"
