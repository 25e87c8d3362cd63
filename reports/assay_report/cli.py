"""The command line: report.py RESULTS_DIR [--out DIR] [--title TEXT]."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from .errors import EXIT_ENVIRONMENT, ReportError
from .load import find_documents, load_results
from .model import build_report
from .output import replaced_folder
from .schema import Json
from .site import Site, write_site
from .versus_load import load_comparison
from .versus_model import build_versus

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "html"


def main(arguments: list[str]) -> int:
    """Runs the program and returns its exit status: 0, 2 usage, 4 environment, 130 interrupted."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        first, problem = make_report(options.results, options.out, options.title)
    except ReportError as error:
        _complain(str(error))
        return EXIT_ENVIRONMENT
    except KeyboardInterrupt:
        print("report: interrupted; the old report stands", file=sys.stderr)
        return 130
    if problem:
        _complain(problem)
    print(first)
    return EXIT_ENVIRONMENT if problem else 0


def make_report(results: Path, out: Path, title: str) -> tuple[Path, str]:
    """Writes the report on the documents in `results` to `out`.

    Returns its first page, and what was wrong with a comparison that had to be left out.
    """
    found = find_documents(results)
    documents = load_results(found.results)
    comparison, problem = _load_beside(found.comparison, documents)
    report = build_report(documents, title)
    site = Site(report, build_versus(comparison) if comparison else None, problem)
    with replaced_folder(out) as folder:
        first = write_site(site, folder)
    return out / first, problem


def _load_beside(file: Path | None, documents: list[Json]) -> tuple[Json | None, str]:
    """The comparison; when it is broken, results that lie beside it are shown without it."""
    if file is None:
        return None, ""
    try:
        return load_comparison(file), ""
    except ReportError as error:
        if not documents:
            raise
        return None, str(error)


def _complain(problem: str) -> None:
    print(f"report: {problem}".replace("\n", " "), file=sys.stderr)


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="report.py",
        description="Writes an HTML report on the results of a run, on a comparison "
        "(compare.json), or on both. The last line on standard output is the path of its first "
        "page.",
        epilog="Exit status: 0 written, 2 usage, 4 missing or broken results, no gnuplot, disk, "
        "130 interrupted.",
    )
    parser.add_argument(
        "results",
        metavar="RESULTS_DIR",
        type=Path,
        help="folder of <suite>.json files and compare.json",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_OUT,
        help="folder to write (default: html beside this script)",
    )
    parser.add_argument("--title", default="Benchmark report", help="heading of the report")
    return parser.parse_args(arguments)
