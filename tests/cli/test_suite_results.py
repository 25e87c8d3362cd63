"""The documents that a run writes: their place, their form, and that they tell the truth about the run."""

import json
import math
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from suite_program import Bench, by_id, read_document

FOLDER = r"\d{8}T\d{6}Z-(nogit|[0-9a-f]{12})"
TIME = "%Y-%m-%dT%H:%M:%SZ"


def runs(bench: Bench) -> list[str]:
    folders = (bench.folder / "results").iterdir()
    return sorted(path.name for path in folders if not path.is_symlink())


def test_the_folder_has_time_and_commit_in_its_name(bench: Bench) -> None:
    begun = datetime.now(timezone.utc).replace(microsecond=0)
    run = bench.run("good", "plain")
    (name,) = runs(bench)
    assert re.fullmatch(FOLDER, name)
    assert name.endswith("-nogit")
    started = datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    assert begun <= started <= datetime.now(timezone.utc)
    document = bench.result("good")
    assert document["started_utc"] == started.strftime(TIME)
    assert f"assay: wrote results/{name}/good.json\n" in run.err


def test_latest_leads_to_the_newest_run(bench: Bench) -> None:
    latest = bench.folder / "results" / "latest"
    bench.run("good", "plain")
    (first,) = runs(bench)
    assert latest.is_symlink() and str(latest.readlink()) == first
    while (
        time.time() % 1 > 0.6 or datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ") == first[:16]
    ):
        time.sleep(0.02)
    bench.run("good", "told")
    assert len(runs(bench)) == 2
    assert str(latest.readlink()) == runs(bench)[1]
    assert set(by_id(bench.result("good"))) == {"told"}
    assert sorted(path.name for path in latest.parent.iterdir()) == [*runs(bench), "latest"]


def test_two_runs_within_a_second_keep_both_results(bench: Bench) -> None:
    while time.time() % 1 > 0.3:
        time.sleep(0.02)
    bench.run("good", "plain")
    bench.run("good", "told")
    documents = [
        read_document(path.read_bytes())
        for path in (bench.folder / "results").rglob("good*.json")
        if "latest" not in path.parts
    ]
    assert {name for document in documents for name in by_id(document)} == {"plain", "told"}


@pytest.mark.parametrize("suite", ["good", "bad", "kernels", "skipping"])
def test_every_document_fits_the_schema(bench: Bench, suite: str) -> None:
    skip = ("--skip", "endless") if suite == "bad" else ()
    run = bench.run(suite, *skip)
    assert run.status == (3 if suite == "bad" else 0), run
    document = bench.result(suite)
    assert document["suite"] == suite
    assert document["complete"] is True


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for member in value.values():
            yield from numbers(member)
    elif isinstance(value, list):
        for member in value:
            yield from numbers(member)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value


def test_numbers_are_finite_and_in_order(bench: Bench) -> None:
    assert bench.run("good", "--target-precision", "0").status == 0
    document = bench.result("good")
    assert all(math.isfinite(number) for number in numbers(document))
    for benchmark in document["benchmarks"]:
        samples, estimates = benchmark["samples"], benchmark["estimates"]
        count = len(samples["iterations"])
        assert count >= 10
        assert all(len(values) == count for values in samples.values())
        for estimate in estimates.values():
            if estimate is not None:
                assert estimate["lower"] <= estimate["point"] <= estimate["upper"], benchmark["id"]
        times = [t / n for t, n in zip(samples["time_ns"], samples["iterations"])]
        assert estimates["mean_ns"]["point"] == pytest.approx(sum(times) / count)
        assert min(times) <= estimates["lowmean_ns"]["point"] <= max(times)
        assert (benchmark["sampling"] == "flat") == (estimates["slope_ns"] is None)


def test_what_a_benchmark_said_is_stored(bench: Bench) -> None:
    assert bench.run("good").status == 0
    benchmarks = by_id(bench.result("good"))
    copy = benchmarks["copy/1024"]
    assert copy["parameters"] == [{"name": "bytes", "value": 1024}]
    assert benchmarks["copy/0"]["parameters"] == [{"name": "bytes", "value": 0}]
    assert copy["throughput"] == [{"kind": "bytes", "per_iteration": 1024}]
    assert benchmarks["copy/0"]["throughput"] == []
    assert copy["tags"] == ["memory", "fast"]
    assert copy["bench"] == "copy"
    words = benchmarks["words/down/2"]
    assert words["parameters"] == [{"name": "how", "value": "down"}, {"name": "step", "value": 2}]
    assert words["throughput"] == [{"kind": "elements", "per_iteration": 16}]
    assert benchmarks["parallel/threads:2"]["threads"] == 2
    told = benchmarks["told"]
    assert told["unit"] == "us"
    assert told["counters"] == [
        {"name": "ratio", "value": 2.5, "unit": "x"},
        {"name": 'blocks "of" 4', "value": 7, "unit": None},
    ]
    assert told["estimates"]["median_ns"]["point"] == 1000
    iterations = sum(told["samples"]["iterations"])
    assert told["latency_ns"]["count"] == iterations
    assert told["latency_ns"]["p50"] == pytest.approx(500, rel=1e-3)
    assert benchmarks["plain"]["latency_ns"] is None


def test_settings_are_those_of_the_command_line(bench: Bench) -> None:
    run = bench.run(
        *("good", "plain", "--warm-up-time", "12ms", "--measurement-time", "0.03"),
        *("--sample-size", "15", "--sampling-mode", "flat", "--target-precision", "2%"),
        *("--time-budget", "1min", "--max-time", "20", "--shuffle", "--seed", "7"),
        *("--nresamples", "2000", "--confidence-level", "99%", "--significance-level", "0.01"),
        *("--noise-threshold", "0.02", "--in-process"),
        fast=False,
    )
    assert run.status == 0, run
    document = bench.result("good")
    assert document["seed"] == 7
    expected: dict[str, Any] = {
        **{"quick": False, "warm_up_time_s": 0.012, "measurement_time_s": 0.03},
        **{"sample_size": 15, "sampling_mode": "flat", "target_precision": 0.02},
        **{"time_budget_s": 60, "max_time_s": 20, "pin_cpu": None, "shuffle": True},
        **{"in_process": True, "nresamples": 2000, "confidence_level": 0.99},
        **{"significance_level": 0.01, "noise_threshold": 0.02},
    }
    settings = document["settings"]
    assert {key: settings.get(key) for key in expected} == expected


def test_the_machine_and_the_build_are_those_of_this_run(bench: Bench) -> None:
    assert bench.run("good", "plain").status == 0
    document = bench.result("good")
    assert document["host"]["cpus"] == os.cpu_count()
    assert document["host"]["name"] == Path("/proc/sys/kernel/hostname").read_text().strip()
    assert document["host"]["kernel"].endswith(
        Path("/proc/sys/kernel/osrelease").read_text().strip()
    )
    memory_kib = re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text())
    assert memory_kib is not None
    assert document["host"]["memory_bytes"] == pytest.approx(int(memory_kib[1]) * 1024, rel=0.2)
    assert "-falign-loops=32" in document["build"]["flags"]
    assert document["build"]["optimised"] is True
    assert 0 <= document["duration_s"] < 30
    began = datetime.strptime(document["started_utc"], TIME)
    measured = datetime.strptime(document["benchmarks"][0]["measured_utc"], TIME)
    assert began <= measured


def test_the_host_key_is_stable(bench: Bench) -> None:
    keys = []
    for folder in ("one", "two"):
        bench.run("good", "plain", "--results-dir", folder)
        keys.append(bench.result("good", folder)["host"]["key"])
    assert keys[0] == keys[1]


# ---- Version control ---------------------------------------------------------------------------


def git(bench: Bench, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *identity, *arguments],
        cwd=bench.folder,
        env={**bench.env, "GIT_CONFIG_GLOBAL": "/dev/null"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def commit_of(bench: Bench, cwd: Path | None = None) -> Any:
    run = bench.run(
        "good", "plain", "--output-format", "json", "--discard-baseline", cwd=cwd or bench.folder
    )
    assert run.status == 0, run
    return json.loads(run.out)["commit"]


@pytest.fixture(name="repository")
def make_repository(bench: Bench) -> Bench:
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    git(bench, "init", "-q")
    (bench.folder / "file").write_text("one\n")
    git(bench, "add", "file")
    git(bench, "commit", "-q", "-m", "first")
    return bench


def test_commit_and_dirty_flag(repository: Bench) -> None:
    head = git(repository, "rev-parse", "HEAD")[:12]
    assert commit_of(repository) == {"id": head, "dirty": False}
    (repository.folder / "untracked").write_text("new\n")
    assert commit_of(repository) == {"id": head, "dirty": False}
    (repository.folder / "file").write_text("two\n")
    assert commit_of(repository) == {"id": head, "dirty": True}
    git(repository, "add", "file")
    assert commit_of(repository) == {"id": head, "dirty": True}
    git(repository, "commit", "-q", "-m", "second")
    second = git(repository, "rev-parse", "HEAD")[:12]
    assert second != head
    assert commit_of(repository) == {"id": second, "dirty": False}


def test_commit_from_a_folder_below(repository: Bench) -> None:
    below = repository.folder / "a" / "b"
    below.mkdir(parents=True)
    (repository.folder / "file").write_text("two\n")
    head = git(repository, "rev-parse", "HEAD")[:12]
    assert commit_of(repository, below) == {"id": head, "dirty": True}


def test_the_folder_of_a_run_in_a_repository(repository: Bench) -> None:
    assert repository.run("good", "plain").status == 0
    (name,) = runs(repository)
    assert re.fullmatch(FOLDER, name)
    assert name.endswith("-" + git(repository, "rev-parse", "HEAD")[:12])


def test_a_run_does_not_touch_the_repository(repository: Bench) -> None:
    """Not even the index, which another git may be holding at the time."""
    index = repository.folder / ".git" / "index"
    os.utime(repository.folder / "file", (1e9, 1e9))
    before = index.read_bytes()
    assert commit_of(repository)["dirty"] is False
    assert index.read_bytes() == before


def test_commit_with_a_closed_standard_output(repository: Bench) -> None:
    command = repository.command("good", "plain", "--results-dir", "out")
    run = repository.run_command(["sh", "-c", 'exec "$@" >&-', "sh", *command])
    assert run.status == 4, run
    head = git(repository, "rev-parse", "HEAD")[:12]
    assert repository.result("good", "out")["commit"] == {"id": head, "dirty": False}


def test_outside_of_git(bench: Bench) -> None:
    assert commit_of(bench) is None


def test_a_repository_without_a_commit(bench: Bench) -> None:
    git(bench, "init", "-q")
    assert commit_of(bench) is None


def test_without_git_on_the_path(repository: Bench) -> None:
    repository.env["PATH"] = "/nowhere"
    assert commit_of(repository) is None
