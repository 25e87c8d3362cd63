"""Runs reports/report.py from outside and reads the pages that it wrote."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest

import make_results
from report_harness import (
    SCHEMA,
    Json,
    Page,
    contents,
    one_benchmark,
    page_for,
    pages_of,
    rows_of,
    run_report,
    write_one,
)


def test_made_documents_fit_the_published_schema(documents: list[Json]) -> None:
    for document in documents:
        jsonschema.validate(document, SCHEMA, jsonschema.Draft202012Validator)
    states = {item["status"] for document in documents for item in document["benchmarks"]}
    assert states == {"measured", "failed", "skipped", "interrupted"}


def test_every_benchmark_has_a_page_of_its_own(documents: list[Json], report: Path) -> None:
    expected = sum(len(document["benchmarks"]) for document in documents)
    names = [file.name for file in (report / "b").iterdir()]
    assert len({name.lower() for name in names}) == len(names) == expected
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,120}\.html", name) for name in names)


def test_index_links_every_page(report: Path) -> None:
    linked = set(Page(report / "index.html").links)
    for folder in ("b", "g"):
        for file in (report / folder).iterdir():
            assert f"{folder}/{file.name}" in linked


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


def test_nothing_is_fetched_from_elsewhere(report: Path) -> None:
    for name in ("style.css", "report.js"):
        text = (report / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|url\(|@import|fetch\(|//[a-z]", text)


def test_pages_are_well_formed_documents(report: Path) -> None:
    for file, page in pages_of(report).items():
        tags = [tag for tag, _ in page.tags]
        assert tags.count("h1") == 1 and tags.count("title") == 1 and tags.count("main") == 1, file
        assert ("html", {"lang": "en"}) in page.tags
        for tag, attributes in page.tags:
            if tag == "th":
                assert attributes.get("scope"), f"{file.name} has a th without scope"


def test_index_of_200_benchmarks_is_small(tmp_path: Path) -> None:
    make_results.write_documents(tmp_path / "in", make_results.make_documents(200))
    assert run_report(tmp_path / "in", "--out", tmp_path / "out").returncode == 0
    assert len(list((tmp_path / "out" / "b").iterdir())) == 200
    assert (tmp_path / "out" / "index.html").stat().st_size < 1_000_000


def test_same_results_give_the_same_report(results: Path, report: Path, tmp_path: Path) -> None:
    assert run_report(results, "--out", tmp_path / "again").returncode == 0
    assert contents(tmp_path / "again") == contents(report)


def test_title_is_text(tmp_path: Path) -> None:
    write_one(tmp_path / "in", [one_benchmark()])
    run_report(tmp_path / "in", "--out", tmp_path / "out", "--title", "Nightly <b>42</b>")
    assert "Nightly <b>42</b>" in Page(tmp_path / "out" / "index.html").text


def test_hostile_names_stay_text(report: Path) -> None:
    for file, page in pages_of(report).items():
        for tag, attributes in page.tags:
            assert tag != "img"
            assert not any(name.startswith("on") for name in attributes), file
            if tag == "script":
                assert str(attributes.get("src")).endswith("report.js")
        assert [tag for tag, _ in page.tags].count("script") == 1
    index = Page(report / "index.html").text
    for name in ("<script>alert(1)</script>", "x" * 200, "{{ 7 * 7 }}{% raw %}", "&amp;%s%n"):
        assert name in index
    assert "line\\nbreak\\ttab\\r\\x07bell" in index
    assert "\\u202eright-to-left" in index and "\u202e" not in index


def test_headline_shows_the_estimate_and_its_interval(tmp_path: Path) -> None:
    item = one_benchmark()
    item["estimates"]["lowmean_ns"] = {
        "point": 46213.4, "lower": 46190.1, "upper": 46239.9, "standard_error": 12.6,
    }  # fmt: skip
    item["throughput"] = [
        {"kind": "bytes", "per_iteration": 46213},
        {"kind": "elements", "per_iteration": 100},
    ]
    write_one(tmp_path / "in", [item])
    assert run_report(tmp_path / "in", "--out", tmp_path / "out").returncode == 0
    for page in (Page(tmp_path / "out/index.html"), Page(tmp_path / "out/b/suite.bench.html")):
        text = page.text
        assert "46.21 µs" in text and "46.19 to 46.24" in text
        assert "1.000 GB/s" in text and "2.164 M elements/s" in text


def test_a_requested_unit_is_used(tmp_path: Path) -> None:
    item: Json = one_benchmark() | {"unit": "us"}
    item["estimates"]["lowmean_ns"] = {
        "point": 250.0, "lower": 249.0, "upper": 251.0, "standard_error": 0.5,
    }  # fmt: skip
    write_one(tmp_path / "in", [item])
    run_report(tmp_path / "in", "--out", tmp_path / "out")
    assert "0.2500 µs" in Page(tmp_path / "out/b/suite.bench.html").text


@pytest.mark.parametrize("status", ["failed", "skipped", "interrupted"])
def test_what_was_not_measured_has_a_reason_and_no_figure(tmp_path: Path, status: str) -> None:
    stale = one_benchmark() | {"status": status, "reason": "the socket was closed"}
    write_one(tmp_path / "in", [stale])
    assert run_report(tmp_path / "in", "--out", tmp_path / "out").returncode == 0
    page = Page(tmp_path / "out/b/suite.bench.html")
    assert "the socket was closed" in page.text
    assert "svg" not in [tag for tag, _ in page.tags]
    row = rows_of(tmp_path / "out/index.html")[0]
    assert status in row and "the socket was closed" in row
    assert not re.search(r"\d+\.\d+", row)


def test_below_resolution_shows_no_time(tmp_path: Path) -> None:
    item: Json = one_benchmark() | {"below_resolution": True}
    item["throughput"] = [{"kind": "elements", "per_iteration": 1}]
    write_one(tmp_path / "in", [item])
    run_report(tmp_path / "in", "--out", tmp_path / "out")
    row = rows_of(tmp_path / "out/index.html")[0]
    assert "below resolution" in row and not re.search(r"\d", row)
    page = Page(tmp_path / "out/b/suite.bench.html")
    assert "cannot be told from the empty loop" in page.text
    assert "elements/s" not in page.text


def test_the_grade_of_the_machine_stands_at_the_top(tmp_path: Path) -> None:
    for grade, word in (("A", "Steady"), ("D", "Unsteady"), (None, "Not graded: too short")):
        write_one(tmp_path / "in", [one_benchmark()])
        file = next((tmp_path / "in").iterdir())
        document = json.loads(file.read_text())
        document["environment"]["stability"] = make_results.stability(grade)
        file.write_text(json.dumps(document))
        run_report(tmp_path / "in", "--out", tmp_path / "out")
        text = Page(tmp_path / "out/index.html").text
        title = "How steady the machine was" + (f": {grade}" if grade else "")
        assert title in text and word in text
        assert text.index(title) < text.index(
            "One iteration" if "One iteration" in text else "The run"
        )
        assert re.search(r"3.?120 observations in 28 s: " if grade else "42 observations", text)


def test_older_documents_have_no_grade(tmp_path: Path) -> None:
    write_one(tmp_path / "in", [one_benchmark()])
    file = next((tmp_path / "in").iterdir())
    document = json.loads(file.read_text())
    del document["environment"]["stability"]
    file.write_text(json.dumps(document))
    assert run_report(tmp_path / "in", "--out", tmp_path / "out").returncode == 0
    assert "How steady" not in Page(tmp_path / "out/index.html").text


def test_the_worst_grade_of_several_suites_is_shown(documents: list[Json], report: Path) -> None:
    grades = [document["environment"]["stability"]["grade"] for document in documents]
    assert len(set(grades)) > 1
    text = Page(report / "index.html").text
    assert f"How steady the machine was: {max(grades)}" in text
    assert f"The worst of {len(grades)} suites" in text


def test_cold_and_the_harness_are_shown(report: Path) -> None:
    cold = Page(report / "b/span_creation.full_cycle.html").text
    assert "cold: 256 KiB were flushed before every iteration" in cold
    emit = Page(report / "b/span_creation.log_emit.html").text
    assert "Iterations a batch 15.99" in emit
    assert "Clock reads of a batch 16.10 ns (15.60 ns to 18.40 ns)" in emit
    assert "Pauses an iteration 2.000" in emit
    assert "A pause adds 24.50 ns (23.00 ns to 31.00 ns)" in emit
    assert "Harness in the time 16 % (15 % to 20 %)" in emit
    index = Page(report / "index.html").text
    assert "cold (flushed)" in index and "harness 16 % of the time" in index


def test_verdicts_are_words_with_figures(tmp_path: Path) -> None:
    items = []
    for bench, verdict, point in (
        ("a", "regressed", 0.052),
        ("b", "improved", -0.031),
        ("c", "no change seen", 0.004),
    ):
        item: Json = one_benchmark() | {"id": f"suite/{bench}", "bench": bench}
        make_results.Maker(1).compare(item, 1.0)
        change = {"point": point, "lower": point - 0.01, "upper": point + 0.01, "standard_error": 0}
        item["comparison"] |= {
            "change": change, "verdict": verdict, "smallest_detectable_change": 0.012,
        }  # fmt: skip
        items.append(item)
    write_one(tmp_path / "in", items)
    run_report(tmp_path / "in", "--out", tmp_path / "out")
    rows = [row for row in rows_of(tmp_path / "out/index.html")]
    assert "slower +5.2 %" in rows[0] and "+4.2 % to +6.2 %" in rows[0]
    assert "faster −3.1 %" in rows[1]
    assert "no change seen" in rows[2] and "(limit 1.2 %)" in rows[2]
    text = Page(tmp_path / "out/index.html").text
    assert "1 slower" in text and "1 faster" in text


def test_summary_counts_what_the_documents_hold(documents: list[Json], report: Path) -> None:
    items = [item for document in documents for item in document["benchmarks"]]
    text = Page(report / "index.html").text
    for status in ("measured", "failed", "skipped", "interrupted"):
        assert f"{sum(item['status'] == status for item in items)} {status}" in text
    verdicts = [item["comparison"]["verdict"] for item in items if item.get("comparison")]
    assert f"{verdicts.count('regressed')} slower" in text
    assert f"{verdicts.count('improved')} faster" in text
    matter = [item for item in items if item["status"] == "measured"]
    count = sum(item["outliers"]["effect"] in ("moderate", "severe") for item in matter)
    assert f"{count} with outliers that matter" in text


def test_run_facts_are_shown_once_or_with_their_suite(report: Path) -> None:
    text = Page(report / "index.html").text
    assert text.count("gcc 12.2.0") == 1
    assert text.count("Empty loop") == 3, "the loop's cost differs from suite to suite"
    assert "9a8b7c6d5e4f, with uncommitted changes" in text


def test_estimates_and_latency_are_listed(report: Path) -> None:
    text = page_for(report, "span_creation/counter_contention/threads:8").text
    for name in ("Low mean", "Mean", "Median", "Median absolute deviation", "Standard deviation"):
        assert name in text
    assert "R² 0.99910" in text
    assert "99.9 % 4.100 µs" in text and "Largest 1.300 ms" in text
    assert "2 operations took longer than the 17.2 s that the histogram reaches" in text
    assert "percentile" not in text, "without a histogram there is no curve"


def test_latencies_are_drawn_over_percentiles(report: Path) -> None:
    text = page_for(report, "span_creation/counter_contention/threads:2").text
    assert "3 000 operations recorded" in text
    assert (
        "half took at most"
        in (report / "b/span_creation.counter_contention.threads-2.html").read_text()
    )
    assert "latency, log scale" in text and " 90 99 99.9 99.99 percentile" in text
    assert " 30 99.9 %" in text, "30 of 3000 are slower than the 99 %"
    assert "quantile of the table" in text and "baseline" in text


def test_regressions_are_listed(report: Path) -> None:
    text = page_for(report, "span_creation/counter_contention/threads:2").text
    assert "time over iterations 27.30 ns 26.91 to 27.69" in text
    assert "−1.234 µs −2.998 to 0.530 0.9931" in text
    assert "time over page faults No line: the predictor is the same in all samples." in text
    assert "iterations over time 0.03660 a ns" in text
    assert "Regressions" not in page_for(report, "span_creation/counter_contention/threads:8").text


def test_growth_is_listed_and_drawn(report: Path) -> None:
    page = Page(report / "g" / "span_creation.attributes.html")
    assert "attributes O(n) 12.30 ns × n 11.90 to 12.70 3.1 % O(n log n)" in page.text
    assert "cannot be told apart" in page.text and "fitted curve" in page.text
    drawn = (report / "g" / "span_creation.attributes.html").read_text(encoding="utf-8")
    assert drawn.count('class="line fit"') == 1
    words = Page(report / "g" / "span_creation.strategy.html").text
    assert "strategy no curve is fitted: that takes 3 different values above 0" in words
    plain = Page(report / "g" / "span_creation.compress.html").text
    assert "How it grows" not in plain and "fitted curve" not in plain


def test_threads_are_told_of(report: Path) -> None:
    eight = page_for(report, "span_creation/counter_contention/threads:8")
    assert "Speed-up over 1 thread" in eight.text and "efficiency" in eight.text
    assert "Fairness: slowest thread over fastest 0.48" in eight.text
    assert "More threads than CPUs" in eight.text and "What each thread did" in eight.text
    two = page_for(report, "span_creation/counter_contention/threads:2").text
    assert (
        "More threads than CPUs" not in two and "Fairness: slowest thread over fastest 0.90" in two
    )
    alone = page_for(report, "span_creation/trace_id_creation").text
    assert "What each thread did" not in alone and "Speed-up" not in alone
    group = Page(report / "g" / "span_creation.counter_contention.html").text
    for word in ("On more threads", "×1.00", "Iterations of all", "more than CPUs"):
        assert word in group
    assert "On more threads" not in Page(report / "g" / "span_creation.attributes.html").text
    (row,) = [row for row in rows_of(report / "index.html") if "more threads than CPUs" in row][:1]
    assert "8 threads" in row


def test_repeat_command_names_the_benchmark(documents: list[Json], report: Path) -> None:
    page = Page(report / "b" / "span_creation.attributes.10.html")
    document = next(item for item in documents if item["suite"] == "span_creation")
    expected = "build/release/bin/span_creation --exact span_creation/attributes/10 --seed "
    assert expected + str(document["seed"]) in page.text


def test_repeat_command_survives_a_shell(documents: list[Json], report: Path) -> None:
    wanted = {
        item["id"]
        for item in documents[-1]["benchmarks"]
        if "\ud800" not in item["id"] and documents[-1]["suite"] == make_results.HOSTILE_NAMES[0]
    }
    seen = set()
    for file in (report / "b").iterdir():
        match = re.search(r'<code id="command">(.*?)</code>', file.read_text("utf-8"), re.DOTALL)
        assert match is not None
        command = unescape(match[1])
        done = subprocess.run(
            ["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=True
        )
        words = done.stdout.split(b"\0")
        seen.add(words[2].decode("utf-8", "surrogatepass"))
    assert wanted <= seen


def test_shell_quoting_of_plain_ids_stays_readable(report: Path) -> None:
    page = page_for(report, "batching/attributes/5")
    command = next(word for word in page.words if word.startswith("build/"))
    assert shlex.split(command)[2] == "batching/attributes/5" and "'" not in command


def test_ids_that_look_alike_in_a_path_get_pages_of_their_own(tmp_path: Path) -> None:
    items = []
    for name in ("a:b", "a-b", "A-b", "a b"):
        item: Json = one_benchmark()
        items.append(item | {"id": f"suite/{name}", "bench": name})
    write_one(tmp_path / "in", items)
    assert run_report(tmp_path / "in", "--out", tmp_path / "out").returncode == 0
    files = sorted((tmp_path / "out" / "b").iterdir())
    assert len({file.name.lower() for file in files}) == 4
    texts = " ".join(Page(file).text for file in files)
    assert all(f"suite/{item['bench']}: Benchmark report" in texts for item in items)


def test_what_is_counted_is_listed_with_its_state(report: Path) -> None:
    text = page_for(report, "batching/compress/zstd/65536").text.replace("\u202f", " ")
    assert "What it counts" in text
    assert "Allocations 2.500 2.400 to 2.600 allocator" in text
    assert "scaled: counted 37 % of the time" in text
    assert "process of all threads" in text, "what a known figure leaves out is said"
    assert "Instructions not available valgrind valgrind is not installed" in text
    assert "may grow by 0 %: beyond it" in text


def test_nothing_counted_leaves_no_empty_part(tmp_path: Path) -> None:
    run_report(write_one(tmp_path / "in", [one_benchmark()]), "--out", tmp_path / "out")
    for page in pages_of(tmp_path / "out").values():
        assert "What it counts" not in page.text
