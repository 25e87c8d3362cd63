"""How often is `assay compare` right? Programs that do the same work, or 0.5 to 5 % more of it.

    tests/referee/referee.py [--long] [--cells NAME,...] [--csv FILE] [--markdown FILE] [--strict]
    tests/referee/referee.py --record tests/referee/traces.bin

Drives the real command line on real executables (make referee-programs), with and without other work
on the machine, gives other rules the same time, and prints how often each was right, with exact 95 %
bounds, and whether the demands hold. Exit status: 0 when it could run, 1 with --strict when a demand
does not hold, 4 when it could not run, 130 when interrupted (what was seen is printed).
"""

import argparse
import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cells import CELLS, COPIES, RIVALS, Plan, RivalTask, Task, long_plan, short_plan
from demands import FAILS, all_demands
from disturb import disturbing
from driver import INJECTED_COPY, KERNELS, Programs, RefereeError, compare
from record import PAIRS, store
from render import as_markdown, as_text, make_tables, untrusted_note, write_csv
from scores import Results, quiet_cells
from rivals import Trial

ROOT = Path(__file__).resolve().parents[2]
SEED_MAX = 2**53 - 1
DEFAULT_BUDGET_S = 1.0  # of other rules, when no comparison was run to go by


@dataclass
class Referee:
    programs: Programs
    rng: random.Random
    results: Results
    began: float

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.0f} s  {text}", file=sys.stderr, flush=True)

    def seed(self) -> int:
        return self.rng.randint(1, SEED_MAX)

    def run_task(self, task: Task) -> None:
        cell = CELLS[task.cell]
        options = [*task.filters(), "--seed", str(self.seed())]
        cpu = max(os.sched_getaffinity(0))
        if cell.disturber is not None:
            options += ["--pin", str(cpu)]
        with (
            tempfile.TemporaryDirectory() as folder,
            disturbing(cell.disturber, cpu, self.seed()),
        ):
            found = compare(self.programs, cell.new, cell.injected, Path(folder), options)
        self.results.add(task.cell, found)
        calls = [j for j in found.judged if j.verdict in ("regressed", "improved")]
        wrong = sum(j.injected == 0 or j.verdict == "improved" for j in calls)
        more = sum(j.injected > 0 for j in found.judged)
        self.say(
            f"{cell.title}: {len(calls) - wrong} of {more} found, {wrong} false in "
            f"{len(found.judged)}, {found.wall_s / len(found.judged):.2f} s a benchmark"
            f"{'' if found.trusted else ', not trusted'}"
        )

    def record(self, target: Path) -> None:
        """Stores pairs of the same program for the replay."""
        with tempfile.TemporaryDirectory() as folder:
            trace = Path(folder) / "trace.bin"
            options = ["/0$", "--seed", str(self.seed()), "--pairs", str(PAIRS)]
            compare(self.programs, "copy", 0, Path(folder), [*options, "--trace", str(trace)])
            store(trace, target)
        self.say(f"{target}: {target.stat().st_size} bytes")

    def rival_ids(self, task: RivalTask) -> Iterator[str]:
        for turn in range(task.runs):
            copy = INJECTED_COPY if CELLS[task.cell].injected else turn % COPIES
            yield from (f"referee/{kernel}/{copy}" for kernel in KERNELS)

    def run_rivals(self, task: RivalTask) -> None:
        cell = CELLS[task.cell]
        budget_s = self.results.seconds_a_benchmark(quiet_cells())
        if math.isnan(budget_s):
            budget_s = DEFAULT_BUDGET_S
        for name in self.rival_ids(task):
            trial = Trial(
                self.programs, task.cell, cell.new, name, cell.injected, budget_s, self.seed()
            )
            self.results.rivals += trial.run()
        self.say(f"{cell.title}: other rules, {budget_s:.2f} s each")

    def run(self, plan: Plan) -> None:
        for task in plan.rounds():
            self.run_task(task)
        for rival_task in plan.rivals:
            self.run_rivals(rival_task)


def cell_names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in CELLS and name != RIVALS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"there is no cell '{unknown[0]}'; there are: {', '.join([*CELLS, RIVALS])}"
        )
    return names


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How often is `assay compare` right?")
    parser.add_argument("--long", action="store_true", help="forty minutes in place of six")
    parser.add_argument("--cells", type=cell_names, help="only these, separated by commas")
    parser.add_argument("--runs", type=int, help="repetitions of each cell, in place of the plan's")
    parser.add_argument("--seed", type=int, help="of everything that is drawn; default: fresh")
    parser.add_argument("--csv", type=Path, help="write every verdict to this file")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file")
    parser.add_argument("--record", type=Path, help="only store pairs for the replay in this file")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a demand fails")
    parser.add_argument("--build", type=Path, default=Path("build/release"), help="build folder")
    return parser.parse_args()


def make_plan(arguments: argparse.Namespace) -> Plan:
    plan = long_plan() if arguments.long else short_plan()
    if arguments.cells is not None:
        plan = plan.narrowed(arguments.cells)
    if arguments.runs is not None:
        plan = plan.repeated(arguments.runs)
    return plan


def report(referee: Referee, arguments: argparse.Namespace, seed: int) -> int:
    demands = all_demands(referee.results)
    tables = make_tables(referee.results, demands)
    print(as_text(tables) + untrusted_note(referee.results.untrusted()), end="")
    if arguments.csv is not None:
        write_csv(arguments.csv, referee.results)
    if arguments.markdown is not None:
        arguments.markdown.write_text(as_markdown(tables, seed), encoding="utf-8")
    failed = any(demand.outcome == FAILS for demand in demands)
    return 1 if arguments.strict and failed else 0


def main() -> int:
    arguments = parse_arguments()
    seed = (
        arguments.seed if arguments.seed is not None else random.SystemRandom().randint(1, 10**9)
    )
    programs = Programs((ROOT / arguments.build).resolve())
    referee = Referee(programs, random.Random(seed), Results(), time.monotonic())
    try:
        programs.check()
        referee.say(f"seed {seed}")
        if arguments.record is not None:
            referee.record(arguments.record)
            return 0
        referee.run(make_plan(arguments))
        return report(referee, arguments, seed)
    except RefereeError as error:
        print(f"referee: {error}", file=sys.stderr)
        if referee.results.comparisons:
            report(referee, arguments, seed)
        return 4
    except KeyboardInterrupt:
        report(referee, arguments, seed)
        return 130


if __name__ == "__main__":
    sys.exit(main())
