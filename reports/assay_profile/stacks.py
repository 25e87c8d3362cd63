"""Stacks as the profilers saw them, and what of each belongs to the benchmark."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePosixPath


class Kind(Enum):
    """Where the code of a frame comes from."""

    PROGRAM = "program"
    """The executable of the suite: the benchmark, and what is linked into it."""
    LIBRARY = "library"
    """Any other shared library."""
    LIBC = "libc"
    """The C library, its loader, and what the kernel lends it (vdso)."""
    KERNEL = "kernel"
    HARNESS = "harness"
    """What drives the loop: assay's part of a benchmark."""
    NONE = "unknown"


@dataclass(frozen=True)
class Frame:
    """One function in a stack."""

    name: str
    kind: Kind


Stack = tuple[Frame, ...]
"""From the outermost function to the innermost."""

CUT_OFF = Frame("(stack cut off)", Kind.NONE)
"""Stands for the callers of a stack that the profiler could not follow to its end."""

OTHER_THREAD = Frame("(threads of the body)", Kind.NONE)
"""Stands above the functions of threads that the body started."""

_BODY_IS_CALLED_BY = frozenset(("run_body", "run_team", "bench_run"))
_HARNESS_ONLY = frozenset(("team_init", "team_leave", "team_release"))
_PROGRAM_STARTS_AT = frozenset(("assay_main", "_start", "(below main)"))
_THREAD_STARTS_AT = frozenset(("start_thread", "clone", "clone3", "__clone", "__clone3"))
_LIBC = re.compile(
    r"(libc|libm|libpthread|librt|libdl|ld-linux[\w-]*|ld|ld-musl[\w-]*)([-.].*)?\.so(\..*)?"
    r"|\[vdso\]|\[vsyscall\]"
)


@dataclass
class Stacks:
    """How much was seen in each stack, and what was left out."""

    counts: Counter[Stack] = field(default_factory=Counter)
    outside: int = 0
    """What was seen in start-up, setup, teardown and the process that waits."""

    @property
    def total(self) -> int:
        return self.counts.total()

    def add(self, frames: list[Frame], weight: int, whole: bool = True) -> None:
        """Counts a stack, outermost frame first, from the body of the benchmark on.

        `whole` is False when the profiler is known to have dropped the outermost frames.
        """
        rooted = _from_body(frames, whole)
        if rooted:
            self.counts[rooted] += weight
        else:
            self.outside += weight


def kind_of(path: str, program: str) -> Kind:
    """The kind of code in a file that is mapped into the process; `program` is the suite's path."""
    name = PurePosixPath(path.removesuffix(" (deleted)")).name
    if path.startswith(("[kernel", "[guest.kernel")):
        return Kind.KERNEL
    if name == PurePosixPath(program).name and path not in ("", "[unknown]"):
        return Kind.PROGRAM
    if _LIBC.fullmatch(name):
        return Kind.LIBC
    if path.endswith((".ko", ".ko.xz", ".ko.zst", ".ko.gz")):
        return Kind.KERNEL
    if path.startswith("[") and path not in ("[unknown]", "[heap]", "[stack]", "[anon]"):
        return Kind.KERNEL  # a module: [nf_tables]
    return Kind.NONE if path in ("", "[unknown]") or path.startswith("[") else Kind.LIBRARY


def nameless(path: str, kind: Kind, address: str = "") -> Frame:
    """A function whose name is not known: what is known is where it is."""
    name = PurePosixPath(path).name
    if not name or kind is Kind.NONE:
        return Frame(f"(unknown {address})" if address else "(unknown)", kind)
    return Frame(f"({address} in {name})" if address else f"(in {name})", kind)


def _from_body(frames: list[Frame], whole: bool) -> Stack:
    names = [frame.name for frame in frames]
    calls = next((i for i, name in enumerate(names) if name in _BODY_IS_CALLED_BY), None)
    if calls is not None:
        while calls < len(names) and names[calls] in _BODY_IS_CALLED_BY:
            calls += 1
        return _with_harness(frames[calls:])
    thread = next((i for i, name in enumerate(names) if name in _THREAD_STARTS_AT), None)
    if thread is not None:
        while thread < len(names) and names[thread] in _THREAD_STARTS_AT:
            thread += 1
        return (OTHER_THREAD, *_with_harness(frames[thread:]))
    if whole and any(name in _PROGRAM_STARTS_AT for name in names):
        return ()
    return (CUT_OFF, *_with_harness(frames))


def _with_harness(frames: list[Frame]) -> Stack:
    """Marks the frames of the harness and what they call."""
    for i, frame in enumerate(frames):
        name = frame.name
        if (name.startswith("assay__") and not name.startswith("assay__run_")) or (
            i == 0 and name in _HARNESS_ONLY
        ):
            return (*frames[:i], *(Frame(f.name, Kind.HARNESS) for f in frames[i:]))
    return tuple(frames)


def folded(stacks: Stacks, root: str) -> str:
    """The stacks in the format that other tools read: `root;outer;inner weight`, one a line."""
    lines: Counter[str] = Counter()
    for stack, weight in stacks.counts.items():
        lines[";".join([_plain(root), *(_plain(frame.name) for frame in stack)])] += weight
    return "".join(f"{names} {lines[names]}\n" for names in sorted(lines))


def _plain(name: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]", "?", name).replace(";", ":") or "?"
