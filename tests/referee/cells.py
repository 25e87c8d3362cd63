"""What the referee tries: pairs of programs whose true difference is known, and how often each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

COPIES = 8  # of work/work.h
NO_CANARIES = "--no-canaries"
DISTURBERS = ("spinner", "writer", "forks")


@dataclass(frozen=True)
class Cell:
    """`plain` against `new`; `injected` is how much more work one copy of each kernel does."""

    name: str
    title: str
    new: str
    injected: float = 0.0
    disturber: str | None = None


def make_cells() -> dict[str, Cell]:
    cells = [
        Cell("same", "the same program", "copy"),
        Cell("relinked", "the same, linked otherwise", "relinked"),
        Cell("more-0.5", "+0.5 % of work", "i5", 0.005),
        Cell("more-1", "+1 % of work", "i10", 0.01),
        Cell("more-2", "+2 % of work", "i20", 0.02),
        Cell("more-5", "+5 % of work", "i50", 0.05),
    ]
    for disturber in DISTURBERS:
        cells.append(Cell(f"same-{disturber}", f"the same, {disturber}", "copy", 0.0, disturber))
        cells.append(Cell(f"more-2-{disturber}", f"+2 %, {disturber}", "i20", 0.02, disturber))
    return {cell.name: cell for cell in cells}


CELLS = make_cells()
RIVALS = "rivals"  # what --cells calls the measuring of other rules


@dataclass(frozen=True)
class Task:
    """One cell, `runs` times, on some copies of every kernel."""

    cell: str
    runs: int
    copies: Sequence[int] = range(COPIES)

    def filters(self) -> list[str]:
        """The arguments that select them.

        Built-in benchmarks run for the whole suite only: their time is meant to be spread over one.
        """
        if len(self.copies) == COPIES:
            return []
        return [NO_CANARIES, f"^referee/[a-z0-9_]+/[{''.join(map(str, self.copies))}]$"]


@dataclass(frozen=True)
class RivalTask:
    """Other rules on `runs` copies of every kernel (injected: so often on the injected one)."""

    cell: str
    runs: int


@dataclass(frozen=True)
class Plan:
    tasks: tuple[Task, ...]
    rivals: tuple[RivalTask, ...]

    def narrowed(self, names: Sequence[str]) -> "Plan":
        """The cells named; one that is not in the plan gets one run of everything."""
        wanted = [name for name in names if name != RIVALS]
        known = {task.cell: task for task in self.tasks}
        tasks = tuple(known.get(name, Task(name, 1)) for name in wanted)
        return Plan(tasks, self.rivals if RIVALS in names else ())

    def repeated(self, runs: int) -> "Plan":
        return Plan(
            tuple(replace(task, runs=runs) for task in self.tasks),
            tuple(replace(task, runs=runs) for task in self.rivals),
        )

    def rounds(self) -> Iterator[Task]:
        """Cells in turns, so that a bad quarter of an hour meets some runs of each."""
        for turn in range(max((task.runs for task in self.tasks), default=0)):
            yield from (task for task in self.tasks if turn < task.runs)


def short_plan() -> Plan:
    """About six minutes."""
    return Plan(
        (
            Task("same", 1),
            Task("more-1", 1),
            Task("relinked", 1, range(5)),
            Task("more-2", 1),
            Task("more-5", 1),
            *(Task(f"same-{name}", 1, (2, 3)) for name in DISTURBERS),
            *(Task(f"more-2-{name}", 1, (2,)) for name in DISTURBERS),
        ),
        (RivalTask("same", 2), RivalTask("more-2", 1)),
    )


def long_plan() -> Plan:
    """About forty minutes."""
    return Plan(
        (
            Task("same", 3),
            Task("more-1", 7),
            Task("relinked", 3),
            Task("more-2", 5),
            Task("more-5", 3),
            Task("more-0.5", 2),
            *(Task(f"same-{name}", 2, range(4)) for name in DISTURBERS),
            *(Task(f"more-2-{name}", 3, (1, 2, 3)) for name in DISTURBERS),
        ),
        (RivalTask("same", 12), RivalTask("more-1", 5), RivalTask("more-2", 5)),
    )
