"""Benchmarks that go wrong: the others run, and each says why."""

import re
from pathlib import Path
from typing import Any

import pytest
from suite_program import Bench, Document, Run, by_id, is_running, wait_until

FAILED = {
    "abort_in_setup": r"crashed with signal 6 \(Aborted\)",
    "endless": r"did not end within 1 s \(--max-time\)",
    "exit_0": "the body ended its process",
    "exit_7": "its process ended with exit status 7",
    "fail_at_length": "(é)+.?",
    "fail_in_loop": "wrong result in call 100",
    "fail_in_setup": r'the fixture is "broken":\s+two lines, \ufffd and é',
    "infinite_counter": ".*not finite.*",
    "left_by_break": ".*left by break.*",
    "left_by_return": ".*left from inside the loop.*",
    "no_loop": ".*without reaching ASSAY_LOOP.*",
    # A sanitizer catches the signal, reports and exits.
    "segv": r"crashed with signal 11 \(Segmentation fault\)|its process ended with exit status 1",
    "two_loops": ".*second ASSAY_LOOP.*",
}
SKIPPED = {
    "skipped_by_body": "no file to read",
    "skipped_by_rule": "this machine has no such unit",
}
MEASURED = {"a_good", "allocates", "leaks_child", "z_good"}
# Its figures are beyond what a number can hold; it has a test of its own.
OVERFLOWS = "endless_duration"


class Outcome:
    """One run of the whole suite, for many looks at it."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder)
        self.run: Run = self.bench.run("bad", "--max-time", "1", "--skip", OVERFLOWS)
        self.document: Document = self.bench.result("bad")
        self.benchmarks: dict[str, Any] = by_id(self.document)


@pytest.fixture(name="outcome", scope="module")
def run_bad(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return Outcome(tmp_path_factory.mktemp("bad"))


def test_a_failure_gives_status_3_and_a_whole_document(outcome: Outcome) -> None:
    assert outcome.run.status == 3, outcome.run
    assert outcome.document["complete"] is True
    assert set(outcome.benchmarks) == MEASURED | set(FAILED) | set(SKIPPED)
    assert outcome.run.lines()[-1] == "bad: 4 measured, 13 failed, 2 skipped"


@pytest.mark.parametrize("name", FAILED)
def test_a_failed_benchmark_says_why(outcome: Outcome, name: str) -> None:
    benchmark = outcome.benchmarks[name]
    assert benchmark["status"] == "failed"
    assert re.fullmatch(FAILED[name], benchmark["reason"]), benchmark["reason"]
    assert "estimates" not in benchmark
    assert re.search(rf"^bad/{name} +failed: ", outcome.run.out, re.M)


@pytest.mark.parametrize("name", SKIPPED)
def test_a_skipped_benchmark_says_why(outcome: Outcome, name: str) -> None:
    benchmark = outcome.benchmarks[name]
    assert (benchmark["status"], benchmark["reason"]) == ("skipped", SKIPPED[name])
    assert re.search(rf"^bad/{name} +skipped: {SKIPPED[name]}$", outcome.run.out, re.M)


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_the_others_are_measured(outcome: Outcome, name: str) -> None:
    benchmark = outcome.benchmarks[name]
    assert (benchmark["status"], benchmark["reason"]) == ("measured", None)
    assert benchmark["estimates"]["lowmean_ns"]["point"] > 0
    assert len(benchmark["samples"]["time_ns"]) >= 10


def test_a_reason_takes_one_line_of_the_results(outcome: Outcome) -> None:
    for line in outcome.run.lines():
        assert line.startswith(("bad/", "bad: ")), line


def test_a_reason_that_is_cut_off_stays_text(outcome: Outcome) -> None:
    """Cut between characters, not within one."""
    assert not outcome.benchmarks["fail_at_length"]["reason"].endswith("\ufffd")


def test_no_process_is_left(outcome: Outcome) -> None:
    leaked = outcome.bench.pid_in("leaked.pid")
    assert wait_until(lambda: not is_running(leaked), 2)
    assert outcome.bench.processes() == []


def test_skipping_is_no_failure(bench: Bench) -> None:
    run = bench.run("bad", "skipped", "a_good")
    assert run.status == 0, run
    assert run.lines()[-1] == "bad: 1 measured, 2 skipped"


def test_a_failure_wins_over_what_was_skipped(bench: Bench) -> None:
    assert bench.run("bad", "skipped", "segv").status == 3


def test_test_mode_tells_failures(bench: Bench) -> None:
    run = bench.run("bad", "--test", "--max-time", "0.3", "--skip", OVERFLOWS, fast=False)
    assert run.status == 3, run
    lines = run.out
    assert "test bad/a_good ... ok\n" in lines
    assert "test bad/skipped_by_body ... skipped: no file to read\n" in lines
    assert "test bad/no_loop ... FAILED: " in lines
    assert "test bad/endless ... FAILED: did not end within 0.3 s" in lines
    # fail_in_loop needs a hundred iterations to see its error, and there is one.
    assert "test bad/fail_in_loop ... ok\n" in lines
    assert run.lines()[-1] == "bad: 5 ok, 12 failed, 2 skipped"


def test_a_failed_benchmark_does_not_hide_a_regression_of_another(bench: Bench) -> None:
    """Status 3 it is, but the comparison of the others is made."""
    assert bench.run("bad", "a_good", "z_good", "--save-baseline", "main").status == 0
    run = bench.run("bad", "a_good", "segv", "--baseline-lenient", "main")
    assert run.status == 3, run
    assert by_id(bench.result("bad"))["a_good"]["comparison"] is not None


def test_durations_beyond_all_numbers_do_not_end_the_run(bench: Bench) -> None:
    run = bench.run("bad", "a_good", OVERFLOWS, "z_good")
    assert run.status in (0, 3), run
    benchmarks = by_id(bench.result("bad"))
    assert benchmarks["a_good"]["status"] == benchmarks["z_good"]["status"] == "measured"
    assert benchmarks[OVERFLOWS]["status"] == "failed"
    assert run.status == 3
