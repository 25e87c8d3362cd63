"""From compare.json to the referee's tables and the outcomes of its demands."""

import csv
import math
from pathlib import Path
from typing import Any

import pytest

import demands
from cells import CELLS, Plan, RivalTask, Task, long_plan, short_plan
from driver import RefereeError, read_comparison
from render import as_markdown, as_text, make_tables, write_csv
from rivals import CRITERION, RivalCall
from scores import Results, bias, make_rows
from tally import Share


def benchmark(
    name: str, verdict: str, logs: list[float], layout_alone: bool = False
) -> dict[str, Any]:
    """Four pairs of the screen, then the rest of `logs` as confirming ones."""
    return {
        "id": name,
        "status": "compared",
        "reason": None,
        "verdict": verdict,
        "layout_alone": layout_alone,
        "flagged": len(logs) > 6,
        "confirmed": len(logs) > 6,
        "effect_ratio": {"point": 0.01, "lower": 0.008, "upper": 0.012},
        "pairs": {
            "confirming": [i >= 6 for i in range(len(logs))],
            "order": [1 if i % 2 else -1 for i in range(len(logs))],
            "log_ratio": logs,
        },
    }


def document(*benchmarks: dict[str, Any], trusted: bool = True) -> dict[str, Any]:
    settings = {"screen_pairs": 6, "confirm_pairs": 12}
    return {"trusted": trusted, "settings": settings, "benchmarks": list(benchmarks)}


QUIET = [0.001, -0.001, 0.0, 0.0015, -0.0012, -0.0003]
SLOW = [math.log(1.012)] * 6


def seen() -> Results:
    results = Results()
    same = document(
        benchmark("referee/alu/0", "unchanged", QUIET),
        benchmark("referee/sort/2", "regressed", SLOW + SLOW),
        benchmark("referee/chase_l2/1", "inconclusive", QUIET),
    )
    more = document(
        benchmark("referee/alu/2", "regressed", SLOW + SLOW),
        benchmark("referee/hash/2", "unchanged", SLOW),
        benchmark("referee/hash/3", "improved", QUIET),
        trusted=False,
    )
    results.add("same", read_comparison(same, 6.0, 0.0))
    results.add("more-1", read_comparison(more, 3.0, 0.01))
    return results


def test_only_the_injected_copy_counts_as_changed() -> None:
    rows = {(r.cell.name, r.kind, r.more_work): r for r in make_rows(seen())}
    assert set(rows) == {
        ("same", "compute", False),
        ("same", "memory", False),
        ("more-1", "compute", False),
        ("more-1", "compute", True),
    }
    false = rows["same", "compute", False]
    assert (false.regressed, false.unchanged) == (Share(1, 2), Share(1, 2))
    found = rows["more-1", "compute", True]
    assert (found.regressed, found.unchanged) == (Share(1, 2), Share(1, 2))
    assert found.per_second == pytest.approx(0.5 / 1.0)
    assert rows["more-1", "compute", False].improved == Share(1, 1)


def test_rate_at_5_percent_comes_from_the_screen_alone() -> None:
    """SLOW is far from 0 and without spread, QUIET is around 0."""
    rows = {(r.cell.name, r.kind, r.more_work): r for r in make_rows(seen())}
    assert rows["same", "compute", False].fires == Share(1, 2)
    assert rows["same", "memory", False].fires == Share(0, 1)


def test_bias_is_what_the_screen_shows_less_the_truth() -> None:
    judged = [j for j in seen().judged(["more-1"]) if j.injected > 0]
    found = bias(judged)
    assert found.value == pytest.approx(0.002)
    assert found.count == 2


def test_pairs_beyond_the_screen_are_left_out() -> None:
    late = benchmark("referee/alu/0", "unchanged", QUIET)
    late["pairs"]["confirming"] += [False] * 3
    late["pairs"]["order"] += [1, -1, 1]
    late["pairs"]["log_ratio"] = [*QUIET, 9.0, 9.0, 9.0]
    (judged,) = read_comparison(document(late), 1.0, 0.0).judged
    assert judged.screen.logs == tuple(QUIET)


def test_a_benchmark_that_was_not_compared_ends_it() -> None:
    failed = {"id": "referee/alu/0", "status": "failed", "reason": "crashed"}
    with pytest.raises(RefereeError, match="referee/alu/0 was not compared: crashed"):
        read_comparison(document(failed), 1.0, 0.0)
    with pytest.raises(RefereeError, match="nothing was compared"):
        read_comparison(document(), 1.0, 0.0)


@pytest.mark.parametrize(
    ("hits", "tries", "outcome"),
    [
        (0, 0, demands.UNTRIED),
        (95, 100, demands.HOLDS),
        (94, 100, demands.OPEN),
        (80, 100, demands.FAILS),
    ],
)
def test_power_fails_when_even_its_upper_bound_is_too_low(
    hits: int, tries: int, outcome: str
) -> None:
    assert demands.at_least(Share(hits, tries), 0.95) == outcome


@pytest.mark.parametrize(
    ("hits", "outcome"),
    [(1, demands.OPEN), (5, demands.HOLDS), (10, demands.OPEN), (20, demands.FAILS)],
)
def test_rate_within_a_range(hits: int, outcome: str) -> None:
    assert demands.within(Share(hits, 100), (0.03, 0.07)) == outcome


def test_silence_needs_its_tries() -> None:
    assert demands.none_of(Share(0, 199), 200) == demands.OPEN
    assert demands.none_of(Share(0, 200), 200) == demands.HOLDS
    assert demands.none_of(Share(1, 5000), 200) == demands.FAILS


def rival(cell: str, injected: float, verdict: str) -> RivalCall:
    return RivalCall(CRITERION, cell, "referee/alu/2", injected, verdict, 1.0, 1.5)


@pytest.mark.parametrize(
    ("false_alarm", "found", "outcome"),
    [
        ("improved", "none", demands.HOLDS),
        ("none", "none", demands.FAILS),
        ("improved", "regressed", demands.FAILS),
    ],
)
def test_a_rival_is_beaten_in_every_column(false_alarm: str, found: str, outcome: str) -> None:
    """The referee's own share is one false alarm of two, and half of the changes found."""
    results = seen()
    results.comparisons["same"] = [
        read_comparison(
            document(
                benchmark("referee/alu/0", "regressed", SLOW),
                benchmark("referee/alu/1", "unchanged", QUIET),
                benchmark("referee/alu/3", "unchanged", QUIET),
            ),
            3.0,
            0.0,
        )
    ]
    results.rivals = [rival("same", 0.0, false_alarm), rival("more-1", 0.01, found)]
    assert demands.against(results, CRITERION).outcome == outcome


def test_tables_and_files(tmp_path: Path) -> None:
    results = seen()
    results.rivals = [rival("same", 0.0, "none")]
    tables = make_tables(results, demands.all_demands(results))
    assert [t.title for t in tables] == [
        "Where nothing differs",
        "Where more work is done",
        "Other rules, given the same time",
        "Demands",
    ]
    assert all(len(row) == len(t.columns) for t in tables for row in t.rows)
    assert "1 of 2: 50.0 % (1.3 % .. 98.7 %)" in as_text(tables)
    rules = [line for line in as_markdown(tables, 5).splitlines() if line.startswith("|---")]
    assert [line.count("---") for line in rules] == [len(t.columns) for t in tables]
    write_csv(tmp_path / "x.csv", results)
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows if row["cell"] == "more-1"] == [
        "regressed",
        "unchanged",
        "improved",
    ]
    assert rows[-1]["rule"] == CRITERION
    assert rows[-1]["seconds"] == "1.5000"


@pytest.mark.parametrize("plan", [short_plan(), long_plan()])
def test_plans_name_cells_that_exist(plan: Plan) -> None:
    names = [task.cell for task in plan.tasks]
    assert set(names) <= set(CELLS)
    assert {task.cell for task in plan.rivals} <= set(CELLS)
    assert len(list(plan.rounds())) == sum(task.runs for task in plan.tasks)
    # A part of the copies always has the injected one where there is one to find.
    assert all(2 in task.copies for task in plan.tasks if CELLS[task.cell].injected)


def test_a_plan_can_be_narrowed() -> None:
    plan = Plan((Task("same", 2), Task("more-5", 1)), (RivalTask("same", 3),))
    narrow = plan.narrowed(["more-5", "more-2"])
    assert [(t.cell, t.runs) for t in narrow.tasks] == [("more-5", 1), ("more-2", 1)]
    assert narrow.rivals == ()
    assert plan.narrowed(["rivals"]).rivals == plan.rivals


@pytest.mark.parametrize("cell, outcome", [("same", demands.FAILS), ("relinked", demands.HOLDS)])
def test_a_call_that_was_taken_back_is_false_between_copies_of_one_program(
    cell: str, outcome: str
) -> None:
    """Between links of it the layout does differ: there it is told, and no false call."""
    moved = [benchmark(f"referee/sort/{i}", "unchanged", SLOW + SLOW, True) for i in range(200)]
    results = Results()
    results.add(cell, read_comparison(document(*moved), 200.0, 0.0))
    assert demands.all_demands(results)[0].outcome == outcome
    (row,) = make_rows(results)
    assert row.layout_alone == Share(200, 200) and row.regressed == Share(0, 200)
    assert "moved by layout alone" in as_text(make_tables(results, []))
