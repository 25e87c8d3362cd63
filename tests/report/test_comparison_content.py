"""Runs reports/report.py on comparisons and reads the pages that it wrote."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest

import make_comparison
from make_comparison import compared, comparison, uncompared, write_comparison
from make_results import HOSTILE_NAMES
from report_harness import (
    ROOT,
    Json,
    Page,
    contents,
    one_benchmark,
    pages_of,
    plots_of,
    run_report,
    write_one,
)

SCHEMA = json.loads((ROOT / "docs" / "compare.schema.json").read_text(encoding="utf-8"))
SAMPLE = ROOT / "tests" / "report" / "samples" / "compare.json"
THIN = "\u202f"


def report_on(folder: Path, document: Json) -> Path:
    """Writes the report on one comparison; returns its folder."""
    done = run_report(write_comparison(folder / "in", document), "--out", folder / "html")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == str(folder / "html" / "comparison.html")
    return folder / "html"


def text_of(file: Path) -> str:
    return Page(file).text.replace(THIN, " ")


def effect_rows(out: Path) -> list[str]:
    """The text of each row of effects, the heads of the groups among them."""
    page = (out / "comparison.html").read_text(encoding="utf-8")
    table = page[page.index('class="results effects"') : page.index("</table>")]
    rows = re.findall(r"<tr [^>]*(?:data-search|class=\"group\").*?</tr>", table, re.DOTALL)
    plain = [re.sub(r"<[^>]*>", " ", row.replace("<wbr>", "")) for row in rows]
    return [" ".join(unescape(row).split()) for row in plain]


def row_for(out: Path, name: str) -> str:
    return next(row for row in effect_rows(out) if row.startswith(f"{name} "))


@pytest.fixture(scope="module")
def document() -> Json:
    kinds = make_comparison.every_kind() + make_comparison.odd() + make_comparison.hostile()
    made: Json = comparison(kinds, only_old=["kinds/gone"], only_new=list(HOSTILE_NAMES))
    made["warnings"] += list(HOSTILE_NAMES)
    made["old"] |= {"name": HOSTILE_NAMES[0], "path": HOSTILE_NAMES[4], "commit": HOSTILE_NAMES[-1]}
    return made


@pytest.fixture(scope="module")
def report(document: Json, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_on(tmp_path_factory.mktemp("comparison"), document)


def test_made_comparisons_and_the_sample_fit_the_published_schema(document: Json) -> None:
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    for item in (document, sample, comparison([]), comparison(make_comparison.several(9))):
        jsonschema.validate(item, SCHEMA, jsonschema.Draft202012Validator)


def test_the_sample_of_the_tool_makes_a_report(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(SAMPLE, tmp_path / "in" / "compare.json")
    done = run_report(tmp_path / "in", "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    counts = json.loads(SAMPLE.read_text(encoding="utf-8"))["counts"]
    text = text_of(tmp_path / "out" / "comparison.html")
    for name in ("regressed", "improved", "inconclusive", "unchanged"):
        assert re.search(rf"{counts[name]} \S {name}", text), name


def test_every_compared_benchmark_and_canary_has_a_page(document: Json, report: Path) -> None:
    compared_ones = [item for item in document["benchmarks"] if item["status"] == "compared"]
    names = [file.name.lower() for file in (report / "c").iterdir()]
    assert len(set(names)) == len(names) == len(compared_ones) + len(document["canaries"])
    linked = set(Page(report / "comparison.html").links)
    assert {f"c/{file.name}" for file in (report / "c").iterdir()} <= linked


def test_links_resolve_and_stay_inside(report: Path) -> None:
    pages = pages_of(report)
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if link == "data:,":
                continue
            assert (parts.scheme, parts.netloc) == ("", ""), f"{file.name} reaches out to {link}"
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            assert target.is_relative_to(report) and target.is_file(), f"{file.name}: {link}"
            if parts.fragment:
                assert parts.fragment in pages[target].ids, f"{file.name}: {link}"


def test_pages_are_well_formed_and_fetch_nothing(report: Path) -> None:
    for file, page in pages_of(report).items():
        tags = [tag for tag, _ in page.tags]
        assert tags.count("h1") == 1 and tags.count("title") == 1 and tags.count("main") == 1, file
        for tag, attributes in page.tags:
            assert tag != "th" or attributes.get("scope"), f"{file.name} has a th without scope"
    style = (report / "comparison.css").read_text(encoding="utf-8")
    assert not re.search(r"https?:|url\(|@import|//[a-z]", style)


def test_hostile_texts_stay_text(report: Path) -> None:
    for file, page in pages_of(report).items():
        for tag, attributes in page.tags:
            assert tag != "img"
            assert not any(name.startswith("on") for name in attributes), file
            if tag == "script":
                assert str(attributes.get("src")).endswith("report.js")
        assert [tag for tag, _ in page.tags].count("script") == 1
    text = Page(report / "comparison.html").text
    for name in ("<script>alert(1)</script>", "x" * 200, "{{ 7 * 7 }}{% raw %}", "&amp;%s%n"):
        assert text.count(name) >= 4, f"{name} as an id, a reason, a warning and on one side only"
    assert "line\\nbreak\\ttab\\r\\x07bell" in text
    assert "\\u202eright-to-left" in text and "\u202e" not in text


def test_odd_figures_are_drawn(report: Path) -> None:
    for file in report.rglob("*.html"):
        assert not re.search(r"\b(nan|inf)\b", file.read_text(encoding="utf-8")), file
    assert plots_of(report / "c" / "odd.no_pairs.html") == []
    assert len(plots_of(report / "c" / "odd.few_pairs.html")) == 2
    assert "One of 4 pairs is drawn" in text_of(report / "c" / "odd.many_pairs.html")
    assert "1 pair below and 1 pair above" in text_of(report / "c" / "odd.unlucky_pairs.html")


def test_the_same_comparison_gives_the_same_report(
    document: Json, report: Path, tmp_path: Path
) -> None:
    assert contents(report_on(tmp_path, document)) == contents(report)


def test_groups_and_effects_are_in_order_of_interest(tmp_path: Path) -> None:
    out = report_on(tmp_path, comparison(make_comparison.every_kind()))
    rows = effect_rows(out)
    expected = (
        "▲ Regressed 2", "kinds/much_slower", "kinds/slow", "▼ Improved 1", "kinds/fast",
        "? Inconclusive 3", "kinds/due", "kinds/vetoed", "kinds/open", "= Unchanged 4",
        "kinds/moved", "kinds/suspected", "kinds/same", "kinds/tail", "· Below resolution 1", "kinds/below",
    )  # fmt: skip
    assert [row.split()[0] if "/" in row else row for row in rows] == list(expected)


def test_a_change_by_layout_alone_is_told(tmp_path: Path) -> None:
    out = report_on(tmp_path, comparison(make_comparison.every_kind()))
    assert "moved by layout alone" in row_for(out, "kinds/moved")
    page = text_of(out / "c" / "kinds.moved.html").replace(THIN, " ")
    assert "Slower by 1.12 %" in page and "by its place in memory alone" in page
    assert "What stood against a verdict" not in page and "Shown to be unchanged" not in page
    assert "1 moved by layout alone" in text_of(out / "comparison.html").replace(THIN, " ")


def test_verdicts_are_words_and_signs_with_figures(tmp_path: Path) -> None:
    items = [
        compared("s/slow", "regressed", 0.052),
        compared("s/fast", "improved", -0.031),
    ]
    items[0]["effect_ratio"] = {"point": 0.052, "lower": 0.0511, "upper": 0.0534}
    items[0]["smallest_detectable_ratio"] = 0.0123
    out = report_on(tmp_path, comparison(items))
    slow = row_for(out, "s/slow").replace(THIN, " ")
    assert "▲ regressed +5.20 % +5.11 % to +5.34 %" in slow and "1.2 %" in slow
    assert "▼ improved −3.10 %" in row_for(out, "s/fast").replace(THIN, " ")
    page = text_of(out / "c" / "s.slow.html")
    assert "Slower by 5.20 % (95 % interval +5.11 % to +5.34 %)" in page
    assert "The screen of 8 pairs suspected it, and 30 fresh pairs confirmed it." in page
    assert "p < 0.0001" in page and "signed-rank test p = 0.0002" in page
    assert "guard of ±0.3 %" in page


@pytest.mark.parametrize(
    "name, in_row, on_page",
    [
        ("open", "40 more pairs (about 2.5 s) would settle it", "Inconclusive: neither shown"),
        ("vetoed", "two tests disagree", "What stood against a verdict: two tests disagree."),
        ("due", "suspected, not confirmed", "no second stage could confirm it"),
        ("same", "= unchanged +0.10 %", "any change is smaller than the margin of ±1 %"),
        ("suspected", "suspected, not confirmed", "30 fresh pairs did not confirm it"),
        ("tail", "tail slower +3.00 %", "The tail is slower"),
        ("below", "too fast to be told from an empty loop", "Below resolution"),
    ],
)
def test_each_kind_says_what_it_is(report: Path, name: str, in_row: str, on_page: str) -> None:
    assert in_row in row_for(report, f"kinds/{name}").replace(THIN, " ")
    assert on_page in text_of(report / "c" / f"kinds.{name}.html")


def test_below_resolution_shows_no_effect(report: Path) -> None:
    assert not re.search(r"\d", row_for(report, "kinds/below"))
    assert not re.search(r"[+−]\d", text_of(report / "c" / "kinds.below.html").split("1. ")[0])


def test_what_was_not_compared_is_listed_with_its_reason(report: Path) -> None:
    text = text_of(report / "comparison.html")
    assert "kinds/failed : new (work): ended by signal 11" in text
    assert "kinds/skipped both sides: this CPU has no AVX-512" in text
    assert "kinds/untried the time budget was used up" in text
    assert "Identical: not run (1) kinds/identical" in text
    assert "Only on the old side (1) kinds/gone" in text
    assert f"Only on the new side ({len(HOSTILE_NAMES)})" in text


def test_pages_have_their_plots(report: Path) -> None:
    plots = plots_of(report / "c" / "kinds.slow.html")
    assert len(plots) == 3
    effect, pairs, times = plots
    for role in ("guard", "margin", "change", "tail"):
        assert re.search(rf'class="(area|line) {role}"', effect), role
    marks = {
        role: sum(path.count("M") for path in re.findall(rf'class="dot {role}" d="([^"]*)"', pairs))
        for role in ("pair-old", "pair-new", "early-old", "early-new")
    }
    assert marks == {"pair-old": 15, "pair-new": 15, "early-old": 4, "early-new": 4}
    assert "second stage</text>" in pairs
    assert 'class="line old"' in times and 'class="line now"' in times
    assert "second stage</text>" not in plots_of(report / "c" / "kinds.same.html")[1]


def test_the_plots_roles_have_a_style(report: Path) -> None:
    style = "".join(
        (report / name).read_text(encoding="utf-8") for name in ("style.css", "comparison.css")
    )
    roles: set[str] = set()
    for file in (report / "c").iterdir():
        for plot in plots_of(file):
            assert not re.search(r"rgb|#[0-9a-f]{6}|style=|fill=|stroke=| id=|@@", plot)
            roles |= set(re.findall(r'class="(?:line |area |dot )?([^"]*)"', plot)) - {"plot"}
    for role in roles - {"tick"}:
        assert f".{role} " in style, f"no style for {role}"


def test_sides_machine_and_settings_are_told(tmp_path: Path) -> None:
    made = comparison([])
    made["new"]["build"] = {"compiler": "clang 14", "flags": None, "variant": "release"}
    text = text_of(report_on(tmp_path, made) / "comparison.html")
    assert "work against main" in text and "No benchmark was compared" in text
    assert "0f1e2d3c4b5a" in text and "not known, with uncommitted changes" in text
    assert "Compiler clang 14 differs" in text and "Flags not recorded differs" in text
    assert "built by different compilers" in text
    assert "Variant release differs" not in text
    assert "Example Processor 8000" in text and "quiet: 1.2 % of the slices disturbed" in text
    assert "The governor is 'powersave'." in text
    assert "0.3 %: a change must be beyond it" in text and "8 pairs for every benchmark" in text
    assert "Seed 20260131" in text


def command_of(file: Path) -> list[str]:
    match = re.search(r'<code id="command">(.*?)</code>', file.read_text("utf-8"), re.DOTALL)
    assert match is not None
    return shlex.split(unescape(match[1]))


def test_commands_repeat_the_comparison(tmp_path: Path) -> None:
    made = comparison([compared("s/b", "unchanged", 0.0)])
    made["settings"] |= {"layouts": 4, "shared_addresses": False, "time_budget_s": 90}
    out = report_on(tmp_path, made)
    whole, single = command_of(out / "comparison.html"), command_of(out / "c" / "s.b.html")
    assert whole[:4] == ["assay", "compare", "build/main", "build/work"]
    assert single[:6] == [*whole[:4], "s/b", "--exact"]
    for option, value in (
        ("--seed", "20260131"), ("--pairs", "8"), ("--confirm-pairs", "30"),
        ("--pair-time", "20ms"), ("--slice-time", "0.1ms"), ("--guard", "0.003"),
        ("--margin", "0.01"), ("--pin", "1"), ("--layouts", "4"), ("--new-name", "work"),
    ):  # fmt: skip
        for command in (whole, single):
            assert command[command.index(option) + 1] == value
    assert "--own-addresses" in whole and "--time-budget" in whole
    assert "--time-budget" not in single, "the budget was for all of them"


def test_hostile_paths_stay_words_of_the_command(report: Path) -> None:
    command = command_of(report / "comparison.html")
    assert command[2] == HOSTILE_NAMES[4]
    assert command[command.index("--old-name") + 1] == HOSTILE_NAMES[0]


def test_a_misfired_canary_is_a_banner_on_every_page(tmp_path: Path) -> None:
    made = comparison([compared("s/b", "unchanged", 0.0)], trusted=False)
    made["canaries"].append(make_comparison.canary("canary/sort/1000", False, "regressed", 0.0123))
    out = report_on(tmp_path, made)
    for page in (out / "comparison.html", out / "c" / "s.b.html"):
        text = text_of(page)
        assert "No verdict here is to be believed" in text
        assert "canary/sort/1000 (the same work) came out as regressed, +1.23 %" in text
    text = text_of(out / "comparison.html")
    assert text.count("✗ wrong: misfired") == 1 and text.count("✓ as expected") == 2


def test_a_trusted_and_complete_one_has_no_banner(tmp_path: Path) -> None:
    text = text_of(report_on(tmp_path, comparison([])) / "comparison.html")
    assert "to be believed" not in text.replace("nothing here is to be believed", "")
    assert "interrupted" not in text


def test_an_interrupted_comparison_says_so(tmp_path: Path) -> None:
    made = comparison(
        [compared("s/a", "unchanged", 0.0), uncompared("s/b", "untried", "interrupted")],
        complete=False,
    )
    text = text_of(report_on(tmp_path, made) / "comparison.html")
    assert "The comparison was interrupted" in text and "1 benchmark had no pair yet" in text


def test_empty_lists_leave_no_empty_parts(tmp_path: Path) -> None:
    made = comparison([], canaries=[], warnings=[])
    out = report_on(tmp_path, made)
    page = Page(out / "comparison.html")
    assert not page.ids & {"canaries", "others", "failed", "warnings", "filter"}
    assert not (out / "c").exists()


def test_beside_results_the_index_links_the_comparison(tmp_path: Path) -> None:
    write_one(tmp_path / "in", [one_benchmark()])
    write_comparison(tmp_path / "in", comparison([compared("s/b", "regressed", 0.1)]))
    done = run_report(tmp_path / "in", "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == str(tmp_path / "out" / "index.html")
    index = Page(tmp_path / "out" / "index.html")
    assert "comparison.html" in index.links and "b/suite.bench.html" in index.links
    assert "1 regressed, 0 improved, 0 inconclusive, 0 unchanged" in index.text
    assert "index.html" in Page(tmp_path / "out" / "comparison.html").links


def test_alone_the_index_leads_to_the_comparison(report: Path) -> None:
    text = (report / "index.html").read_text(encoding="utf-8")
    assert '<meta http-equiv="refresh" content="0; url=comparison.html">' in text
    assert "comparison.html" in Page(report / "index.html").links


def test_gnuplot_runs_once_and_sees_no_name(
    document: Json, tmp_path: Path, gnuplot_wrapper: Callable[[str], str]
) -> None:
    log, script = tmp_path / "log", tmp_path / "script"
    path = gnuplot_wrapper(
        f'echo run >> {log}\nfor last; do :; done\ncat "$last" > {script}\nexec "$REAL" "$@"'
    )
    folder = write_comparison(tmp_path / "in", document)
    write_one(folder, [one_benchmark()])
    assert run_report(folder, "--out", tmp_path / "out", path=path).returncode == 0
    assert log.read_text() == "run\n"
    text = script.read_text(encoding="utf-8")
    for word in ("kinds", "odd", "script>", "system", "`", "$", '"', "\\", "touch"):
        assert word not in text, f"{word!r} reached gnuplot"
    assert not re.search(r"^\s*!", text, re.MULTILINE)


def test_200_benchmarks_have_a_page_each(tmp_path: Path) -> None:
    folder = write_comparison(tmp_path / "in", comparison(make_comparison.several(200)))
    done = run_report(folder, "--out", tmp_path / "out")
    assert done.returncode == 0
    assert len(list((tmp_path / "out" / "c").iterdir())) == 202
    assert (tmp_path / "out" / "comparison.html").stat().st_size < 1_000_000


def test_a_metric_beyond_its_gate_is_seen_without_a_slowdown(tmp_path: Path) -> None:
    document = json.loads(SAMPLE.read_text(encoding="utf-8"))
    folder = write_comparison(tmp_path / "in", document)
    assert run_report(folder, "--out", tmp_path / "out").returncode == 0
    first = text_of(tmp_path / "out/comparison.html")
    assert "2 beyond a gate" in first
    assert "allocations 2 → 3 (+50.0 %), beyond its gate" in first
    assert "instructions 42 500 → 43 000 (+1.2 %): more work" in first
    assert first.count("instructions") == 1, "the same work is not worth a word"
    page = text_of(tmp_path / "out/c/span_creation.attributes.10.html")
    assert "Allocations allocator 2 3 ▲ more +50.0 % may grow by 0 %: beyond it" in page
    assert "valgrind is not installed" in page
    quiet = text_of(tmp_path / "out/c/batching.process_batch.1000.html")
    assert "= the same may grow by 0 %: kept" in quiet
