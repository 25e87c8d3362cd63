"""The drawings of the report, and what gnuplot is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import jsonschema

import make_results
from report_harness import (
    SCHEMA,
    Json,
    Page,
    dots_in,
    one_benchmark,
    plots_of,
    run_report,
    write_one,
)


def test_linear_flat_and_compared_pages_have_their_plots(tmp_path: Path) -> None:
    items = []
    for bench, kind, old in (("l", "linear", False), ("f", "flat", False), ("c", "linear", True)):
        item = make_results.named("suite", bench, []) | make_results.Maker(5).measured(90.0, kind)
        if old:
            make_results.Maker(6).compare(item, 1.1)
        items.append(item)
    write_one(tmp_path / "in", items)
    assert run_report(tmp_path / "in", "--out", tmp_path / "out").returncode == 0
    counts = {name: plots_of(tmp_path / f"out/b/suite.{name}.html") for name in "lfc"}
    assert [len(counts[name]) for name in "lfc"] == [4, 3, 6]
    linear, flat, compared = counts["l"], counts["f"], counts["c"]
    assert [dots_in(plot) for plot in linear] == [100, 100, 100, 0]
    assert [dots_in(plot) for plot in flat] == [40, 40, 0]
    assert dots_in(compared[0]) == 200, "the samples of both runs are drawn"


def test_disturbed_samples_are_marked(tmp_path: Path) -> None:
    item = one_benchmark()
    item["samples"]["involuntary_switches"] = [2 if place in (3, 50) else 0 for place in range(100)]
    write_one(tmp_path / "in", [item])
    run_report(tmp_path / "in", "--out", tmp_path / "out")
    order = plots_of(tmp_path / "out/b/suite.bench.html")[2]
    marks = re.findall(r'<path class="dot mark" d="([^"]*)"', order)
    assert sum(path.count("M") for path in marks) == 2
    assert (
        "In 2 samples of 100 the kernel took the CPU away"
        in Page(tmp_path / "out/b/suite.bench.html").text
    )


def test_plots_leave_all_colours_to_the_style_sheet(report: Path) -> None:
    style = (report / "style.css").read_text(encoding="utf-8")
    roles: set[str] = set()
    for file in report.rglob("*.html"):
        for plot in plots_of(file):
            assert not re.search(r"rgb|#[0-9a-f]{6}|black|white|style=|fill=|stroke=| id=", plot)
            assert "@@" not in plot
            roles |= set(re.findall(r'class="(?:line |area |dot )?([^"]*)"', plot)) - {"plot"}
    assert roles >= {"axis", "tick", "title", "grid", "now", "head", "band", "old", "s1", "s2"}
    for role in roles - {"tick"}:
        assert f".{role} " in style or f".{role}{{" in style, f"no style for {role}"


def test_groups_with_a_numeric_axis_have_curves(report: Path) -> None:
    swept = report / "g" / "span_creation.compress.html"
    time_plot, rate_plot = plots_of(swept)
    assert "payload (log scale)" in time_plot and "throughput (GB/s)" in rate_plot
    for text in ("1Ki", "64Ki", "1Mi"):
        assert f">{text}</text>" in time_plot
    for codec in ("gzip", "zstd", "none"):
        assert f"codec = {codec}" in Page(swept).text
    assert dots_in(time_plot) == 9
    assert (
        "threads (log scale)</text>"
        in plots_of(report / "g" / "span_creation.counter_contention.html")[0]
    )
    assert plots_of(report / "g" / "span_creation.strategy.html") == []


def test_a_sweep_over_threads_has_its_speed_up_drawn(report: Path) -> None:
    file = report / "g" / "span_creation.counter_contention.html"
    time_plot, speed_up = plots_of(file)
    assert dots_in(time_plot) == dots_in(speed_up) == 4
    assert "speed-up, log scale</text>" in speed_up and "threads (log scale)</text>" in speed_up
    ideal = re.findall(r'<path class="line ideal" d="([^"]*)"', speed_up)
    assert len(ideal) == 1
    for page in ("attributes", "compress"):
        plots = plots_of(report / "g" / f"span_creation.{page}.html")
        assert not any("speed-up" in plot for plot in plots)


def test_odd_speed_ups_are_drawn(tmp_path: Path) -> None:
    """Two lines with bases of their own, a bound at zero, and a group of one number of threads."""
    items = []
    for value, counts in ((1, (2, 3)), (2, (4, 64))):
        family = []
        for threads in counts:
            item = make_results.named("suite", "odd", [("n", value)], threads)
            family.append(item | make_results.Maker(threads).measured(100.0, "linear"))
        make_results.scale(family)
        items += family
    items[-1]["scaling"]["speed_up"] |= {"point": 0.0, "lower": -1.0, "upper": 0.0}
    write_one(tmp_path / "in", items)
    assert run_report(tmp_path / "in", "--out", tmp_path / "out").returncode == 0
    speed_up = plots_of(tmp_path / "out/g/suite.odd.html")[-1]
    assert dots_in(speed_up) == 4
    assert re.findall(r'<path class="line ideal" d="([^"]*)"', speed_up)[0].count("M") == 2


def test_gnuplot_runs_once_and_sees_no_name(
    results: Path, tmp_path: Path, gnuplot_wrapper: Callable[[str], str]
) -> None:
    log, script = tmp_path / "log", tmp_path / "script"
    path = gnuplot_wrapper(
        f'echo run >> {log}\nfor last; do :; done\ncat "$last" > {script}\nexec "$REAL" "$@"'
    )
    assert run_report(results, "--out", tmp_path / "out", path=path).returncode == 0
    assert log.read_text() == "run\n"
    text = script.read_text(encoding="utf-8")
    for word in ("attributes", "payload", "codec", "main", "system", "`", "$", '"', "\\", "touch"):
        assert word not in text, f"{word!r} reached gnuplot"
    assert not re.search(r"^\s*!", text, re.MULTILINE)


def odd_benchmarks() -> list[Json]:
    """Valid figures at the edges of what a drawing can bear."""
    items = []
    for bench, factor in (("zero", 0.0), ("tiny", 1e-200), ("huge", 1e18)):
        for value in (1, 2, 400):
            item = make_results.named("suite", bench, [("n", value)])
            item |= make_results.Maker(value).measured(100.0, "linear")
            samples, estimates = item["samples"], item["estimates"]
            samples["time_ns"] = [time * factor for time in samples["time_ns"]]
            for figures in estimates.values():
                for key in ("point", "lower", "upper", "standard_error"):
                    figures[key] *= factor
            item["throughput"] = [{"kind": "bytes", "per_iteration": 10**15}]
            items.append(item)
    single: Json = one_benchmark() | {"id": "suite/single", "bench": "single", "sampling": "flat"}
    single["samples"] = {"iterations": [1], "time_ns": [5]}
    same: Json = one_benchmark() | {"id": "suite/same", "bench": "same", "bootstrap": {}}
    same["samples"] = {"iterations": [2] * 12, "time_ns": [5.0] * 12}
    same["density"] = {"start": 0, "step": 1e-30, "density": [0, 0]}
    many: Json = one_benchmark() | {"id": "suite/many", "bench": "many"}
    many["samples"] = {"iterations": [1] * 5000, "time_ns": [100.0 + i % 7 for i in range(5000)]}
    negative: Json = one_benchmark() | {"id": "suite/negative", "bench": "negative"}
    head = {"point": -5.0, "lower": -6.0, "upper": -4.0, "standard_error": 0}
    negative["estimates"]["lowmean_ns"] = head
    negative["latency_ns"] = dict.fromkeys(
        ("count", "min", "mean", "p50", "p90", "p99", "p99_9", "max", "overflow"), 0
    )
    return [*items, single, same, many, negative]


def test_odd_figures_are_drawn(tmp_path: Path) -> None:
    items = odd_benchmarks()
    document = make_results.document("suite", items, 0)
    jsonschema.validate(document, SCHEMA, jsonschema.Draft202012Validator)
    make_results.write_documents(tmp_path / "in", [document])
    done = run_report(tmp_path / "in", "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "out" / "b").iterdir())) == len(items)
    for file in (tmp_path / "out").rglob("*.html"):
        assert not re.search(r"\b(nan|inf)\b", file.read_text(encoding="utf-8"))
    drawn = plots_of(tmp_path / "out/b/suite.many.html")
    assert 500 <= dots_in(drawn[0]) <= 1000, "a plot of 5000 samples is thinned"
