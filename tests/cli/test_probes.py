"""What cannot be counted says why, is never a zero and fails nothing; promises are kept or not."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from suite_program import BUILD, FAST, ROOT, Bench, by_id, wait_until

LIBRARIES = ("-ljansson", "-lm", "-pthread", "-ldl")

# Benchmarks that go wrong in the probe only.
WRONG = {
    "skipped_by_rule": "the benchmark skipped itself in the probe: no second time",
    "skipped_by_body": "the benchmark skipped itself in the probe: no file to read",
    "fails": "the benchmark failed in the probe: wrong sum",
    "crashes": "its process ended with signal 11 (Segmentation fault)",
    "ends": "the body ended its process with exit status 7",
}


def allocator_metrics(benchmark: dict[str, Any]) -> list[dict[str, Any]]:
    found = [m for m in benchmark["metrics"] if m["source"] == "allocator"]
    assert len(found) == 5
    return found


def assert_unavailable(benchmark: dict[str, Any], reason: str) -> None:
    """The time is there, and each metric has this reason and no figure."""
    assert benchmark["status"] == "measured"
    assert benchmark["estimates"]["lowmean_ns"]["point"] > 0
    for metric in allocator_metrics(benchmark):
        assert metric["state"] == "unavailable"
        assert metric["reason"] == reason
        assert metric["value"] is None


def assert_counted(benchmark: dict[str, Any]) -> None:
    for metric in allocator_metrics(benchmark):
        assert metric["state"] == "measured" and metric["reason"] is None


def run_for_reason(bench: Bench, program: str, reason: str, *arguments: str) -> None:
    run = bench.run(program, *arguments)
    assert run.status == 0, run
    (benchmark,) = by_id(bench.result(program.split("_")[0])).values()
    assert_unavailable(benchmark, reason)


@pytest.mark.parametrize("name", WRONG)
def test_a_benchmark_that_goes_wrong_in_the_probe_only(bench: Bench, name: str) -> None:
    run_for_reason(bench, "probed", WRONG[name], name)


def test_a_probe_that_does_not_end(bench: Bench) -> None:
    run_for_reason(bench, "probed", "its process did not end within 1 s", "hangs", "--max-time=1")
    assert bench.processes() == []


def test_a_static_program(bench: Bench) -> None:
    reason = "the program is linked statically: nothing can be put before its allocator"
    run_for_reason(bench, "allocating_static", reason, "aligned")


def test_an_allocator_inside_the_executable(bench: Bench) -> None:
    reason = (
        "the allocator is linked into the executable, and its calls do not pass the counting "
        "library"
    )
    run_for_reason(bench, "allocating_jemalloc_inside", reason, "aligned")


def test_a_way_around_the_library(bench: Bench) -> None:
    run = bench.run("probed", "behind_the_back")
    assert run.status == 0, run
    (benchmark,) = by_id(bench.result("probed")).values()
    metrics = {m["name"]: m for m in allocator_metrics(benchmark)}
    assert metrics.pop("frees")["value"] == 1
    for metric in metrics.values():
        assert metric["state"] == "unavailable"
        assert "a way to its allocator around malloc" in metric["reason"]
    assert "assay_expect_no_alloc was not checked in 1 benchmark: blocks were freed" in run.err


def test_options_that_leave_no_probe(bench: Bench) -> None:
    run_for_reason(bench, "probed", "--no-probes was given", "a_good", "--no-probes")
    reason = "--in-process was given, and counting takes a process of its own"
    run_for_reason(bench, "probed", reason, "a_good", "--in-process")
    (benchmark,) = by_id(bench.result("probed")).values()
    (peak,) = [m for m in benchmark["metrics"] if m["source"] == "process"]
    assert peak["state"] == "unavailable"
    assert peak["reason"] == "--in-process was given: the process is not the benchmark's alone"


def test_a_program_that_was_named_to_the_dynamic_linker(bench: Bench) -> None:
    headers = subprocess.run(
        ["readelf", "-l", BUILD / "probes" / "probed"], capture_output=True, text=True, check=True
    )
    linker = headers.stdout.split("program interpreter: ")[1].split("]")[0]
    run = bench.run_command([linker, *bench.command("probed", "a_good")])
    assert run.status == 0, run
    (benchmark,) = by_id(bench.result("probed")).values()
    reason = "the program was started by naming the dynamic linker: start it by its path"
    assert_unavailable(benchmark, reason)


def test_a_program_with_other_rights(bench: Bench) -> None:
    """The system ignores LD_PRELOAD for it."""
    if os.getuid() != 0:
        pytest.skip("takes root to make a program of another user")
    program = bench.folder / "probed"
    shutil.copy(BUILD / "probes" / "probed", program)
    os.chown(program, 65534, -1)
    program.chmod(0o4755)
    for folder in (bench.folder, *bench.folder.parents):
        if folder.stat().st_uid == 0 and folder != Path("/") and "pytest" in str(folder):
            folder.chmod(0o755)
    run = bench.run_command([str(program), *FAST, "a_good", "--discard-baseline", "--verbose"])
    assert run.status == 0, run
    reason = (
        "the program runs with other rights than its user's (setuid, setgid or capabilities), and "
        "the system ignores LD_PRELOAD then"
    )
    assert f"allocations (allocator): not available: {reason}" in run.out


SANITIZED = {
    ("gcc", "address"): "AddressSanitizer",
    ("clang", "address"): "AddressSanitizer",
    ("gcc", "thread"): "ThreadSanitizer",
    ("clang", "memory"): "MemorySanitizer",
}


@pytest.mark.parametrize("build", SANITIZED, ids="-".join)
def test_a_program_under_a_sanitizer(bench: Bench, build: tuple[str, str]) -> None:
    compiler, sanitizer = build
    source = bench.folder / "bench.c"
    program = bench.folder / "bench"
    source.write_text(
        '#include <assay.h>\nASSAY_SUITE("probed");\n'
        "ASSAY_BENCH(one)\n{\n    ASSAY_LOOP(b) {\n        assay_clobber();\n    }\n}\n"
    )
    done = subprocess.run(
        [
            *(compiler, "-O1", f"-fsanitize={sanitizer}", f"-I{ROOT / 'framework'}", source),
            *(BUILD / "lib" / "libassay.a", *LIBRARIES, "-o", program),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        pytest.skip(f"{compiler} has no {SANITIZED[build]} here: {done.stderr[-200:]}")
    listed = bench.run_command([str(program), "--list"])
    if listed.status != 0:
        pytest.skip(f"{SANITIZED[build]} does not run here: {listed.err[-200:]}")
    run = bench.run_command([str(program), *FAST, "--discard-baseline", "--verbose"])
    reason = f"the program is built with {SANITIZED[build]}, which brings its own allocator"
    assert f"allocations (allocator): not available: {reason}" in run.out, run


def test_a_time_budget_without_room(bench: Bench) -> None:
    reason = "--time-budget leaves no time for it"
    run_for_reason(bench, "probed", reason, "sleeps", "--time-budget", "0.2")
    run = bench.run("probed", "a_good", "--time-budget", "0.5")
    assert run.status == 0, run
    assert_counted(by_id(bench.result("probed"))["a_good"])


def test_a_probe_is_run_only_where_there_are_results(bench: Bench) -> None:
    """The benchmark would hang in it."""
    for arguments in (
        ("--test",),
        ("--profile-time", "0.05"),
        ("--list",),
        ("--dry-run",),
        ("--save-baseline", "main", "--no-probes"),
        ("--load-baseline", "main"),
    ):
        run = bench.run("probed", "hangs", *arguments, timeout=10)
        assert run.status == 0, run
        assert not (bench.folder / "probe.pid").exists(), arguments


def test_an_interrupted_probe_keeps_what_was_measured(bench: Bench) -> None:
    process = bench.start("probed", "a_good", "hangs", "promise_kept")
    try:
        assert wait_until(lambda: (bench.folder / "probe.pid").exists())
        time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=5)
    finally:
        for pid in bench.processes():
            os.kill(pid, signal.SIGKILL)
    assert process.returncode == 130, err
    document = bench.result("probed")
    assert document["complete"] is False
    benchmarks = by_id(document)
    assert_counted(benchmarks["a_good"])
    assert_unavailable(benchmarks["hangs"], "the run was interrupted")
    for name in ("promise_kept/threads:1", "promise_kept/threads:2"):
        assert benchmarks[name]["status"] == "interrupted"


BROKEN = "allocated 2 times (64 B) in an iteration, and assay_expect_no_alloc was called"
RARELY = "allocated 0.01 times (0.4 B) in an iteration, and assay_expect_no_alloc was called"
LATE = "assay_expect_no_alloc was called after the loop had begun"


def test_a_broken_promise_fails_the_benchmark(bench: Bench) -> None:
    run = bench.run("probed", "promise")
    assert run.status == 3, run
    assert "was not checked" not in run.err
    benchmarks = by_id(bench.result("probed"))
    for threads in ("threads:1", "threads:2"):
        assert benchmarks[f"promise_kept/{threads}"]["status"] == "measured"
        assert_counted(benchmarks[f"promise_kept/{threads}"])
        assert benchmarks[f"promise_broken/{threads}"]["status"] == "failed"
        assert benchmarks[f"promise_broken/{threads}"]["reason"] == BROKEN
    assert benchmarks["promise_broken_rarely"]["reason"] == RARELY
    assert benchmarks["promise_too_late"]["reason"] == LATE


def test_promises_are_checked_by_test(bench: Bench) -> None:
    run = bench.run("probed", "promise", "--test")
    assert run.status == 3, run
    assert "was not checked" not in run.err
    for threads in ("threads:1", "threads:2"):
        assert f"test probed/promise_kept/{threads} ... ok" in run.lines()
        assert f"test probed/promise_broken/{threads} ... FAILED: {BROKEN}" in run.lines()
    assert f"test probed/promise_broken_rarely ... FAILED: {RARELY}" in run.lines()
    assert f"test probed/promise_too_late ... FAILED: {LATE}" in run.lines()


@pytest.mark.parametrize("test", [(), ("--test",)])
@pytest.mark.parametrize(
    "option, why",
    [
        ("--no-probes", "--no-probes was given"),
        ("--in-process", "--in-process was given, and counting takes a process of its own"),
    ],
)
def test_an_unchecked_promise_is_said(
    bench: Bench, test: tuple[str, ...], option: str, why: str
) -> None:
    run = bench.run("probed", "promise_broken/", option, *test)
    assert run.status == 0, run
    sentence = f"assay_expect_no_alloc was not checked in 2 benchmarks: {why}"
    assert run.err.count("was not checked") == 1
    assert f"assay: warning: {sentence}\n" in run.err
    if not test:
        assert sentence in bench.result("probed")["environment"]["warnings"]
