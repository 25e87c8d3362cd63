"""The command line: report.py RESULTS_DIR [--out DIR] [--title TEXT]."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from .errors import EXIT_ENVIRONMENT, ReportError
from .load import load_results
from .model import build_report
from .output import replaced_folder
from .pages import write_pages

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "html"


def main(arguments: list[str]) -> int:
    """Runs the program and returns its exit status: 0, 2 usage, 4 environment, 130 interrupted."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        index = make_report(options.results, options.out, options.title)
    except ReportError as error:
        print(f"report: {error}".replace("\n", " "), file=sys.stderr)
        return EXIT_ENVIRONMENT
    except KeyboardInterrupt:
        print("report: interrupted; the old report stands", file=sys.stderr)
        return 130
    print(index)
    return 0


def make_report(results: Path, out: Path, title: str) -> Path:
    """Writes the report on the documents in `results` to `out`; returns its first page."""
    report = build_report(load_results(results), title)
    with replaced_folder(out) as folder:
        write_pages(report, folder)
    return out / "index.html"


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="report.py",
        description="Writes an HTML report on the results of a run. The last line on standard "
        "output is the path of its first page.",
        epilog="Exit status: 0 written, 2 usage, 4 missing or broken results, no gnuplot, disk, "
        "130 interrupted.",
    )
    parser.add_argument(
        "results", metavar="RESULTS_DIR", type=Path, help="folder of <suite>.json files"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_OUT,
        help="folder to write (default: html beside this script)",
    )
    parser.add_argument("--title", default="Benchmark report", help="heading of the report")
    return parser.parse_args(arguments)
