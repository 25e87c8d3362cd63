"""The command line: flame.py perf|callgrind FILE... --id ID --out SVG."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from . import callgrind, perf_script
from .errors import EXIT_ENVIRONMENT, ProfileError
from .flame import Picture, draw
from .stacks import Stacks, folded
from .tree import grow, lay_out


def main(arguments: list[str]) -> int:
    """Runs the program and returns its exit status: 0, 2 usage, 4 environment, 130 interrupted."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _stop)
    unit = "samples" if options.tool == "perf" else "instructions"
    try:
        stacks = _read(options)
        if stacks.total == 0:
            seen = f"none of the {stacks.outside:,} {unit} was" if stacks.outside else "nothing was"
            raise ProfileError(
                f"the profile of {options.id} is empty: {seen} seen while its loop ran; "
                "let it run longer with --seconds"
            )
        picture = Picture(options.id, unit, _facts(options, stacks, unit))
        svg = draw(picture, lay_out(grow(stacks, options.id)))
        _publish({options.out.with_suffix(".folded"): folded(stacks, options.id), options.out: svg})
    except ProfileError as error:
        print(f"flame: {error}".replace("\n", " "), file=sys.stderr)
        return EXIT_ENVIRONMENT
    except KeyboardInterrupt:
        print("flame: interrupted; nothing was written", file=sys.stderr)
        return 130
    print(f"{stacks.total:,} {unit}")
    return 0


def _read(options: argparse.Namespace) -> Stacks:
    window = perf_script.Window(options.start, options.end)
    stacks = Stacks()
    for path in options.files:
        try:
            with open(path, encoding="utf-8", errors="replace", newline="\n") as lines:
                if options.tool == "perf":
                    one = perf_script.read(lines, options.program, window)
                else:
                    one = callgrind.read(lines, options.program, options.callers)
        except OSError as error:
            raise ProfileError(f"{path}: cannot be read ({error.strerror})") from error
        stacks.counts.update(one.counts)
        stacks.outside += one.outside
    return stacks


def _facts(options: argparse.Namespace, stacks: Stacks, unit: str) -> list[str]:
    tool = f"perf, {options.event}" if options.tool == "perf" else "valgrind (callgrind)"
    return [
        f"{tool}: {stacks.total:,} {unit} in {options.seconds:g} s",
        f"commit {options.commit}",
    ]


def _publish(files: dict[Path, str]) -> None:
    """Writes all files or none, each whole."""
    new = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in files}
    path = next(iter(files))
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(new[path], "w", encoding="utf-8", errors="replace", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        for path, hidden in new.items():
            os.replace(hidden, path)
    except OSError as error:
        raise ProfileError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        for hidden in new.values():
            hidden.unlink(missing_ok=True)


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="flame.py",
        description="Draws what a profiler saw of one benchmark as a flame graph (SVG), and leaves "
        "the folded stacks beside it.",
        epilog="Exit status: 0 written, 2 usage, 4 an empty or broken profile, disk, 130 interrupted.",
    )
    parser.add_argument("tool", choices=("perf", "callgrind"))
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="what `perf script -F comm,tid,time,ip,sym,dso` printed, or what callgrind wrote",
    )
    parser.add_argument("--id", required=True, help="the benchmark")
    parser.add_argument("--out", required=True, type=Path, help="the SVG to write")
    parser.add_argument("--program", default="", help="path of the suite's executable")
    parser.add_argument("--event", default="samples", help="what perf counted")
    parser.add_argument("--seconds", type=float, default=0, help="how long it ran")
    parser.add_argument("--commit", default="unknown")
    parser.add_argument(
        "--start", type=float, default=0, metavar="S", help="leave out samples before that second"
    )
    parser.add_argument("--end", type=float, default=0, metavar="S", help="and after this one")
    parser.add_argument(
        "--callers", type=int, default=64, help="what callgrind's --separate-callers was"
    )
    return parser.parse_args(arguments)
