"""Comparisons that are broken, foreign or beside results: one clear line, and what can be is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import make_comparison
import make_results
from report_harness import Json, Page, contents, one_benchmark, run_report, write_one


def broken(change: Callable[[Json], Any]) -> str:
    document = make_comparison.comparison([make_comparison.compared("s/b", "unchanged", 0.0)])
    change(document)
    return json.dumps(document)


BROKEN = {
    "truncated": (broken(lambda d: None)[:3000], "is not whole JSON"),
    "empty": ("", "is not whole JSON"),
    "nan": (broken(lambda d: d.update(duration_s=float("nan"))), "NaN is not a number"),
    "list": ("[]", "is not a comparison document"),
    "foreign": ('{"benchmarks": []}', "is not a comparison document"),
    "later schema": (broken(lambda d: d.update(schema="assay-compare/2")), "'assay-compare/2'"),
    "no seed": (broken(lambda d: d.pop("seed")), "has no 'seed'"),
    "no verdict": (
        broken(lambda d: d["benchmarks"][0].pop("verdict")),
        "benchmarks[0] has no 'verdict'",
    ),
    "failed for nothing": (
        broken(lambda d: d["benchmarks"].append(make_comparison.uncompared("s/c", "failed", None))),
        "benchmarks[1].reason must be text",
    ),
    "uneven": (
        broken(lambda d: d["benchmarks"][0]["pairs"]["dropped"].pop()),
        "pairs.dropped has 7 entries, order has 8",
    ),
    "uneven canary": (
        broken(lambda d: d["canaries"][0]["benchmark"]["pairs"]["log_ratio"].pop()),
        "canaries[0].benchmark.pairs.log_ratio has 7 entries",
    ),
    "twice": (broken(lambda d: d["benchmarks"].append(d["benchmarks"][0])), "repeats the id"),
    "beyond measure": (
        broken(lambda d: d["benchmarks"][0]["pairs"]["log_ratio"].__setitem__(0, 1e300)),
        "beyond 1e+30",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_comparison_alone_is_one_line_and_status_4(tmp_path: Path, name: str) -> None:
    text, expected = BROKEN[name]
    (tmp_path / "compare.json").write_text(text, encoding="utf-8")
    done = run_report(tmp_path, "--out", tmp_path / "out")
    assert (done.returncode, done.stdout) == (4, "")
    assert len(done.stderr.splitlines()) == 1 and len(done.stderr) < 600
    assert expected in done.stderr and str(tmp_path / "compare.json") in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_comparison_does_not_take_the_results_with_it(tmp_path: Path, name: str) -> None:
    text, expected = BROKEN[name]
    write_one(tmp_path / "in", [one_benchmark()])
    (tmp_path / "in" / "compare.json").write_text(text, encoding="utf-8")
    done = run_report(tmp_path / "in", "--out", tmp_path / "out")
    assert done.returncode == 4 and len(done.stderr.splitlines()) == 1
    assert expected in done.stderr and "compare.json" in done.stderr
    assert done.stdout.splitlines()[-1] == str(tmp_path / "out" / "index.html")
    index = Page(tmp_path / "out" / "index.html")
    assert "The comparison is left out" in index.text and expected in index.text
    assert "b/suite.bench.html" in index.links and "comparison.html" not in index.links
    assert not (tmp_path / "out" / "comparison.html").exists()


def test_broken_results_beside_a_comparison_are_refused(tmp_path: Path) -> None:
    make_comparison.write_comparison(tmp_path, make_comparison.comparison([]))
    (tmp_path / "suite.json").write_text("{}", encoding="utf-8")
    done = run_report(tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 4 and "suite.json" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_suite_that_is_called_compare_is_a_suite(tmp_path: Path) -> None:
    document = make_results.document("compare", [one_benchmark()], 0)
    (tmp_path / "compare.json").write_text(json.dumps(document), encoding="utf-8")
    done = run_report(tmp_path, "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == str(tmp_path / "out" / "index.html")
    assert not (tmp_path / "out" / "comparison.html").exists()


def test_a_comparison_under_another_name_is_refused_as_a_result(tmp_path: Path) -> None:
    document = make_comparison.comparison([])
    (tmp_path / "other.json").write_text(json.dumps(document), encoding="utf-8")
    done = run_report(tmp_path, "--out", tmp_path / "out")
    assert done.returncode == 4 and "'assay-compare/1'" in done.stderr


def test_a_report_on_a_comparison_replaces_one_on_results_and_back(tmp_path: Path) -> None:
    results = write_one(tmp_path / "results", [one_benchmark()])
    versus = make_comparison.write_comparison(tmp_path / "versus", make_comparison.comparison([]))
    out = tmp_path / "html"
    assert run_report(results, "--out", out).returncode == 0
    before = contents(out)
    assert run_report(versus, "--out", out).returncode == 0
    assert "comparison.html" in contents(out) and "b/suite.bench.html" not in contents(out)
    assert run_report(results, "--out", out).returncode == 0
    assert contents(out) == before
