"""Setup without lies: batches of bounded memory, the harness's own cost shown, cold iterations."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from suite_program import BUILD, ROOT, Bench, Document, by_id, write_json

INPUT_BYTES = 512
STEADY = (
    *("--warm-up-time", "0.02", "--measurement-time", "0.1", "--sample-size", "20"),
    *("--nresamples", "1000"),
)


def measure(bench: Bench, *ids: str, options: tuple[str, ...] = STEADY) -> dict[str, Any]:
    exact = [f"setups/{name}" for name in ids]
    run = bench.run("setups", "--exact", *exact, *options, fast=False)
    assert run.status == 0, run
    return by_id(bench.result("setups"))


def counter(benchmark: Document, name: str) -> float:
    return next(float(c["value"]) for c in benchmark["counters"] if c["name"] == name)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("fixed", 16),
        ("fixed_capped", 10),
        ("small", 2**20 / INPUT_BYTES),
        ("large", 2**20 / INPUT_BYTES),
        ("each", 1),
        ("count", 2**20 / INPUT_BYTES),
        ("on_threads/threads:2", 50),
    ],
)
def test_a_batch_never_holds_more_than_it_may(bench: Bench, name: str, most: float) -> None:
    """The body itself fails when it is asked to prepare more inputs than it was told."""
    found = measure(bench, name)[name]
    assert counter(found, "most allowed") == most
    assert 1 <= counter(found, "largest") <= most
    harness = found["harness"]
    assert 0 < harness["batch_iterations"] <= counter(found, "largest")
    assert harness["pauses_per_iteration"] == 0 and harness["pause_ns"] is None


def test_policies_follow_the_lap(bench: Bench) -> None:
    options = (*STEADY, "--target-precision", "0")
    found = measure(bench, "large", "count", options=options)
    for name in ("large", "count"):
        assert found[name]["sampling"] == "flat"
    laps = found["large"]["samples"]["iterations"]
    assert counter(found["large"], "largest") >= max(1, laps[0] // 1000)
    laps = found["count"]["samples"]["iterations"]
    wanted = min(-(-laps[0] // 4), 2**20 // INPUT_BYTES)
    spans = sum(-(-lap // wanted) for lap in laps)
    iterations = found["count"]["harness"]["batch_iterations"]
    assert iterations == pytest.approx(sum(laps) / spans, rel=0.05)


def test_the_share_of_clock_reads_is_shown_and_warned_of(bench: Bench) -> None:
    run = bench.run("setups", "--exact", "setups/cheap_each", *STEADY, fast=False)
    assert run.status == 0, run
    document = bench.result("setups")
    found = by_id(document)["cheap_each"]
    harness = found["harness"]
    assert harness["batch_iterations"] == 1
    cost, share = harness["clock_ns"], harness["share"]
    assert 0 < cost["lower"] <= cost["point"] <= cost["upper"]
    time_ns = found["estimates"]["lowmean_ns"]["point"]
    for key in ("lower", "point", "upper"):
        assert share[key] == pytest.approx(min(1, cost[key] / time_ns), abs=2e-6)
    warned = [w for w in document["environment"]["warnings"] if "cheap_each" in w]
    assert bool(warned) == (share["point"] > 0.1 and not found["below_resolution"])
    assert all("larger batch" in warning for warning in warned)
    if not found["below_resolution"]:
        assert re.search(r"clock reads cost ~[0-9.]+ of [0-9.]+ ns$", run.lines()[0])
    for warning in warned:
        assert f"assay: warning: {warning}\n" in run.err


def test_a_loaded_baseline_keeps_the_harness_and_warns_once(bench: Bench) -> None:
    arguments = ("--exact", "setups/cheap_each", "setups/paused_twice", *STEADY)
    saved = bench.run("setups", *arguments, "--save-baseline", "main", fast=False)
    assert saved.status == 0, saved
    first = bench.result("setups")
    loaded = bench.run("setups", *arguments, "--load-baseline", "main", fast=False)
    assert loaded.status == 0, loaded
    again = bench.result("setups")
    for old, new in zip(first["benchmarks"], again["benchmarks"]):
        assert {**new["harness"], "share": None} == {**old["harness"], "share": None}
        assert new["harness"]["share"] == pytest.approx(old["harness"]["share"], rel=1e-3)
    assert again["environment"]["warnings"] == first["environment"]["warnings"]


def test_pauses_are_counted_and_their_cost_is_measured(bench: Bench) -> None:
    run = bench.run("setups", "--exact", "setups/paused_twice", *STEADY, fast=False)
    assert run.status == 0, run
    found = by_id(bench.result("setups"))["paused_twice"]
    harness = found["harness"]
    assert harness["pauses_per_iteration"] == 2
    assert harness["batch_iterations"] is None
    pause = harness["pause_ns"]
    assert 0 < pause["lower"] <= pause["point"] <= pause["upper"]
    time_ns = found["estimates"]["lowmean_ns"]["point"]
    assert harness["share"]["point"] == pytest.approx(
        min(1, 2 * pause["point"] / time_ns), abs=2e-6
    )
    assert re.search(r"pauses cost ~[0-9.]+ of [0-9.]+ [nu]s$", run.lines()[0])


def test_a_plain_benchmark_has_neither(bench: Bench) -> None:
    assert bench.run("good", "plain").status == 0
    found = by_id(bench.result("good"))["plain"]
    assert not {"harness", "cold", "eviction"} & set(found)


def can_flush() -> bool:
    return os.uname().machine in ("x86_64", "aarch64")


def test_cold_is_slower_than_warm(bench: Bench) -> None:
    found = measure(bench, "chase_cold", "chase_warm")
    cold, warm = found["chase_cold"], found["chase_warm"]
    assert cold["cold"] is True and "cold" not in warm
    if not can_flush():
        pytest.skip("this CPU cannot drop cache lines by their address")
    assert cold["eviction"] == {"how": "flushed", "bytes": 512 * 1024}
    assert set(cold["samples"]["iterations"]) == {1}
    assert len(cold["samples"]["iterations"]) >= 10
    assert cold["sampling"] == "flat"
    assert cold["harness"]["batch_iterations"] == 1
    times = [b["estimates"]["lowmean_ns"]["point"] for b in (cold, warm)]
    if times[0] < 2 * times[1]:
        pytest.skip("flushing has little effect on this CPU: memory is as near as its caches")
    bounds = [b["estimates"]["lowmean_ns"] for b in (cold, warm)]
    assert bounds[0]["lower"] > bounds[1]["upper"]


def test_without_a_region_the_caches_are_swept(bench: Bench) -> None:
    options = (*STEADY, "--max-time", "60")
    run = bench.run("setups", "--exact", "setups/chase_swept", *options, fast=False)
    assert run.status == 0, run
    found = by_id(bench.result("setups"))["chase_swept"]
    largest = max(
        (cache["size_bytes"] for cache in bench.result("setups")["host"]["caches"]), default=0
    )
    whole = 0 < largest * 1.5 <= 64 * 2**20
    assert found["eviction"]["how"] == ("swept" if whole else "swept in part")
    assert found["eviction"]["bytes"] <= 64 * 2**20
    assert f"cold ({found['eviction']['how']})" in run.lines()[0]


def test_setup_comes_before_every_cold_iteration(bench: Bench) -> None:
    found = measure(bench, "cold_with_setup")["cold_with_setup"]
    assert counter(found, "iterations a setup") == 1
    assert set(found["samples"]["iterations"]) == {1}


@pytest.mark.parametrize(
    "arguments",
    [["--test"], ["--profile-time", "0.05"], ["--quick", "--discard-baseline"], ["--in-process"]],
)
def test_other_ways_to_run_a_cold_benchmark(bench: Bench, arguments: list[str]) -> None:
    fast = arguments == ["--in-process"]
    run = bench.run("setups", "chase_cold|cold_with_setup", *arguments, fast=fast)
    assert run.status == 0, run
    assert run.out.count("setups/") == 2


def test_evicting_in_the_loop_fails(bench: Bench) -> None:
    run = bench.run("setups", "--exact", "setups/evict_in_the_loop", *STEADY, fast=False)
    assert run.status == 3
    assert "assay_evict after the loop began" in run.out


def test_cold_and_warm_figures_are_not_compared(bench: Bench) -> None:
    arguments = ("--exact", "setups/chase_cold", *STEADY)
    assert bench.run("setups", *arguments, "--save-baseline", "main", fast=False).status == 0
    file = bench.baseline("setups")
    again = (*arguments, "--baseline-lenient", "main")
    assert bench.run("setups", *again, fast=False).status in (0, 1)
    assert bench.result("setups")["benchmarks"][0]["comparison"] is not None
    document = json.loads(file.read_bytes())
    for key in ("cold", "eviction"):
        del document["benchmarks"][0][key]
    write_json(file, document)
    assert bench.run("setups", *again, fast=False).status == 0
    assert bench.result("setups")["benchmarks"][0]["comparison"] is None


def change_digit(source: Path, target: Path) -> None:
    """The version that chases an eighth of its chain."""
    content = source.read_bytes()
    assert content.count(b"setups chases one part of: 1") == 1
    target.parent.mkdir()
    target.write_bytes(content.replace(b"one part of: 1", b"one part of: 8"))
    shutil.copymode(source, target)


def test_two_versions_of_a_cold_benchmark_are_compared(bench: Bench) -> None:
    program = BUILD / "probes" / "setups"
    old = bench.folder / "old" / "setups"
    change_digit(program, old)
    run = bench.run(
        *("assay", "compare", str(old), str(program), "--exact", "setups/chase_cold"),
        *("--pairs", "10", "--confirm-pairs", "20", "--no-canaries"),
        *("--pin", str(max(os.sched_getaffinity(0))), "-o", "out"),
        timeout=60,
    )
    assert run.status == 1, run
    document = json.loads((bench.folder / "out" / "compare.json").read_text())
    (found,) = document["benchmarks"]
    assert found["verdict"] == "regressed"


WRONG_FIELDS: dict[str, str] = {
    ".batching = ASSAY_BATCH_SMALL, .batch = 3": ".batch goes with",
    ".batch_bytes_max = 100": "needs .input_bytes",
    ".cold = true, .threads = {2}": "one thread only",
    ".cold = true, .sampling = ASSAY_LINEAR": "ASSAY_LINEAR cannot be",
    ".batching = (enum assay_batching)9": "none of the ASSAY_BATCH_",
}


@pytest.fixture(name="build")
def make_build(tmp_path: Path, bench: Bench) -> Callable[[str], Path]:
    """Compiles a suite of one benchmark with these fields."""

    def build(fields: str) -> Path:
        source = tmp_path / "wrong.c"
        source.write_text(
            '#include <assay.h>\nASSAY_SUITE("wrong");\n'
            f"ASSAY_BENCH(one, {fields})\n{{\n    ASSAY_LOOP(b) {{\n    }}\n}}\n"
        )
        command = [
            "cc",
            "-O1",
            f"-I{ROOT / 'framework'}",
            str(source),
            str(BUILD / "lib/libassay.so"),
        ]
        command += [f"-Wl,-rpath,{BUILD / 'lib'}", "-o", str(tmp_path / "wrong")]
        run = bench.run_command(command)
        assert run.status == 0, run
        return tmp_path / "wrong"

    return build


@pytest.mark.parametrize("fields", WRONG_FIELDS)
def test_fields_that_contradict_each_other(
    bench: Bench, build: Callable[[str], Path], fields: str
) -> None:
    run = bench.run_command([str(build(fields)), "--list"])
    assert run.status == 2
    assert re.fullmatch(r"assay: \S+wrong\.c:3: one: [^\n]+\n", run.err), run.err
    assert WRONG_FIELDS[fields] in run.err
