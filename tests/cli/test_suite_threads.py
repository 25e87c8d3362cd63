"""Benchmarks on several threads: what each did, how evenly, and what more threads bring."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from compare_program import SHORT
from suite_program import BUILD, Bench, Document, by_id, read_document, write_json

THREADS_ONLY = ("thread_samples", "fairness", "scaling", "oversubscribed")
CROWDED = "more threads than the CPUs that this process may run on"


def one_cpu() -> str:
    return str(min(os.sched_getaffinity(0)))


def check_estimate(estimate: dict[str, float]) -> None:
    assert 0 < estimate["lower"] <= estimate["point"] <= estimate["upper"]
    assert estimate["standard_error"] >= 0


def check_threads(benchmark: dict[str, Any], lockstep: bool) -> None:
    """Every thread took part in every sample, and one of them did all of it."""
    samples, threads = benchmark["samples"], benchmark["thread_samples"]
    assert [own["thread"] for own in threads] == list(range(benchmark["threads"]))
    for own in threads:
        assert len(own["iterations"]) == len(own["time_ns"]) == len(samples["iterations"])
        assert min(own["time_ns"]) > 0
    done = list(zip(*(own["iterations"] for own in threads)))
    assert [max(each) for each in done] == samples["iterations"]
    if lockstep:
        assert [min(each) for each in done] == samples["iterations"]
    check_estimate(benchmark["fairness"])
    assert benchmark["fairness"]["upper"] <= 1


def check_family(document: Document, bench: str, base: int) -> None:
    family = [b for b in document["benchmarks"] if b["bench"] == bench]
    lowmean = {b["threads"]: b["estimates"]["lowmean_ns"]["point"] for b in family}
    assert len(family) > 1
    for benchmark in family:
        count, scaling = benchmark["threads"], benchmark["scaling"]
        for name in ("iterations_per_s", "speed_up", "efficiency"):
            check_estimate(scaling[name])
        assert scaling["base_threads"] == base
        assert scaling["iterations_per_s"]["point"] == pytest.approx(count * 1e9 / lowmean[count])
        efficiency = lowmean[base] / lowmean[count]
        assert scaling["efficiency"]["point"] == pytest.approx(efficiency)
        assert scaling["speed_up"]["point"] == pytest.approx(efficiency * count / base)


def test_what_each_thread_did_is_stored(bench: Bench) -> None:
    run = bench.run("good", "parallel", "plain")
    assert run.status == 0, run
    document = bench.result("good")
    benchmarks = by_id(document)
    check_threads(benchmarks["parallel/threads:2"], lockstep=False)
    check_family(document, "parallel", 1)
    assert not any(key in benchmarks["plain"] for key in THREADS_ONLY)
    alone = benchmarks["parallel/threads:1"]
    assert "thread_samples" not in alone and "fairness" not in alone
    assert alone["scaling"]["speed_up"] == {
        "point": 1,
        "lower": 1,
        "upper": 1,
        "standard_error": 0,
    }


def test_more_threads_are_a_table_at_the_end(bench: Bench) -> None:
    """In the order of the threads, though the base may have been measured last."""
    for seed in ("1", "2", "3"):
        run = bench.run("good", "parallel", "--threads", "2,3,4", "--shuffle", "--seed", seed)
        assert run.status == 0, run
        check_family(bench.result("good"), "parallel", 2)
        lines = run.lines()[3:]
        assert lines[0] == "good/parallel on more threads"
        span = r"x\d+\.\d\d \[\d+\.\d\d \.\. \d+\.\d\d\] +efficiency \d\.\d\d  fairness \d\.\d\d"
        assert re.fullmatch(r" +2 threads  x1\.00 +efficiency 1\.00  fairness .*", lines[1])
        for count, line in zip((3, 4), lines[2:4]):
            assert re.match(rf" +{count} threads  {span}", line), line
        assert lines[4:] == ["good: 3 measured"]


def test_one_number_of_threads_has_nothing_to_scale(bench: Bench) -> None:
    run = bench.run("good", "parallel", "--threads", "2")
    assert "on more threads" not in run.out
    (benchmark,) = bench.result("good")["benchmarks"]
    assert "scaling" not in benchmark
    check_threads(benchmark, lockstep=False)


def test_more_threads_than_cpus_are_said(bench: Bench) -> None:
    run = bench.run("good", "parallel", "--pin", one_cpu())
    assert run.status == 0, run
    document = bench.result("good")
    benchmarks = by_id(document)
    assert benchmarks["parallel/threads:2"]["oversubscribed"] is True
    assert "oversubscribed" not in benchmarks["parallel/threads:1"]
    assert [CROWDED in text for text in document["environment"]["warnings"]].count(True) == 1
    assert run.err.count(CROWDED) == 1
    assert re.search(r"^good/parallel/threads:2 .*  more threads than CPUs$", run.out, re.M)
    assert not re.search(r"^good/parallel/threads:1 .*more threads", run.out, re.M)


@pytest.mark.parametrize("how", [(), ("--quick",), ("--in-process",)])
def test_producer_and_consumer(bench: Bench, how: tuple[str, ...]) -> None:
    """A bounded queue fills up and runs empty: in lockstep nobody waits for one who has stopped."""
    run = bench.run("threads", "hand_over", *how, fast="--quick" not in how)
    assert run.status == 0, run
    (benchmark,) = bench.result("threads")["benchmarks"]
    check_threads(benchmark, lockstep=True)


def test_once_and_for_a_profile(bench: Bench) -> None:
    run = bench.run("threads", "--test")
    assert run.lines()[-1] == "threads: 5 ok, 0 failed, 0 skipped"
    run = bench.run("threads", "hand_over", "mutex", "--profile-time", "0.02")
    assert run.lines()[-1] == "threads: 3 ok, 0 failed, 0 skipped"


def test_threads_that_wait_without_lockstep_are_told_of_it(bench: Bench) -> None:
    run = bench.run("unpaired", "--max-time", "0.3")
    assert run.status == 3
    assert "did not end within 0.3 s (--max-time): threads that wait for each other" in run.out
    assert ".lockstep = true" in run.out


def test_a_baseline_keeps_what_the_threads_did(bench: Bench) -> None:
    arguments = ("good", "parallel", "--threads", "1,2,3", "--seed", "5")
    assert bench.run(*arguments, "--pin", one_cpu(), "--save-baseline", "main").status == 0
    measured = by_id(bench.result("good"))
    run = bench.run(*arguments, "--load-baseline", "main")
    assert run.status == 0, run
    assert run.err.count(CROWDED) == 1
    loaded = by_id(bench.result("good"))
    for name, benchmark in measured.items():
        for key in THREADS_ONLY:
            assert loaded[name].get(key) == benchmark.get(key), (name, key)
    assert len(measured["parallel/threads:3"]["thread_samples"]) == 3


def strip(source: Path) -> None:
    """A baseline as it was before there were figures of single threads."""
    document = json.loads(source.read_text())
    for benchmark in document["benchmarks"]:
        for key in THREADS_ONLY:
            benchmark.pop(key, None)
    write_json(source, document)


def test_a_baseline_may_say_nothing_of_threads(bench: Bench) -> None:
    assert bench.run("good", "parallel", "--save-baseline", "main").status == 0
    strip(bench.baseline("good"))
    assert bench.run("good", "parallel", "--load-baseline", "main").status == 0
    document = bench.result("good")
    assert "thread_samples" not in by_id(document)["parallel/threads:2"]
    assert "fairness" not in by_id(document)["parallel/threads:2"]
    check_family(document, "parallel", 1)
    run = bench.run("good", "parallel", "--baseline", "main")
    assert run.status in (0, 1), run
    compared = by_id(bench.result("good"))["parallel/threads:2"]
    assert compared["comparison"]["kind"] == "stored"
    check_threads(compared, lockstep=False)


def test_json_on_standard_output_has_it_all(bench: Bench) -> None:
    run = bench.run("threads", "--output-format", "json")
    document = read_document(run.out)
    check_family(document, "parallel", 1)
    check_family(document, "mutex", 1)
    check_threads(by_id(document)["mutex/threads:2"], lockstep=False)


def test_executables_with_threads_are_compared(bench: Bench) -> None:
    probe = str(BUILD / "probes" / "threads")
    run = bench.run(
        *("assay", "compare", probe, probe, "threads:2", *SHORT, "--out", "out"),
    )
    assert run.status in (0, 1), run
    document = json.loads(next((bench.folder / "out").glob("*.json")).read_text())
    assert {b["status"] for b in document["benchmarks"]} == {"compared"}
    assert len(document["benchmarks"]) == 3
