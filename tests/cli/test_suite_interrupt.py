"""Signals: what was measured is kept, what was stored stays whole, and no process is left."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from suite_program import (
    BUILD,
    Bench,
    by_id,
    is_running,
    read_document,
    wait_until,
    write_scaled,
)

KILLS_OF_SAVER = 60
KILLS_OF_SUITE = 12
LONG = ("--max-time", "60")


@pytest.fixture(name="slow")
def make_slow(bench: Bench) -> Iterator[Bench]:
    """Its benchmarks a_short, b_long (half a minute) and c_short; afterwards everything is ended."""
    yield bench
    for pid in bench.processes():
        os.kill(pid, signal.SIGKILL)


def start_long(bench: Bench, *arguments: str) -> "subprocess.Popen[bytes]":
    """A run that has come to the middle one."""
    for name in ("child.pid", "grandchild.pid"):
        (bench.folder / name).unlink(missing_ok=True)
    process = bench.start("slow", *LONG, *arguments)
    assert wait_until(lambda: (bench.folder / "child.pid").exists()), "it did not start"
    time.sleep(0.02)
    return process


def finish(process: "subprocess.Popen[bytes]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=5)
    return process.returncode, out.decode(), err.decode()


def end_hard(process: "subprocess.Popen[bytes]") -> None:
    """Waits without reading to the end: what a benchmark started may hold the pipe open."""
    process.wait(timeout=5)
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        pipe.close()


def assert_interrupted(bench: Bench, process: "subprocess.Popen[bytes]") -> None:
    status, _, err = finish(process)
    assert status == 130, err
    assert all(line.startswith("assay: ") for line in err.splitlines()), err
    document = bench.result("slow")
    assert document["complete"] is False
    benchmarks = by_id(document)
    assert list(benchmarks) == ["a_short", "b_long", "c_short"]
    assert benchmarks["a_short"]["status"] == "measured"
    assert benchmarks["a_short"]["estimates"]["lowmean_ns"]["point"] > 0
    for name in ("b_long", "c_short"):
        assert benchmarks[name]["status"] == "interrupted"
        assert benchmarks[name]["reason"] == "the run was interrupted"
    assert wait_until(lambda: bench.processes() == [], 2), "a process is left"


def test_ctrl_c_reaches_the_whole_group(slow: Bench) -> None:
    process = start_long(slow)
    os.killpg(process.pid, signal.SIGINT)
    assert_interrupted(slow, process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_parent_only(slow: Bench, number: signal.Signals) -> None:
    process = start_long(slow)
    process.send_signal(number)
    assert_interrupted(slow, process)


def test_ctrl_c_twice(slow: Bench) -> None:
    process = start_long(slow)
    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGINT)
    assert_interrupted(slow, process)


def test_a_closed_terminal_keeps_what_was_measured(slow: Bench) -> None:
    process = start_long(slow)
    os.killpg(process.pid, signal.SIGHUP)
    end_hard(process)
    assert by_id(slow.result("slow"))["a_short"]["status"] == "measured"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_the_caller_had_ignored_stays_ignored(
    slow: Bench, number: signal.Signals
) -> None:
    """So do nohup, and a shell's script that starts something in the background, protect it."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        process = start_long(slow)
    finally:
        signal.signal(number, before)
    os.killpg(process.pid, number)
    assert not wait_until(lambda: process.poll() is not None, 0.3), f"{number.name} ended it"
    process.send_signal(signal.SIGTERM)
    assert_interrupted(slow, process)


def test_an_interrupted_run_leaves_the_baseline_as_it_was(slow: Bench) -> None:
    assert slow.run("slow", "a_short", "--save-baseline", "main").status == 0
    before = slow.baseline("slow").read_bytes()
    shutil.rmtree(slow.folder / "results")
    process = start_long(slow, "--save-baseline", "main")
    os.killpg(process.pid, signal.SIGINT)
    status, _, err = finish(process)
    assert status == 130
    assert "assay: the run was interrupted: the baseline was left as it was\n" in err
    assert slow.baseline("slow").read_bytes() == before
    assert list(slow.baseline("slow").parent.iterdir()) == [slow.baseline("slow")]
    assert slow.result("slow")["complete"] is False


def test_an_interrupted_run_with_json_prints_a_whole_document(slow: Bench) -> None:
    process = start_long(slow, "--output-format", "json", "--quiet")
    os.killpg(process.pid, signal.SIGINT)
    status, out, err = finish(process)
    assert (status, err) == (130, "")
    assert read_document(out) == slow.result("slow")


@pytest.mark.parametrize("mode", [["--test"], ["--profile-time", "20"]])
def test_ctrl_c_without_results(slow: Bench, mode: list[str]) -> None:
    process = start_long(slow, "b_long", "c_short", *mode)
    os.killpg(process.pid, signal.SIGINT)
    assert finish(process)[0] == 130
    assert wait_until(lambda: slow.processes() == [], 2)


def test_ctrl_c_works_in_process(slow: Bench) -> None:
    process = start_long(slow, "b_long", "--in-process")
    os.killpg(process.pid, signal.SIGINT)
    assert wait_until(lambda: process.poll() is not None, 3), "Ctrl-C had no effect"
    end_hard(process)
    assert process.returncode in (130, -signal.SIGINT)


def test_ctrl_c_before_the_first_benchmark(bench: Bench) -> None:
    process = bench.start("slow", "a_short", "c_short")
    time.sleep(0.03)
    os.killpg(process.pid, signal.SIGINT)
    assert finish(process)[0] in (130, -signal.SIGINT)
    assert bench.processes() == []


def test_a_killed_parent_takes_the_benchmark_with_it(slow: Bench) -> None:
    process = start_long(slow)
    child = slow.pid_in("child.pid")
    process.kill()
    end_hard(process)
    assert wait_until(lambda: not is_running(child), 2)


# ---- SIGKILL while a baseline is saved ---------------------------------------------------------


def test_a_save_is_all_or_nothing(bench: Bench, good_document: bytes) -> None:
    """Two documents take turns under one name; whenever the program is killed, one of them is there, whole."""
    rng = random.Random(20260131)
    one, two = bench.folder / "one.json", bench.folder / "two.json"
    one.write_bytes(good_document)
    write_scaled(good_document, two, 3)
    contents = {one.read_bytes(), two.read_bytes()}
    target = bench.baseline("good")
    target.parent.mkdir(parents=True)
    left = 0
    for _ in range(KILLS_OF_SAVER):
        with subprocess.Popen(
            [str(BUILD / "probes" / "saver"), str(target), str(one), str(two)],
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"saved\n"
            time.sleep(rng.uniform(0, 0.01))
            process.kill()
        assert process.returncode == -signal.SIGKILL
        assert target.read_bytes() in contents
        left += len(list(target.parent.iterdir())) - 1
    assert left > 0, "no kill met a save half way"
    assert_leftovers_do_not_matter(bench, target)


def assert_leftovers_do_not_matter(bench: Bench, target: Path) -> None:
    run = bench.run("assay", "baseline", "list")
    assert (run.status, run.err, len(run.lines())) == (0, "", 1), run
    assert run.out.startswith("main ")
    run = bench.run("good", "plain", "copy", "--baseline", "main", "--noise-threshold", "1")
    assert run.status == 0, run
    run = bench.run("good", "plain", "copy", "--save-baseline", "main")
    assert run.status == 0, run
    read_document(target.read_bytes())


def test_leftovers_are_cleared_away(bench: Bench, good_document: bytes) -> None:
    """What a killed save left does not stay for ever: the next save of that file removes it."""
    target = bench.baseline("good")
    target.parent.mkdir(parents=True)
    target.write_bytes(good_document)
    leftover = target.parent / "good.json.tmp.999999999"
    leftover.write_bytes(good_document[:1000])
    os.utime(leftover, (time.time() - 7200,) * 2)
    assert bench.run("good", "plain", "--save-baseline", "main").status == 0
    assert list(target.parent.iterdir()) == [target]


def test_a_killed_run_leaves_the_baseline_whole(bench: Bench) -> None:
    rng = random.Random(20260201)
    arguments = ("good", "plain", "--save-baseline", "main", "--results-dir", "out")
    begun = time.monotonic()
    assert bench.run(*arguments).status == 0
    seconds = time.monotonic() - begun
    path = bench.baseline("good")
    for _ in range(KILLS_OF_SUITE):
        process = bench.start(*arguments)
        time.sleep(rng.uniform(0.3, 1.1) * seconds)
        process.kill()
        process.communicate(timeout=5)
        assert by_id(read_document(path.read_bytes()))["plain"]["status"] == "measured"
    assert wait_until(lambda: bench.processes() == [], 2)
    assert bench.run("good", "plain", "--baseline-lenient", "main").status in (0, 1)
