"""Broken input, missing tools, a full disk, a kill: one clear line, and the old report stands."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import make_results
from report_harness import REPORT, Json, Page, contents, one_benchmark, run_report, write_one

# ---- Replacing an old report --------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Path, dict[str, bytes]]:
    """Results of one benchmark, the folder of a finished report on them, and what it holds."""
    write_one(tmp_path / "in", [one_benchmark()])
    out = tmp_path / "place" / "html"
    assert run_report(tmp_path / "in", "--out", out, "--title", "the old one").returncode == 0
    return tmp_path / "in", out, contents(out)


Small = tuple[Path, Path, dict[str, bytes]]


def assert_untouched(small: Small) -> None:
    _, out, before = small
    assert contents(out) == before
    assert [entry.name for entry in out.parent.iterdir()] == ["html"], "something was left behind"


def test_a_second_report_replaces_the_first_whole(small: Small) -> None:
    folder, out, before = small
    (out / "b" / "stale.html").write_text("from another run", encoding="utf-8")
    assert run_report(folder, "--out", out, "--title", "the new one").returncode == 0
    assert sorted(contents(out)) == sorted(before)
    assert "the new one" in Page(out / "index.html").text
    assert [entry.name for entry in out.parent.iterdir()] == ["html"]


def test_a_failing_gnuplot_leaves_the_old_report(
    small: Small, gnuplot_wrapper: Callable[[str], str]
) -> None:
    path = gnuplot_wrapper("echo 'out of paper' >&2; exit 1")
    done = run_report(small[0], "--out", small[1], path=path)
    assert done.returncode == 4 and "out of paper" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert_untouched(small)


def test_a_full_disk_leaves_the_old_report(small: Small) -> None:
    largest = max(map(len, small[2].values()))
    done = run_report(small[0], "--out", small[1], limit=largest - 1)
    assert done.returncode == 4 and len(done.stderr.splitlines()) == 1
    assert "nothing was replaced" in done.stderr
    assert_untouched(small)


def start_and_wait(small: Small, path: str, ready: Path) -> subprocess.Popen[bytes]:
    """Starts a report whose gnuplot blocks, and returns when it does."""
    process = subprocess.Popen(
        [sys.executable, str(REPORT), str(small[0]), "--out", str(small[1])],
        env=dict(os.environ, PATH=path), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    for _ in range(600):
        if ready.exists():
            return process
        time.sleep(0.05)
    process.kill()
    raise AssertionError("gnuplot was never started")


def test_a_killed_report_leaves_the_old_one(
    small: Small, tmp_path: Path, gnuplot_wrapper: Callable[[str], str]
) -> None:
    ready = tmp_path / "ready"
    path = gnuplot_wrapper(f"echo $$ > {ready}\nexec sleep 30")
    process = start_and_wait(small, path, ready)
    process.kill()
    process.communicate()
    os.kill(int(ready.read_text()), signal.SIGKILL)
    assert contents(small[1]) == small[2]
    assert run_report(small[0], "--out", small[1], "--title", "the old one").returncode == 0
    assert_untouched(small)


def test_a_terminated_report_cleans_up(
    small: Small, tmp_path: Path, gnuplot_wrapper: Callable[[str], str]
) -> None:
    ready = tmp_path / "ready"
    process = start_and_wait(small, gnuplot_wrapper(f": > {ready}\nexec sleep 30"), ready)
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130 and b"the old report stands" in said
    assert_untouched(small)


def test_a_folder_that_is_no_report_is_not_replaced(small: Small, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "index.html").write_text("<title>my own page</title>", encoding="utf-8")
    (mine / "thesis.tex").write_text("years of work", encoding="utf-8")
    done = run_report(small[0], "--out", mine)
    assert done.returncode == 4 and "is not a report" in done.stderr
    assert (mine / "thesis.tex").read_text() == "years of work"


def test_an_unwritable_place_is_named(small: Small, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    done = run_report(small[0], "--out", tmp_path / "file" / "html")
    assert done.returncode == 4 and str(tmp_path / "file") in done.stderr
    assert len(done.stderr.splitlines()) == 1


# ---- Broken and foreign input, missing tools ----------------------------------------------------


def broken(change: Callable[[Json], Any]) -> str:
    document = make_results.document("suite", [one_benchmark()], 0)
    change(document)
    return json.dumps(document)


def set_at(*keys: str | int, value: Any) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        place: Any = document
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


BROKEN = {
    "truncated": (broken(lambda d: None)[:5000], "is not whole JSON"),
    "empty": ("", "is not whole JSON"),
    "binary": ("\x00\x01\x02", "is not whole JSON"),
    "deep": ("[" * 100_000, "is not whole JSON"),
    "nan": (broken(set_at("duration_s", value=float("nan"))), "NaN is not a number"),
    "list": ("[]", "is not a result document"),
    "foreign": ('{"context": {}, "benchmarks": []}', "is not a result document"),
    "later schema": (broken(set_at("schema", value="assay-result/2")), "'assay-result/2'"),
    "no suite": (broken(lambda d: d.pop("suite")), "has no 'suite'"),
    "wrong type": (
        broken(set_at("benchmarks", 0, "estimates", "mean_ns", "point", value="fast")),
        "benchmarks[0].estimates.mean_ns.point must be a finite number",
    ),
    "wrong word": (broken(set_at("benchmarks", 0, "status", value="fine")), "must be one of"),
    "no estimates": (broken(lambda d: d["benchmarks"][0].pop("estimates")), "no 'estimates'"),
    "uneven": (
        broken(lambda d: d["benchmarks"][0]["samples"]["iterations"].pop()),
        "has 99 entries, time_ns has 100",
    ),
    "twice": (broken(lambda d: d["benchmarks"].append(d["benchmarks"][0])), "repeats the id"),
    "beyond measure": (
        broken(set_at("benchmarks", 0, "samples", "time_ns", 0, value=1e300)),
        "beyond 1e+30",
    ),
    "infinite": (
        broken(lambda d: None).replace('"duration_s": 15.5', '"duration_s": 1e999'),
        "finite",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_input_is_one_line_and_status_4(tmp_path: Path, small: Small, name: str) -> None:
    text, expected = BROKEN[name]
    (small[0] / "other.json").write_text(text, encoding="utf-8")
    done = run_report(small[0], "--out", small[1])
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1 and len(done.stderr) < 600
    assert expected in done.stderr and "other.json" in done.stderr
    assert done.stdout == ""
    assert_untouched(small)


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, expected in (("nowhere", "no such folder"), ("empty", "holds no results")):
        done = run_report(tmp_path / folder, "--out", tmp_path / "out")
        assert done.returncode == 4 and expected in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_two_documents_of_one_suite_are_refused(small: Small) -> None:
    shutil.copy(small[0] / "suite.json", small[0] / "copy.json")
    done = run_report(small[0], "--out", small[1])
    assert done.returncode == 4 and "'suite'" in done.stderr and "copy.json" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--colour"]])
def test_usage_errors_are_status_2(arguments: list[str]) -> None:
    done = run_report(*arguments)
    assert done.returncode == 2 and "usage:" in done.stderr


def test_help_states_the_exit_statuses() -> None:
    done = run_report("--help")
    assert done.returncode == 0 and "Exit status" in done.stdout


def test_missing_gnuplot_is_said_clearly(small: Small, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    done = run_report(small[0], "--out", small[1], path=str(tmp_path / "nothing"))
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1 and "gnuplot is not installed" in done.stderr
    assert_untouched(small)


def test_missing_jinja_is_said_clearly(small: Small) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-I", str(REPORT), str(small[0])], capture_output=True, text=True
    )
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1 and "jinja2" in done.stderr
