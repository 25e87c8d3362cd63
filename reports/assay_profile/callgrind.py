"""Reads what callgrind writes with --separate-callers: the names of functions carry their callers.

The format (valgrind's manual, "Callgrind Format Specification"): `fn=(7) f'g'main` opens the costs
of f as called by g as called by main; the lines after it are a position and costs. `(7)` alone is
the same name again, whichever of fn= and cfn= gave it first; files (fl=, fi=, fe=, cfi=, cfl=) and
objects (ob=, cob=) have numbers of their own. The line after calls= is what the call cost in all,
which the functions called have as their own: it is passed over. Positions may be hexadecimal, or
relative to the last one (+3, -3, *); they are not needed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .errors import ProfileError
from .stacks import Frame, Stacks, kind_of, nameless

_SPECIFICATION = re.compile(r"(?P<key>c?fn|c?ob|calls|jump|jcnd)=\s*(?P<value>.*)")
_NUMBERED = re.compile(r"\((?P<number>\d+)\)(?:\s+(?P<name>.*))?")
_COSTS = re.compile(r"(?:0[xX][0-9a-fA-F]+|[+-]?\d+|\*)(?:\s|$)")


@dataclass
class _Names:
    """Names that are written once and then meant by their number."""

    known: dict[str, str] = field(default_factory=dict)

    def resolve(self, text: str) -> str:
        numbered = _NUMBERED.fullmatch(text)
        if not numbered:
            return text
        number, name = numbered["number"], numbered["name"]
        if name:
            self.known[number] = name
        elif number not in self.known:
            raise ProfileError(
                f"the profile is broken: it names ({number}) before it says what that is"
            )
        return self.known[number]


@dataclass
class _File:
    """What was read of one file."""

    functions: _Names = field(default_factory=_Names)
    objects: _Names = field(default_factory=_Names)
    positions: int = 1
    function: str = ""
    object: str = ""
    after_calls: bool = False
    costs: dict[tuple[str, str], int] = field(default_factory=dict)
    """By function, with its callers, and object."""


def read(lines: Iterable[str], program: str, callers: int) -> Stacks:
    """The stacks of one file, weighted by its first event, instructions.

    `callers` is what --separate-callers was told: stacks as long as that are not whole.
    """
    state = _File()
    for line in lines:
        _take(state, line.strip())
    home: dict[str, str] = {}
    for name, place in state.costs:
        home.setdefault(name.split("'")[0], place)
    stacks = Stacks()
    for (name, place), cost in state.costs.items():
        if cost > 0:
            # A number among the names counts the turns of a recursion.
            names = [part for part in name.split("'") if not part.isdigit()]
            homes = [place, *(home.get(part, "") for part in names[1:])]
            frames = [_frame(part, where, program) for part, where in zip(names, homes)]
            stacks.add(frames[::-1], cost, whole=len(names) <= callers)
    return stacks


def _take(state: _File, line: str) -> None:
    specification = _SPECIFICATION.fullmatch(line)
    if specification:
        _specify(state, specification["key"], specification["value"])
    elif line.startswith("positions:"):
        state.positions = max(1, len(line.split()) - 1)
    elif _COSTS.match(line):
        if not state.after_calls:
            _count(state, line.split()[state.positions :])
        state.after_calls = False


def _specify(state: _File, key: str, value: str) -> None:
    if key in ("fn", "cfn"):
        name = state.functions.resolve(value)
        if key == "fn":
            state.function = name
    elif key in ("ob", "cob"):
        name = state.objects.resolve(value)
        if key == "ob":
            state.object = name
    elif key == "calls":
        state.after_calls = True


def _count(state: _File, costs: list[str]) -> None:
    if not state.function or not costs:
        return
    try:
        cost = int(costs[0], 0)
    except ValueError as error:
        raise ProfileError(f"the profile is broken: '{costs[0][:40]}' is no cost") from error
    key = (state.function, state.object)
    state.costs[key] = state.costs.get(key, 0) + cost


def _frame(name: str, place: str, program: str) -> Frame:
    kind = kind_of(place, program)
    if re.fullmatch(r"0x[0-9a-fA-F]+", name):
        return nameless(place, kind, f"0x{int(name, 16):x}")
    return nameless(place, kind) if name in ("", "???") else Frame(name.split("@@")[0], kind)
