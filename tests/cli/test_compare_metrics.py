"""What both sides of a comparison count: allocations are gated at zero tolerance."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compare_program import Contest, contests

# Whatever the times do: it is about counts.
TIMES_ASIDE = ("--guard", "90%", "--margin", "99%")


@pytest.fixture(name="contest")
def make_contest(tmp_path: Path) -> Iterator[Contest]:
    yield from contests(tmp_path / "work")


def metric(benchmark: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [pair for pair in benchmark["metrics"] if pair["name"] == name]
    pair: dict[str, Any] = found
    return pair


def test_the_same_allocations_are_the_same(contest: Contest) -> None:
    contest.sides(["thrifty\tone", "plain\ttwo"])
    run = contest.compare(*TIMES_ASIDE)
    assert run.status == 0, run
    assert contest.document()["counts"]["beyond_gate"] == 0
    pair = metric(contest.benchmarks()["one"], "allocations")
    assert (pair["old"]["value"], pair["new"]["value"], pair["change"]) == (3, 3, "same")
    assert (pair["tolerance"], pair["failed"]) == (0, False)
    assert metric(contest.benchmarks()["two"], "allocations")["new"]["value"] == 0


def test_one_more_allocation_is_a_regression(contest: Contest) -> None:
    contest.sides(["thrifty\tone", "thrifty\ttwo"], ["wasteful\tone", "thrifty\ttwo"])
    files = ("--markdown", "c.md", "--junit", "c.xml")
    run = contest.compare(*TIMES_ASIDE, *files)
    assert run.status == 1, run
    assert "allocations 3 -> 4 (+33.3 %), beyond its gate" in run.out
    assert "0 regressed" in run.out and "1 beyond a gate" in run.out
    pair = metric(contest.benchmarks()["one"], "allocations")
    assert (pair["change"], pair["failed"]) == ("more", True)
    assert "allocations 3 -" in (contest.folder / "c.md").read_text()
    assert 'type="beyond a gate"' in (contest.folder / "c.xml").read_text()


@pytest.mark.parametrize("gate", ["none", "allocations=50%", "frees=0"])
def test_gates_are_the_users(contest: Contest, gate: str) -> None:
    contest.sides(["thrifty\tone"], ["wasteful\tone"])
    run = contest.compare(*TIMES_ASIDE, "--gate", gate)
    assert run.status == (1 if gate == "frees=0" else 0), run


@pytest.mark.parametrize("words", [["--gate", "allocatoins=0"], ["--gate", "instructions=0"]])
def test_a_gate_that_guards_nothing_is_told(contest: Contest, words: list[str]) -> None:
    contest.sides(["thrifty\tone"])
    run = contest.compare(*TIMES_ASIDE, *words)
    assert run.status == 0 and run.err.count("guards nothing") == 1, run


def test_fewer_allocations_are_no_regression(contest: Contest) -> None:
    contest.sides(["wasteful\tone"], ["thrifty\tone"])
    run = contest.compare(*TIMES_ASIDE)
    assert run.status == 0, run
    assert "allocations 4 -> 3 (-25.0 %)" in run.out
    assert metric(contest.benchmarks()["one"], "allocations")["change"] == "less"


def test_no_probes_counts_nothing(contest: Contest) -> None:
    contest.sides(["thrifty\tone"], ["wasteful\tone"])
    run = contest.compare(*TIMES_ASIDE, "--no-probes")
    assert run.status == 0, run
    assert "metrics" not in contest.benchmarks()["one"]


def test_an_executable_without_probes_is_a_reason(contest: Contest) -> None:
    contest.sides(["thrifty\tone"])
    program = contest.folder / "old" / "contender"
    content = program.read_bytes()
    assert b"probes\0" in content
    program.write_bytes(content.replace(b"probes\0", b"prober\0"))
    run = contest.compare(*TIMES_ASIDE)
    assert run.status == 0, run
    pair = metric(contest.benchmarks()["one"], "allocations")
    assert pair["change"] == "unknown" and pair["new"]["value"] == 3
    assert "built with an older Assay" in pair["old"]["reason"] and pair["old"]["value"] is None
    assert run.err.count("allocations were not counted in 1 benchmark") == 1


def test_a_bad_gate_is_named(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    run = contest.compare("--gate", "allocations")
    assert run.status == 2 and '"allocations" is not NAME=PART' in run.err


# ---- Short runs of both sides in turns: latencies, and events of the kernel ------------------------


def test_latencies_of_both_sides_are_compared(contest: Contest) -> None:
    """p90 lies among the short ones, p99 among the tail, which is half as long again."""
    contest.sides(["short_tail\tone", "plain\ttwo"], ["long_tail\tone", "plain\ttwo"])
    run = contest.compare(*TIMES_ASIDE)
    assert run.status == 0, run
    pair = metric(contest.benchmarks()["one"], "latency_p99")
    assert (pair["source"], pair["unit"], pair["change"]) == ("latency", "ns", "more")
    assert pair["old"]["value"] == pytest.approx(1000, rel=1e-3)
    assert pair["new"]["value"] == pytest.approx(1500, rel=1e-3)
    assert metric(contest.benchmarks()["one"], "latency_p50")["change"] == "same"
    assert "    latency_p99 1000 -> 1500 ns (+50.0 %): more\n" in run.out
    names = [pair["name"] for pair in contest.benchmarks()["two"]["metrics"]]
    assert not any(name.startswith("latency") for name in names)


@pytest.mark.parametrize("gate, status", [("latency_p99=40%", 1), ("latency_p99=60%", 0)])
def test_a_latency_has_its_gate(contest: Contest, gate: str, status: int) -> None:
    contest.sides(["short_tail\tone"], ["long_tail\tone"])
    run = contest.compare(*TIMES_ASIDE, "--gate", gate, "--markdown", "c.md")
    assert run.status == status and "guards nothing" not in run.err, run
    assert ("beyond its gate" in run.out) == (status == 1)
    assert "latency_p99" in (contest.folder / "c.md").read_text()


def test_latencies_that_did_not_change_are_the_same(contest: Contest) -> None:
    contest.sides(["long_tail\tone"])
    run = contest.compare(*TIMES_ASIDE, "--gate", "latency_p50=0,latency_p99=0,latency_p99_9=0")
    assert run.status == 0, run
    pairs = [p for p in contest.benchmarks()["one"]["metrics"] if p["source"] == "latency"]
    assert [p["name"] for p in pairs] == [
        *("latency_p50", "latency_p90", "latency_p99", "latency_p99_9")
    ]
    assert {p["change"] for p in pairs} == {"same"}


def test_events_of_both_sides_are_compared(contest: Contest) -> None:
    contest.sides(["two_pages\tone"], ["three_pages\tone"])
    run = contest.compare(*TIMES_ASIDE, "--counters", "page-faults", "--gate", "page-faults=10%")
    assert run.status == 1, run
    pair = metric(contest.benchmarks()["one"], "page-faults")
    assert (pair["source"], pair["change"], pair["failed"]) == ("perf", "more", True)
    assert pair["old"]["value"] == pytest.approx(2, abs=0.1)
    assert pair["new"]["value"] == pytest.approx(3, abs=0.1)
    assert "page-faults" in run.out and "beyond its gate" in run.out


def test_events_that_cannot_be_counted_say_why(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    program = contest.folder / "old" / "contender"
    content = program.read_bytes()
    program.write_bytes(content.replace(b"probes\0", b"prober\0"))
    run = contest.compare(*TIMES_ASIDE, "--counters", "page-faults")
    assert run.status == 0, run
    pair = metric(contest.benchmarks()["one"], "page-faults")
    assert pair["change"] == "unknown" and "built with an older Assay" in pair["old"]["reason"]
    assert "page-faults: not available: the executable has no probes" in run.out
    assert run.err.count("some events were not counted in 1 benchmark") == 1


def test_an_event_that_is_not_known_is_named(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    run = contest.compare("--counters", "page-fualts")
    assert run.status == 2 and "page-fualts" in run.err and "page-faults" in run.err
