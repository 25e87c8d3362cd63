"""assay compare and signals: what was measured is kept, and no process is left."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from compare_program import Contest, contests
from suite_program import Run, is_running, wait_until

HANGING = ["plain\ta", "plain\tb", "hang_in_loop\tc"]


@pytest.fixture(name="contest")
def make_contest(tmp_path: Path) -> Iterator[Contest]:
    yield from contests(tmp_path / "work")


def finish(process: "subprocess.Popen[bytes]", seconds: float = 3) -> Run:
    """It ends within three seconds."""
    out, err = process.communicate(timeout=seconds)
    return Run(process.returncode, out.decode(), err.decode())


def start_hanging(contest: Contest, *arguments: str) -> "subprocess.Popen[bytes]":
    """A comparison whose new side of one benchmark does not end; returns when that one runs."""
    contest.sides(["plain\ta", "plain\tb", "plain\tc"], HANGING)
    process = contest.start_compare(*arguments)
    pid = contest.folder / "new" / "contender.pid"
    assert wait_until(lambda: pid.exists() and pid.read_text().endswith("\n")), "it did not start"
    return process


def worker(contest: Contest) -> int:
    return int((contest.folder / "new" / "contender.pid").read_text())


def assert_interrupted(contest: Contest, run: Run) -> None:
    assert run.status == 130, run
    assert all(line.startswith("assay: ") for line in run.err.splitlines()), run.err
    document = contest.document()
    assert document["complete"] is False
    benchmarks = contest.benchmarks()
    assert list(benchmarks) == ["a", "b", "c"]
    assert benchmarks["c"]["status"] == "untried"
    assert "interrupted" in benchmarks["c"]["reason"]
    assert document["counts"]["failed"] == 0
    assert wait_until(lambda: contest.processes() == [], 2), "a process is left"


@pytest.mark.parametrize("whom", ["group", "driver"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_what_was_measured(
    contest: Contest, whom: str, number: signal.Signals
) -> None:
    process = start_hanging(contest, "--markdown", "comment.md", "--junit", "junit.xml")
    if whom == "group":
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    assert_interrupted(contest, finish(process))
    assert (contest.folder / "comment.md").exists()
    assert (contest.folder / "junit.xml").exists()


def test_ctrl_c_twice(contest: Contest) -> None:
    process = start_hanging(contest)
    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGINT)
    assert_interrupted(contest, finish(process))


def test_pairs_before_the_interruption_are_in_the_document(contest: Contest) -> None:
    contest.sides(["plain\ta", "plain\tb"])
    process = contest.start_compare("--pairs", "1000")
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    run = finish(process)
    assert run.status == 130, run
    assert contest.document()["complete"] is False
    for benchmark in contest.benchmarks().values():
        assert benchmark["status"] == "compared"
        assert 1 < len(benchmark["pairs"]["order"]) < 1000
    assert "contender/a" in run.out


def test_ctrl_c_before_the_first_pair(contest: Contest) -> None:
    """While the empty loop is measured, and while the quietest CPU is looked for."""
    contest.sides([f"plain\tb{i}" for i in range(40)])
    for wait_s in (0.02, 0.05, 0.1, 0.2):
        process = contest.start_compare("--pairs", "1000")
        time.sleep(wait_s)
        os.killpg(process.pid, signal.SIGINT)
        run = finish(process)
        assert run.status in (130, -signal.SIGINT), run
        assert contest.processes() == []


def test_ctrl_c_while_an_executable_does_not_say_what_it_is(contest: Contest) -> None:
    contest.sides(["plain\ta"])
    contest.script("new", "echo $$ >asked.pid; exec sleep 60")
    process = contest.start_compare()
    asked = contest.folder / "asked.pid"
    assert wait_until(lambda: asked.exists() and asked.read_text().endswith("\n"))
    os.killpg(process.pid, signal.SIGINT)
    run = finish(process)
    assert run.status == 130, run
    assert wait_until(lambda: contest.processes() == [], 2), "a process is left"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_the_caller_had_ignored_stays_ignored(
    contest: Contest, number: signal.Signals
) -> None:
    """So does nohup protect it."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        process = start_hanging(contest)
    finally:
        signal.signal(number, before)
    os.killpg(process.pid, number)
    assert not wait_until(lambda: process.poll() is not None, 0.3), f"{number.name} ended it"
    process.send_signal(signal.SIGTERM)
    assert_interrupted(contest, finish(process))


def test_a_killed_driver_takes_its_workers_with_it(contest: Contest) -> None:
    process = start_hanging(contest)
    pid = worker(contest)
    assert is_running(pid)
    process.kill()
    process.communicate(timeout=5)
    assert wait_until(lambda: contest.processes() == [] and not is_running(pid), 2)


def test_a_worker_that_is_killed(contest: Contest) -> None:
    """By the kernel, short of memory, for one: that side failed; the comparison goes on."""
    process = start_hanging(contest)
    os.kill(worker(contest), signal.SIGKILL)
    run = finish(process, 20)
    assert run.status == 3, run
    benchmarks = contest.benchmarks()
    assert benchmarks["c"]["reason"] == "new: crashed with signal 9 (Killed)"
    assert benchmarks["a"]["status"] == benchmarks["b"]["status"] == "compared"


def test_a_worker_that_is_stopped(contest: Contest) -> None:
    process = start_hanging(contest, "--max-time", "1")
    pid = worker(contest)
    os.kill(pid, signal.SIGSTOP)
    run = finish(process, 20)
    assert run.status == 3, run
    assert contest.benchmarks()["c"]["reason"] == "new: did not end within 1 s"
    assert not is_running(pid)


def test_a_driver_that_is_stopped_and_goes_on(contest: Contest) -> None:
    contest.sides(["plain\ta"])
    process = contest.start_compare("--pairs", "60")
    time.sleep(0.4)
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.3)
    process.send_signal(signal.SIGCONT)
    run = finish(process, 20)
    assert run.status in (0, 1), run
    assert contest.benchmarks()["a"]["status"] == "compared"


def test_it_works_where_child_signals_are_ignored(contest: Contest) -> None:
    """A parent that ignores SIGCHLD hands that down to the programs that it starts."""

    def ignore() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    contest.sides(["plain\ta", "checks_signals\tb"])
    run = contest.compare(timeout=20, preexec_fn=ignore)
    assert run.status in (0, 1), run


def test_a_reader_that_goes_away(contest: Contest) -> None:
    contest.sides(["plain\ta"])
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        run = contest.compare(stdout=write_end)
    finally:
        os.close(write_end)
    assert run.status == 4, run
    assert contest.document()["complete"] is True
