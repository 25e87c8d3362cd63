"""The whole report: all figures in one go of gnuplot, then the pages on results and comparison."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import pages, versus_facts, versus_pages, versus_plots, words
from .model import Report
from .render import Renderer
from .svg import draw
from .units import visible
from .versus_model import Versus


@dataclass(frozen=True)
class Site:
    """What there is to show: results of suites, a comparison, or both.

    `problem` says why a comparison that is there is not shown; empty when all is well.
    """

    report: Report
    versus: Versus | None
    problem: str


def write_site(site: Site, folder: Path) -> str:
    """Writes every page into the folder and returns the name of the one to open."""
    report, versus = site.report, site.versus
    sweeps = pages.sweeps_of(report)
    figures = pages.figures_of(report, sweeps)
    if versus is not None:
        figures += versus_plots.figures_of(versus)
    drawings = draw(figures)
    renderer = Renderer(
        folder,
        drawings,
        report=report,
        words=words,
        versus=versus,
        versus_summary=versus_facts.summary_of,
        versus_problem=visible(site.problem),
    )
    if versus is not None:
        versus_pages.write_pages(versus, renderer)
    if report.suites:
        pages.write_pages(report, sweeps, renderer)
        return "index.html"
    renderer.write("redirect.html", "index.html", target=versus_pages.FIRST)
    return versus_pages.FIRST
