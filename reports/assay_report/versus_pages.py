"""Renders the pages on a comparison: comparison.html, and one page a benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import metrics, versus_facts, versus_plots, versus_rows, versus_words, words
from .detail import NumberTable
from .facts import duration_text, moment_text
from .render import Renderer
from .units import percent, time_text, visible
from .versus_model import Entry, Finding, Versus

FIRST = "comparison.html"
"""The page that a reader opens first."""


@dataclass(frozen=True)
class _Others:
    """Benchmarks that have no verdict, for one reason or another."""

    anchor: str
    title: str
    entries: list[Entry]


def write_pages(versus: Versus, renderer: Renderer) -> None:
    pages = _Pages(versus, renderer)
    pages.write_first()
    pages.write_entries()


class _Pages:
    def __init__(self, versus: Versus, renderer: Renderer) -> None:
        self._versus = versus
        self._renderer = renderer
        self._table = versus_rows.table_of(versus.entries, versus)
        self._values: dict[str, Any] = {
            "confidence": percent(versus.confidence),
            "guard": versus_words.around(versus.guard),
            "margin": versus_words.around(versus.margin),
            "distrust": versus_words.distrust(versus),
            "time_text": time_text,
        }

    def write_first(self) -> None:
        versus = self._versus
        self._renderer.write(
            "comparison.html",
            FIRST,
            **self._values,
            run=_run_summary(versus),
            counts=versus_facts.counts_of(versus),
            table_data=self._table,
            failed=_with_status(versus, "failed"),
            others=_others(versus),
            one_sided=[
                ("Only on the old side", versus.only_old),
                ("Only on the new side", versus.only_new),
            ],
            canary_rows=[
                (canary, canary.entry.finding and versus_rows.row_of(canary.entry, None))
                for canary in versus.canaries
            ],
            warnings=versus_facts.warnings_of(versus),
            sides=versus_facts.sides_of(versus),
            facts=versus_facts.run_facts(versus),
            settings=versus_facts.settings_of(versus),
            command=versus_facts.repeat_command(versus, None),
        )

    def write_entries(self) -> None:
        ordered = [row.entry for row in self._table.rows]
        canaries = [canary.entry for canary in self._versus.canaries if canary.entry.finding]
        for members in (ordered, canaries):
            for place, entry in enumerate(members):
                before = members[place - 1] if place > 0 else None
                after = members[place + 1] if place + 1 < len(members) else None
                self._write_entry(entry, (before, after), members is canaries)

    def _write_entry(
        self, entry: Entry, neighbours: tuple[Entry | None, Entry | None], canary: bool
    ) -> None:
        finding = entry.finding
        assert finding is not None
        versus = self._versus
        names = ("effect", "times", "pairs")
        self._renderer.write(
            "versus.html",
            entry.page,
            **self._values,
            entry=entry,
            finding=finding,
            neighbours=neighbours,
            canary=canary,
            row=versus_rows.row_of(entry, None),
            sentences=versus_words.verdict_sentences(finding, versus),
            p_text=versus_words.p_words(finding.p_value),
            p_basis=versus_words.p_basis(finding, versus),
            rank_text=_rank_text(finding),
            tail=finding.tail and versus_words.interval_words(finding.tail),
            figure={name: self._renderer.figure(entry.page, name) for name in names},
            beyond=words.beyond_sentence(
                versus_plots.beyond_count(finding), ("below", "above"), "pair"
            )
            if len(finding.pairs)
            else "",
            thinned=versus_plots.every_pair(finding),
            pairs=_pair_table(finding),
            pair_facts=versus_facts.pair_facts(finding),
            counted=metrics.pair_rows(entry.metrics),
            command=None if canary else versus_facts.repeat_command(versus, entry),
        )


def _rank_text(finding: Finding) -> str:
    p = finding.signed_rank_p_value
    return "" if p is None else versus_words.p_words(p)


def _pair_table(finding: Finding) -> NumberTable:
    return NumberTable.of(versus_plots.pair_columns(finding), 0)


def _with_status(versus: Versus, status: str) -> list[Entry]:
    return [entry for entry in versus.entries if entry.status == status]


def _others(versus: Versus) -> list[_Others]:
    titles = (
        ("untried", "Untried"),
        ("skipped", "Skipped"),
        ("identical", "Identical: not run"),
    )
    groups = [_Others(status, title, _with_status(versus, status)) for status, title in titles]
    return [group for group in groups if group.entries]


def _run_summary(versus: Versus) -> list[str]:
    """The comparison in a line: how much, when, where."""
    document = versus.document
    compared = versus_facts.counts_of(versus)["compared"]
    return [
        f"{words.count_of(compared, 'benchmark')} compared",
        moment_text(document["started_utc"])[:16] + " UTC",
        visible(document["host"]["name"]),
        f"took {duration_text(document['duration_s'])}",
    ]
