"""The referee's tables: text, Markdown and CSV."""

import csv
import datetime
import math
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import rivals
from demands import RIVAL_CELLS, Demand, describe, percent
from scores import Results, Row, RuleRow, make_rows, own_row, rival_row
from tally import Mean, Share


@dataclass(frozen=True)
class Table:
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


def machine() -> str:
    model = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{model}, {os.cpu_count()} CPUs"


def points(mean: Mean) -> str:
    if mean.count == 0:
        return "-"
    error = "" if math.isnan(mean.error) else f" +- {100 * mean.error:.3f}"
    return f"{100 * mean.value:+.3f}{error}"


def silence_cells(row: Row) -> tuple[str, ...]:
    return (
        row.cell.title,
        row.kind,
        describe(row.regressed),
        str(row.improved.hits),
        str(row.unchanged.hits),
        str(row.inconclusive.hits),
        str(row.layout_alone.hits),
        describe(row.fires),
        describe(row.fires_without_floor),
        percent(row.width, 2),
        f"{row.seconds:.2f}",
    )


def power_cells(row: Row) -> tuple[str, ...]:
    return (
        row.cell.title,
        row.kind,
        describe(row.regressed),
        str(row.improved.hits),
        str(row.unchanged.hits),
        str(row.inconclusive.hits),
        percent(row.width, 2),
        points(row.bias),
        f"{row.seconds:.2f}",
        f"{row.per_second:.2f}",
    )


def rule_cells(row: RuleRow) -> tuple[str, ...]:
    return (
        row.name,
        describe(row.false_alarms),
        *(describe(row.detections[cell]) for cell in RIVAL_CELLS),
        "-" if math.isnan(row.seconds) else f"{row.seconds:.2f}",
    )


def make_tables(results: Results, demands: Sequence[Demand]) -> list[Table]:
    rows = make_rows(results)
    rules = [own_row(results, RIVAL_CELLS)]
    for name in rivals.NAMES:
        row = rival_row(results, name, RIVAL_CELLS)
        if row is not None:
            rules.append(row)
    outcome = ("improved", "unchanged", "inconclusive")
    tables = [
        Table(
            "Where nothing differs",
            ("programs", "kernels", "called 'regressed' (95 % bounds)", *outcome)
            + (
                "moved by layout alone",
                "95 % interval of the screen leaves out 0",
                "without floor of the error",
            )
            + ("interval's width", "s a benchmark"),
            [silence_cells(row) for row in rows if not row.more_work],
        ),
        Table(
            "Where more work is done",
            ("programs", "kernels", "found: 'regressed' (95 % bounds)", *outcome)
            + ("interval's width", "bias in points", "s a benchmark", "found a second"),
            [power_cells(row) for row in rows if row.more_work],
        ),
        Table(
            "Other rules, given the same time",
            ("rule", "called where nothing differs", "+1 % found", "+2 % found", "s a benchmark"),
            [rule_cells(row) for row in rules] if len(rules) > 1 else [],
        ),
        Table(
            "Demands",
            ("demand", "seen", "outcome"),
            [(d.text, d.seen, d.outcome) for d in demands],
        ),
    ]
    return [table for table in tables if table.rows]


def as_text(tables: Iterable[Table]) -> str:
    lines = []
    for table in tables:
        grid = [table.columns, *table.rows]
        widths = [max(len(row[i]) for row in grid) for i in range(len(table.columns))]
        lines += ["", table.title]
        for row in grid:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def as_markdown(tables: Iterable[Table], seed: int) -> str:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = [f"{today}, {machine()}; `make referee` with `--seed {seed}`."]
    for table in tables:
        lines += ["", f"**{table.title}**", ""]
        lines.append("| " + " | ".join(table.columns) + " |")
        lines.append("|" + "---|" * len(table.columns))
        lines += ["| " + " | ".join(row) + " |" for row in table.rows]
    return "\n".join(lines) + "\n"


CSV_COLUMNS = (
    *("rule", "cell", "id", "injected_ratio", "verdict", "flagged", "confirmed"),
    *("effect_ratio", "lower_ratio", "upper_ratio", "screen_pairs", "confirm_pairs", "seconds"),
)


def write_csv(path: Path, results: Results) -> None:
    """A line a benchmark of each comparison, and one a call of another rule."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(CSV_COLUMNS)
        for cell, runs in results.comparisons.items():
            for run in runs:
                each_s = f"{run.wall_s / len(run.judged):.4f}"
                for j in run.judged:
                    writer.writerow(
                        ("assay compare", cell, j.id, j.injected, j.verdict, j.flagged)
                        + (j.confirmed, j.point, j.lower, j.upper)
                        + (len(j.screen.logs), len(j.confirming.logs), each_s)
                    )
        for call in results.rivals:
            row = (call.rival, call.cell, call.id, call.injected, call.verdict)
            writer.writerow((*row, *([""] * 7), f"{call.wall_s:.4f}"))


def untrusted_note(untrusted: Share) -> str:
    if untrusted.hits == 0:
        return ""
    return (
        f"{untrusted.hits} of {untrusted.tries} comparisons said that they are not to be trusted: "
        "a built-in benchmark whose answer is known was judged wrongly\n"
    )
