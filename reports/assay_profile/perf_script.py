"""Reads what `perf script -F comm,tid,time,ip,sym,dso` prints.

A sample is a line that ends in its time and a colon, then a line a frame, innermost first, then an
empty line:

    serialization 19224   636.784645:
            541f encode (/path/to/serialization)
           19055 run_body (inlined)

An inlined frame has no file of its own: it is in that of the next frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .stacks import Frame, Kind, Stacks, kind_of, nameless

_SAMPLE = re.compile(r".*?\s+-?\d+\s+(?P<time>\d+\.\d+):\s*")
_FRAME = re.compile(r"\s+[0-9a-f]+ (?P<rest>.+)")
_FILE = re.compile(r" \((?=[/\[]|inlined\)$)")


@dataclass(frozen=True)
class Window:
    """Seconds between which samples count; an end of 0 leaves that side open."""

    start_s: float = 0
    end_s: float = 0

    def holds(self, time_s: float) -> bool:
        return self.start_s <= time_s and (self.end_s == 0 or time_s <= self.end_s)


def read(lines: Iterable[str], program: str, window: Window) -> Stacks:
    """The stacks of all samples within the window. Lines that are neither are passed over."""
    stacks = Stacks()
    frames: list[tuple[str, str]] = []
    state: bool | None = None  # of the sample that is read: within the window or not

    def finish() -> None:
        if state and frames:
            stacks.add(_outermost_first(frames, program), 1)
        elif state is not None:
            stacks.outside += 1
        frames.clear()

    for line in lines:
        line = line.rstrip("\n")
        sample = _SAMPLE.fullmatch(line)
        if sample:
            finish()
            state = window.holds(float(sample["time"]))
        elif state is not None:
            frame = _FRAME.fullmatch(line)
            if frame:
                frames.append(_split(frame["rest"]))
    finish()
    return stacks


def _split(rest: str) -> tuple[str, str]:
    """The name and the file of `name (file)`; either may hold blanks and parentheses."""
    found = _FILE.search(rest)
    if not found:
        name, _, file = rest.rpartition(" (")
        return (name, file.removesuffix(")")) if name else (rest, "")
    return rest[: found.start()], rest[found.end() :].removesuffix(")")


def _outermost_first(frames: list[tuple[str, str]], program: str) -> list[Frame]:
    result: list[Frame] = []
    kind = Kind.NONE
    for name, file in reversed(frames):
        if file != "inlined":
            kind = kind_of(file, program)
        known = name not in ("", "[unknown]")
        result.append(Frame(name, kind) if known else nameless(file, kind))
    return result
