"""What is demanded of comparisons, held against what was seen."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import rivals
from cells import DISTURBERS, RIVALS
from driver import Judged
from scores import (
    Results,
    bias,
    by_times_regressed,
    fires_at_5_percent,
    injected_only,
    is_regressed,
    of_class,
    own_row,
    quiet_cells,
    rival_row,
    share,
    unchanged_only,
)
from tally import SE_FLOOR, Share

HOLDS = "holds"
FAILS = "does not hold"
OPEN = "too few tries to say"
UNTRIED = "not tried"

NULL_CELLS = ("same", "relinked")
NULLS_NEEDED = 200
FIRES_RANGE = (0.03, 0.07)
SECONDS = 1.0
BIAS_LIMIT = 0.0015
POWER = (
    ("compute", "more-1", 0.70),
    ("compute", "more-2", 0.95),
    ("compute", "more-5", 0.995),
    ("memory", "more-2", 0.90),
    ("memory", "more-5", 0.99),
)
RIVAL_CELLS = ("more-1", "more-2")


@dataclass(frozen=True)
class Demand:
    text: str
    seen: str
    outcome: str


def percent(ratio: float, digits: int = 1) -> str:
    return "-" if math.isnan(ratio) else f"{100 * ratio:.{digits}f} %"


def describe(found: Share) -> str:
    if found.tries == 0:
        return "-"
    lower, upper = found.bounds()
    return (
        f"{found.hits} of {found.tries}: {percent(found.point)} "
        f"({percent(lower)} .. {percent(upper)})"
    )


def at_least(found: Share, limit: float) -> str:
    if found.tries == 0:
        return UNTRIED
    if found.point >= limit:
        return HOLDS
    return FAILS if found.bounds()[1] < limit else OPEN


def at_most(found: Share, limit: float) -> str:
    if found.tries == 0:
        return UNTRIED
    if found.point <= limit:
        return HOLDS
    return FAILS if found.bounds()[0] > limit else OPEN


def within(found: Share, limits: tuple[float, float]) -> str:
    if found.tries == 0:
        return UNTRIED
    lower, upper = found.bounds()
    if limits[0] <= found.point <= limits[1]:
        return HOLDS
    return FAILS if lower > limits[1] or upper < limits[0] else OPEN


def none_of(found: Share, needed: int) -> str:
    if found.tries == 0:
        return UNTRIED
    if found.hits > 0:
        return FAILS
    return HOLDS if found.tries >= needed else OPEN


def is_false(judged: Judged, cell: str) -> bool:
    """Called slower where nothing is: by its verdict where the layout differs, else by its times."""
    return is_regressed(judged) if cell == "relinked" else by_times_regressed(judged)


def false_calls(results: Results, cells: Iterable[str]) -> Share:
    total = Share(0, 0)
    for cell in cells:
        nulls = unchanged_only(results.judged([cell]))
        total += share(nulls, lambda j: is_false(j, cell))
    return total


def silence(results: Results) -> Iterable[Demand]:
    same = false_calls(results, NULL_CELLS)
    if same.tries < NULLS_NEEDED:
        same = false_calls(results, quiet_cells())
    yield Demand(
        f"no false 'regressed' in {NULLS_NEEDED} comparisons",
        describe(same),
        none_of(same, NULLS_NEEDED),
    )
    nulls = unchanged_only(results.judged(quiet_cells()))
    fires = share(nulls, lambda j: fires_at_5_percent(j, SE_FLOOR))
    yield Demand(
        "the screen's 95 % interval leaves out 0 in at most 7 % where nothing differs",
        describe(fires),
        at_most(fires, FIRES_RANGE[1]),
    )
    bare = share(nulls, lambda j: fires_at_5_percent(j, 0.0))
    yield Demand(
        "the same without the floor of the standard error, in 3 .. 7 %",
        describe(bare),
        within(bare, FIRES_RANGE),
    )
    for disturber in DISTURBERS:
        cells = (f"same-{disturber}", f"more-2-{disturber}")
        found = false_calls(results, cells)
        yield Demand(
            f"no more false alarms under '{disturber}'", describe(found), none_of(found, 1)
        )


def power(results: Results) -> Iterable[Demand]:
    for kind, cell, limit in POWER:
        judged = of_class(injected_only(results.judged([cell])), kind)
        found = share(judged, is_regressed)
        title = f"{kind}, +{cell.removeprefix('more-')} % of work: found in {percent(limit)}"
        yield Demand(title, describe(found), at_least(found, limit))
    seconds = results.seconds_a_benchmark(quiet_cells())
    outcome = UNTRIED if math.isnan(seconds) else HOLDS if seconds <= SECONDS else FAILS
    yield Demand(
        f"at {SECONDS:g} s a benchmark on average",
        "-" if math.isnan(seconds) else f"{seconds:.2f} s",
        outcome,
    )


def accuracy(results: Results) -> Iterable[Demand]:
    for kind in ("compute", "memory"):
        found = bias(of_class(injected_only(results.judged(["more-1"])), kind))
        title = f"{kind}: bias at +1 % at most {100 * BIAS_LIMIT:.2f} points"
        if found.count == 0:
            yield Demand(title, "-", UNTRIED)
            continue
        seen = f"{100 * found.value:+.3f} +- {100 * found.error:.3f} points ({found.count} tries)"
        if abs(found.value) <= BIAS_LIMIT:
            outcome = HOLDS
        else:
            outcome = FAILS if abs(found.value) - 2 * found.error > BIAS_LIMIT else OPEN
        yield Demand(title, seen, outcome)


def against(results: Results, name: str) -> Demand:
    """Not worse in any column, and better in one."""
    title = f"{RIVALS}: fewer false alarms and more found than '{name}'"
    own = own_row(results, RIVAL_CELLS)
    rival = rival_row(results, name, RIVAL_CELLS)
    if rival is None or rival.false_alarms.tries == 0 or own.false_alarms.tries == 0:
        return Demand(title, "-", UNTRIED)
    columns = [(-own.false_alarms.point, -rival.false_alarms.point)]
    seen = [f"false {percent(own.false_alarms.point)} / {percent(rival.false_alarms.point)}"]
    for cell, mine in own.detections.items():
        theirs = rival.detections[cell]
        if mine.tries and theirs.tries:
            columns.append((mine.point, theirs.point))
            size = cell.removeprefix("more-")
            seen.append(f"+{size} % found {percent(mine.point)} / {percent(theirs.point)}")
    if any(mine < theirs for mine, theirs in columns):
        outcome = FAILS
    else:
        outcome = HOLDS if any(mine > theirs for mine, theirs in columns) else OPEN
    return Demand(title, ", ".join(seen), outcome)


def all_demands(results: Results) -> list[Demand]:
    return [
        *silence(results),
        *power(results),
        *accuracy(results),
        *(against(results, name) for name in rivals.NAMES),
    ]
