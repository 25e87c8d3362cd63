"""Choosing benchmarks, the ways to run them, and the options that steer measuring."""

import os
import re
import time
from typing import Any

import pytest
from suite_program import ROOT, Bench, Run, assert_one_line, by_id, tree

IDS = {
    *("good/copy/0", "good/copy/64", "good/copy/1024", "good/fresh_input", "good/plain"),
    *("good/parallel/threads:1", "good/parallel/threads:2", "good/prints", "good/runs_on"),
    *("good/told", "good/words/up/1", "good/words/up/2"),
    *("good/words/down/1", "good/words/down/2"),
}


def listed(bench: Bench, *arguments: str) -> list[str]:
    run = bench.run("good", "--list", "--format", "terse", *arguments, fast=False)
    assert (run.status, run.err) == (0, ""), run
    return run.lines()


def measured_ids(run: Run) -> list[str]:
    return [line.split()[0] for line in run.lines() if line.startswith("good/")]


def test_help_names_every_option_and_exit_status(bench: Bench) -> None:
    run = bench.run("good", "--help", fast=False)
    assert (run.status, run.err) == (0, "")
    table = (ROOT / "framework/src/app/options.c").read_text()
    names = re.findall(r'^    \{"([a-z-]+)", (?:0|\'.\'), KIND_', table, re.M)
    assert len(names) > 30
    for name in names:
        assert re.search(rf"^  (-.|  ), --{name}\b|^  --{name}\b", run.out, re.M), name
    for status in (0, 1, 2, 3, 4, 5, 130):
        assert re.search(rf"^ +{status}  \w", run.out, re.M)
    assert bench.run("good", "-h", fast=False).out == run.out
    assert tree(bench.folder) == {}


def test_version_is_that_of_the_header(bench: Bench) -> None:
    header = (ROOT / "framework/assay.h").read_text()
    version = re.search(r'define ASSAY_VERSION "(.*)"', header)
    assert version is not None
    for option in ("--version", "-V"):
        assert bench.run("good", option, fast=False) == Run(0, f"assay {version[1]}\n", "")


def test_list_terse_is_one_id_a_line(bench: Bench) -> None:
    ids = listed(bench)
    assert set(ids) == IDS
    assert len(ids) == len(IDS)
    assert tree(bench.folder) == {}


def test_list_pretty_counts(bench: Bench) -> None:
    run = bench.run("good", "--list", fast=False)
    assert run.lines()[:-2] == [f"{name}: benchmark" for name in listed(bench)]
    assert run.lines()[-1] == f"{len(IDS)} benchmarks"


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["plain"], {"good/plain"}),
        (["plain", "told"], {"good/plain", "good/told"}),
        (["copy/(64|1024)$"], {"good/copy/64", "good/copy/1024"}),
        (["^good/words/up/[0-9]+$"], {"good/words/up/1", "good/words/up/2"}),
        (["copy", "--skip", "4$"], {"good/copy/0"}),
        (["copy", "--skip", "64", "--skip", "1024"], {"good/copy/0"}),
        (["--exact", "good/copy/0"], {"good/copy/0"}),
        (["--exact", "good/plain", "good/told"], {"good/plain", "good/told"}),
        (["--tag", "fast"], {"good/copy/0", "good/copy/64", "good/copy/1024", "good/told"}),
        (["--tag", "fast", "told"], {"good/told"}),
        (["--tag=fast", "--skip=copy"], {"good/told"}),
        (["--", "told"], {"good/told"}),
    ],
)
def test_filters(bench: Bench, arguments: list[str], ids: set[str]) -> None:
    assert set(listed(bench, *arguments)) == ids


def test_a_filter_runs_only_what_it_names(bench: Bench) -> None:
    run = bench.run("good", "copy/64", "plain")
    assert run.status == 0, run
    assert measured_ids(run) == ["good/copy/64", "good/plain"]
    assert set(by_id(bench.result("good"))) == {"copy/64", "plain"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing_like_it"], ["nothing_like_it", "--list"]),
        (["good/plian"], ["good/plian", "good/plain"]),
        (["plain", "nothing_like_it"], ["nothing_like_it"]),
        (["--exact", "good/copy"], ["good/copy"]),
        (["--exact", "plain"], ["plain"]),
        (["--tag", "fas"], ["--list"]),
        (["--tag", ""], ["--tag"]),
        (["copy", "--skip", "."], ["--list"]),
        (["*("], ["*(", "regular expression"]),
        (["copy", "--skip", "[a"], ["[a", "regular expression"]),
    ],
)
def test_a_filter_that_leaves_nothing(bench: Bench, arguments: list[str], words: list[str]) -> None:
    assert_one_line(bench.run("good", *arguments), 2, *words)
    assert tree(bench.folder) == {}


def test_dry_run_measures_nothing(bench: Bench) -> None:
    begun = time.monotonic()
    run = bench.run("good", "--dry-run", "copy", "parallel", fast=False)
    assert (run.status, run.err) == (0, "")
    assert measured_ids(run) == [name for name in listed(bench) if re.search("copy|parallel", name)]
    assert re.search(r"threads:2 .*\b2 threads", run.out)
    assert time.monotonic() - begun < 1
    assert tree(bench.folder) == {}


def test_dry_run_shows_the_options_in_force(bench: Bench) -> None:
    run = bench.run(
        *("good", "plain", "--dry-run", "--warm-up-time", "250ms", "--measurement-time=2min"),
        fast=False,
    )
    assert "0.25 s warm-up" in run.out
    assert "in 120 s" in run.out


def test_doctor_speaks_of_the_machine(bench: Bench) -> None:
    run = bench.run("good", "--doctor", "--doctor-time", "0.5", fast=False)
    assert (run.status, run.err) == (0, "")
    for word in ("CPU", "clock", "build", "-falign-loops=32", "compiled by"):
        assert word in run.out
    assert tree(bench.folder) == {}


def test_test_mode_runs_each_once(bench: Bench) -> None:
    run = bench.run("good", "--test", fast=False)
    assert run.status == 0, run
    assert run.err == "printed by the body\n"
    assert run.lines()[:-1] == [f"test {name} ... ok" for name in listed(bench)]
    assert run.lines()[-1] == f"good: {len(IDS)} ok, 0 failed, 0 skipped"
    assert tree(bench.folder) == {}


def test_profile_time_runs_that_long(bench: Bench) -> None:
    begun = time.monotonic()
    run = bench.run("good", "plain", "told", "--profile-time", "0.3", fast=False)
    assert run.status == 0, run
    assert 0.6 <= time.monotonic() - begun < 2
    assert run.lines()[0] == "profile good/plain ... ok"
    assert tree(bench.folder) == {}


@pytest.mark.parametrize("more", [[], ["--in-process"]])
def test_profile_time_says_when_the_laps_were_run(bench: Bench, more: list[str]) -> None:
    words = ["plain", "told", "--profile-time", "0.2", "--verbose", *more]
    begun = time.monotonic()
    run = bench.run("good", *words, fast=False)
    ended = time.monotonic()
    assert run.status == 0, run
    times = re.findall(
        r"^    laps from (\S+) s to (\S+) s of CLOCK_MONOTONIC$", run.out, re.MULTILINE
    )
    (one, two), (three, four) = [(float(start), float(end)) for start, end in times]
    assert begun < one < two < three < four < ended
    assert two - one >= 0.2 and four - three >= 0.2


def test_profile_time_tells_no_laps_of_what_did_not_run(bench: Bench) -> None:
    run = bench.run("skipping", "--profile-time", "0.05", "--verbose", fast=False)
    assert "skipped: " in run.out
    assert run.out.count("laps from") == run.out.count("... ok")


def test_quick_is_quick_and_says_so(bench: Bench) -> None:
    begun = time.monotonic()
    run = bench.run("good", "plain", "copy", "--quick", fast=False)
    assert run.status == 0, run
    assert time.monotonic() - begun < 5
    settings = bench.result("good")["settings"]
    assert settings["quick"] is True
    assert settings["measurement_time_s"] < 0.5


def ranks(benchmark: Any) -> list[int]:
    """The order in which the first samples of linear sampling were taken: 10 stands for the longest."""
    iterations = benchmark["samples"]["iterations"][:10]
    return [count // min(iterations) for count in iterations]


def linear_ranks(bench: Bench, seed: str) -> dict[str, list[int]]:
    run = bench.run("good", "plain", "copy/64", "--sampling-mode", "linear", "--seed", seed)
    assert run.status == 0, run
    document = bench.result("good")
    assert document["seed"] == int(seed)
    return {name: ranks(benchmark) for name, benchmark in by_id(document).items()}


def test_the_seed_decides_the_order_of_samples(bench: Bench) -> None:
    first = linear_ranks(bench, "42")
    assert sorted(first["plain"]) == list(range(1, 11))
    assert first["plain"] != first["copy/64"]
    assert linear_ranks(bench, "42") == first
    assert linear_ranks(bench, "43")["plain"] != first["plain"]


def test_a_fresh_seed_is_said_and_stored(bench: Bench) -> None:
    run = bench.run("good", "plain")
    said = re.search(r"\bseed (\d+)", run.err)
    assert said is not None
    first = bench.result("good")["seed"]
    assert int(said[1]) == first
    bench.run("good", "plain", "--results-dir", "second")
    assert bench.result("good", "second")["seed"] != first


def test_shuffle_follows_the_seed(bench: Bench) -> None:
    def order(*arguments: str) -> list[str]:
        run = bench.run("good", "copy", "words", "--discard-baseline", *arguments)
        assert run.status == 0, run
        return measured_ids(run)

    plain = order("--seed", "1")
    shuffled = [order("--shuffle", "--seed", seed) for seed in ("1", "2", "3")]
    assert order("--shuffle", "--seed", "2") == shuffled[1]
    assert all(sorted(ids) == sorted(plain) for ids in shuffled)
    assert any(ids != plain for ids in shuffled)
    assert shuffled[0] != shuffled[1] or shuffled[1] != shuffled[2]


def test_pin_holds_the_benchmark_on_one_cpu(bench: Bench) -> None:
    cpu = max(os.sched_getaffinity(0))
    run = bench.run("good", "runs_on", "--pin", str(cpu))
    assert run.status == 0, run
    counters = {c["name"]: c["value"] for c in by_id(bench.result("good"))["runs_on"]["counters"]}
    assert counters == {"cpus": 1, "cpu": cpu}
    assert bench.result("good")["settings"]["pin_cpu"] == cpu


@pytest.mark.parametrize("cpu", ["1023", "1024", "4095"])
@pytest.mark.parametrize("mode", [[], ["--test"]])
def test_pin_to_a_cpu_that_is_not_there(bench: Bench, cpu: str, mode: list[str]) -> None:
    assert_one_line(bench.run("good", "plain", "--pin", cpu, *mode), 4, cpu, "--pin")
    assert tree(bench.folder) == {}


def test_threads_replace_the_list_of_a_benchmark(bench: Bench) -> None:
    assert listed(bench, "parallel", "--threads", "1,3,4") == [
        f"good/parallel/threads:{count}" for count in (1, 3, 4)
    ]
    assert listed(bench, "plain", "--threads", "1,3,4") == ["good/plain"]
    run = bench.run("good", "parallel", "--threads", "3")
    assert run.status == 0, run
    assert by_id(bench.result("good"))["parallel/threads:3"]["threads"] == 3


def test_a_time_budget_is_kept_roughly(bench: Bench) -> None:
    run = bench.run(
        *("good", "--time-budget", "2", "--target-precision", "0", "--nresamples", "1000"),
        fast=False,
    )
    assert run.status == 0, run
    document = bench.result("good")
    assert all(benchmark["status"] == "measured" for benchmark in document["benchmarks"])
    assert 0.5 < document["duration_s"] < 4


def test_target_precision_stops_early(bench: Bench) -> None:
    def measure(precision: str, mode: str) -> Any:
        run = bench.run(
            *("good", "plain", "--measurement-time", "3", "--warm-up-time", "0.01"),
            *("--sampling-mode", mode, "--target-precision", precision, "--nresamples", "1000"),
            fast=False,
        )
        assert run.status == 0, run
        return bench.result("good")

    loose = measure("50%", "flat")
    assert by_id(loose)["plain"]["stopped"] == "precision"
    assert loose["duration_s"] < 2
    assert loose["settings"]["target_precision"] == 0.5


def test_without_target_precision_all_samples_are_taken(bench: Bench) -> None:
    run = bench.run("good", "plain", "--sample-size", "25", "--target-precision", "0")
    assert run.status == 0, run
    plain = by_id(bench.result("good"))["plain"]
    assert plain["stopped"] in ("complete", "time")
    assert 10 <= len(plain["samples"]["iterations"]) <= 25


@pytest.mark.parametrize("mode", ["linear", "flat"])
def test_sampling_modes(bench: Bench, mode: str) -> None:
    run = bench.run("good", "plain", "--sampling-mode", mode)
    assert run.status == 0, run
    plain = by_id(bench.result("good"))["plain"]
    assert plain["sampling"] == mode
    counts = set(plain["samples"]["iterations"])
    assert len(counts) == 1 if mode == "flat" else len(counts) >= 10
    assert (plain["estimates"]["slope_ns"] is None) == (mode == "flat")


def test_slow_kernels_are_sampled_flat_by_themselves(bench: Bench) -> None:
    run = bench.run("slow", "a_short")
    assert run.status == 0, run
    assert by_id(bench.result("slow"))["a_short"]["sampling"] == "flat"


def test_a_measurement_longer_than_max_time_is_no_failure(bench: Bench) -> None:
    """Either the two contradict each other, which is said at once, or the limit gives way."""
    run = bench.run(
        *("good", "plain", "--warm-up-time", "0.1", "--measurement-time", "1"),
        *("--max-time", "0.3", "--target-precision", "0"),
        fast=False,
    )
    assert run.status in (0, 2), run


def test_in_process_measures_the_same(bench: Bench) -> None:
    run = bench.run("good", "plain", "copy/64", "--in-process")
    assert run.status == 0, run
    assert set(by_id(bench.result("good"))) == {"plain", "copy/64"}
