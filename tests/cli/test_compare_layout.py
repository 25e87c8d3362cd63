"""assay compare: a change of which the code cannot be the cause."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from compare_program import SHORT, Contest, contests
from tiny_suite import COMPILERS, Builder

# A worker may know its side, and so do something else with the same code: here it stands for what a
# place in memory does.
SUITE = """\
#include <assay.h>
#include <string.h>

ASSAY_SUITE("tiny");

static int handicap;

__attribute__((constructor)) static void look(int argc, char **argv)
{
    handicap = argc == 3 && strstr(argv[2], ":SIDE") != NULL ? 40 : 0;
}

static void work(int steps)
{
    unsigned x = 1;
    for (int i = 0; i < 1000 + steps; i++) {
        x = x * 3 + 1;
        __asm__ volatile("" : "+r"(x));
    }
}

ASSAY_BENCH(moved)
{
    ASSAY_LOOP(b) {
        work(handicap);
    }
}

ASSAY_BENCH(still)
{
    ASSAY_LOOP(b) {
        work(EXTRA);
    }
}
"""


@pytest.fixture(name="contest")
def make_contest(tmp_path: Path) -> Iterator[Contest]:
    yield from contests(tmp_path / "work")


@pytest.fixture(name="builder", scope="module")
def make_builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(COMPILERS["gcc"], tmp_path_factory.mktemp("layout"))


def build(builder: Builder, side: str, extra: int = 0) -> Path:
    text = SUITE.replace("SIDE", side).replace("EXTRA", str(extra))
    return builder.build({"suite.c": text})


@pytest.mark.parametrize("side, word", [("new", "slower"), ("old", "faster")])
def test_a_change_with_the_same_code_is_told_and_not_called(
    contest: Contest, builder: Builder, side: str, word: str
) -> None:
    old, new = build(builder, side), build(builder, side)
    command = contest.command("assay", "compare", str(old), str(new), *SHORT, "--out", "out")
    run = contest.run_command([*command, "--pair-time", "5ms", "--markdown", "out/comment.md"])
    assert run.status == 0, run
    moved = contest.benchmarks()["moved"]
    assert moved["layout_alone"] and moved["verdict"] == "unchanged" and moved["confirmed"]
    assert 0.02 < abs(moved["effect_ratio"]["point"]) < 0.06
    sentence = f"{word} by its place in memory alone: all that it reaches is the same on both sides"
    assert moved["note"] == sentence
    assert sentence in run.out and ", 1 moved by layout alone" in run.out
    assert sentence in (contest.folder / "out" / "comment.md").read_text(encoding="utf-8")
    assert contest.document()["counts"]["layout_alone"] == 1


def test_a_change_of_the_code_is_called(contest: Contest, builder: Builder) -> None:
    """`still` differs in its bytes; `moved`, slower by as much, does not."""
    old, new = build(builder, "new"), build(builder, "new", 40)
    command = contest.command("assay", "compare", str(old), str(new), *SHORT, "--out", "out")
    run = contest.run_command([*command, "--pair-time", "5ms"])
    assert run.status == 1, run
    found = contest.benchmarks()
    assert found["still"]["verdict"] == "regressed" and not found["still"]["layout_alone"]
    assert found["moved"]["verdict"] == "unchanged" and found["moved"]["layout_alone"]
