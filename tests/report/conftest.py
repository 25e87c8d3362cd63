"""Fixtures of the tests of the report."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import make_results
from report_harness import Json, run_report


@pytest.fixture(scope="session")
def documents() -> list[Json]:
    made: list[Json] = make_results.make_documents(56, with_hostile=True)
    return made


@pytest.fixture(scope="session")
def results(documents: list[Json], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    make_results.write_documents(folder, documents)
    return folder


@pytest.fixture(scope="session")
def report(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report")
    done = run_report(results, "--out", place / "html", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == str(place / "html" / "index.html")
    assert sorted(entry.name for entry in place.iterdir()) == ["html"], "something ran or was left"
    return place / "html"


@pytest.fixture
def gnuplot_wrapper(tmp_path: Path) -> Callable[[str], str]:
    """Puts a shell script in gnuplot's place; returns the PATH to use. $REAL is gnuplot itself."""

    def make(body: str) -> str:
        folder = tmp_path / "bin"
        folder.mkdir()
        script = folder / "gnuplot"
        script.write_text(f"#!/bin/sh\nREAL={shutil.which('gnuplot')}\n{body}\n", encoding="utf-8")
        script.chmod(0o755)
        return f"{folder}:{os.environ['PATH']}"

    return make
