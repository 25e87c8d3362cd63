"""Saving, merging and comparing baselines."""

import json
import re
from typing import Any

import pytest
from suite_program import (
    Bench,
    Document,
    Run,
    by_id,
    read_document,
    tree,
    write_json,
    write_scaled,
)


def measure(bench: Bench, *arguments: str) -> Run:
    return bench.run("good", "plain", "copy", *arguments)


def store(bench: Bench, document: bytes, name: str = "main", factor: float = 1) -> bytes:
    write_scaled(document, bench.baseline("good", name), factor)
    return bench.baseline("good", name).read_bytes()


def replay(bench: Bench, *arguments: str) -> Run:
    """Compares without measuring: the same figures every time."""
    return bench.run("good", "plain", "copy", "--load-baseline", "now", *arguments)


def verdicts(bench: Bench) -> set[str]:
    return {b["comparison"]["verdict"] for b in bench.result("good")["benchmarks"]}


def test_a_baseline_is_the_result_document(bench: Bench) -> None:
    run = measure(bench, "--save-baseline", "main")
    assert run.status == 0, run
    result = bench.result("good")
    assert read_document(bench.baseline("good").read_bytes()) == result
    assert all(benchmark["comparison"] is None for benchmark in result["benchmarks"])


def test_saving_needs_no_result_folder(bench: Bench) -> None:
    assert measure(bench, "--save-baseline", "main", "--discard-baseline").status == 0
    assert sorted(tree(bench.folder)) == ["baselines", "baselines/main", "baselines/main/good.json"]


def test_another_folder_of_baselines(bench: Bench) -> None:
    folder = bench.folder / "else where"
    options = ("--baselines-dir", str(folder), "--discard-baseline", "--noise-threshold", "100%")
    assert measure(bench, "--save-baseline", "main", *options).status == 0
    assert measure(bench, "--baseline", "main", *options).status == 0
    assert sorted(tree(bench.folder)) == [
        "else where",
        *(f"else where/main{x}" for x in ("", "/good.json")),
    ]


def test_comparing_the_unchanged(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "now")
    before = store(bench, good_document)
    run = replay(bench, "--baseline", "main")
    assert run.status == 0, run
    assert verdicts(bench) == {"no change seen"}
    assert (
        len(re.findall(r"against main: [+-]0\.00 % \[.* \.\. .*\]  no change seen", run.out)) == 4
    )
    assert run.lines()[-1].endswith("; 0 regressed, 0 improved, 4 without a change seen")
    assert bench.baseline("good").read_bytes() == before


@pytest.mark.parametrize(
    ("factor", "verdict", "status", "change"),
    [(0.5, "regressed", 1, 1.0), (2.0, "improved", 0, -0.5)],
)
def test_comparing_the_changed(
    bench: Bench, good_document: bytes, factor: float, verdict: str, status: int, change: float
) -> None:
    store(bench, good_document, "now")
    store(bench, good_document, factor=factor)
    choices: list[list[str]] = [[], ["--require-verdict"], ["--quiet", "--output-format", "json"]]
    for options in choices:
        run = replay(bench, "--baseline", "main", *options)
        assert run.status == status, run
        assert verdicts(bench) == {verdict}
    for benchmark in bench.result("good")["benchmarks"]:
        comparison = benchmark["comparison"]
        assert comparison["change"]["point"] == pytest.approx(change, rel=1e-6)
        assert comparison["change"]["lower"] < change < comparison["change"]["upper"]
        assert comparison["baseline"]["name"] == "main"
        assert comparison["p_value"] < 0.05
        assert comparison["baseline"]["lowmean_ns"] == pytest.approx(
            benchmark["estimates"]["lowmean_ns"]["point"] * factor, rel=1e-6
        )


def test_measuring_anew_finds_a_large_change(bench: Bench) -> None:
    assert bench.run("kernels", "chain", "--save-baseline", "main").status == 0
    saved = bench.baseline("kernels")
    document = saved.read_bytes()
    for factor, status in ((0.25, 1), (4.0, 0)):
        write_scaled(document, saved, factor)
        run = bench.run("kernels", "chain", "--baseline", "main")
        assert run.status == status, run
        assert ("2 regressed" in run.out) == (status == 1)


def test_a_threshold_hides_smaller_changes(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "now")
    store(bench, good_document, factor=0.8)
    assert replay(bench, "--baseline", "main", "--noise-threshold", "60%").status == 0
    assert verdicts(bench) == {"no change seen"}


def test_a_demanded_verdict_that_cannot_be_given(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "now")
    store(bench, good_document)
    assert replay(bench, "--baseline", "main", "--require-verdict").status == 5


def test_a_demanded_verdict_without_anything_to_compare_with(
    bench: Bench, good_document: bytes
) -> None:
    store(bench, good_document, "now")
    run = replay(bench, "--baseline-lenient", "missing", "--require-verdict")
    assert run.status == 5, run


def test_zero_times_are_nothing_to_compare_with(bench: Bench, good_document: bytes) -> None:
    """Most samples took no time at all: no ratio can be given, and nothing crashes."""
    document = json.loads(good_document)
    for benchmark in document["benchmarks"]:
        times = benchmark["samples"]["time_ns"]
        benchmark["samples"]["time_ns"] = [0] * (len(times) - 1) + [1000]
    for name in ("now", "main"):
        write_json(bench.baseline("good", name), document)
    for options in ((), ("--baseline", "main")):
        run = replay(bench, *options)
        assert run.status == 0, run
        assert all(b["comparison"] is None for b in bench.result("good")["benchmarks"])
    assert replay(bench, "--baseline", "main", "--require-verdict").status == 5


# ---- Merging -----------------------------------------------------------------------------------


def test_a_filtered_save_keeps_the_others(bench: Bench, good_document: bytes) -> None:
    old = by_id(json.loads(store(bench, good_document)))
    run = bench.run("good", "copy/64", "told", "--save-baseline", "main")
    assert run.status == 0, run
    merged = by_id(read_document(bench.baseline("good").read_bytes()))
    new = by_id(bench.result("good"))
    assert set(merged) == {"plain", "copy/0", "copy/64", "copy/1024", "told"}
    for name in ("plain", "copy/0", "copy/1024"):
        assert merged[name] == old[name]
    for name in ("copy/64", "told"):
        assert merged[name] == new[name]
    assert set(new) == {"copy/64", "told"}


def test_a_merged_baseline_compares_and_merges_again(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document)
    for _ in range(2):
        assert bench.run("good", "told", "--save-baseline", "main").status == 0
    run = bench.run(
        "good", "plain", "copy", "told", "--baseline", "main", "--noise-threshold", "100%"
    )
    assert run.status == 0, run
    assert len(bench.result("good")["benchmarks"]) == 5


def test_a_failed_benchmark_keeps_its_old_figure(bench: Bench) -> None:
    """It worked when the baseline was saved; now it fails."""
    assert bench.run("bad", "a_good", "z_good", "--save-baseline", "main").status == 0
    document = json.loads(bench.baseline("bad").read_bytes())
    document["benchmarks"][1].update({"id": "bad/no_loop", "bench": "no_loop"})
    write_json(bench.baseline("bad"), document)
    run = bench.run("bad", "a_good", "no_loop", "--save-baseline", "main")
    assert run.status == 3
    assert by_id(bench.result("bad"))["no_loop"]["status"] == "failed"
    merged = by_id(read_document(bench.baseline("bad").read_bytes()))
    assert merged["no_loop"] == document["benchmarks"][1]
    assert merged["a_good"] == by_id(bench.result("bad"))["a_good"]


@pytest.mark.parametrize("damage", ["host", "method", "schema", "truncated"])
def test_a_part_does_not_replace_a_whole_of_another_kind(
    bench: Bench, good_document: bytes, damage: str
) -> None:
    document: Document = json.loads(good_document)
    if damage == "host":
        document["host"]["key"] = "0123456789abcdef"
    elif damage == "method":
        document["method"] = 99
    elif damage == "schema":
        document["schema"] = "assay-result/2"
    write_json(bench.baseline("good"), document)
    if damage == "truncated":
        bench.baseline("good").write_bytes(good_document[:5000])
    before = bench.baseline("good").read_bytes()
    run = bench.run("good", "plain", "--save-baseline", "main", "--quiet")
    assert run.status == 4, run
    assert re.fullmatch(r'assay: [^\n]*the whole baseline "main"[^\n]*\n', run.err), run.err
    assert bench.baseline("good").read_bytes() == before
    assert by_id(bench.result("good"))["plain"]["status"] == "measured", "nothing is lost"


def test_a_whole_run_replaces_a_baseline_of_another_host(bench: Bench) -> None:
    assert bench.run("skipping", "--save-baseline", "main").status == 0
    document = json.loads(bench.baseline("skipping").read_bytes())
    document["host"]["key"] = "0123456789abcdef"
    write_json(bench.baseline("skipping"), document)
    assert bench.run("skipping", "--save-baseline", "main").status == 0
    key = read_document(bench.baseline("skipping").read_bytes())["host"]["key"]
    assert key == bench.result("skipping")["host"]["key"] != "0123456789abcdef"


# ---- Strict and lenient ------------------------------------------------------------------------


def test_a_benchmark_that_a_strict_baseline_lacks(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document)
    run = bench.run("good", "plain", "told", "--baseline", "main")
    assert (run.status, run.out) == (4, "")
    assert re.fullmatch(r'assay: [^\n]*"main"[^\n]*good/told[^\n]*\n', run.err)
    assert not (bench.folder / "results").exists()


def test_a_benchmark_that_a_lenient_baseline_lacks(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document)
    run = bench.run(
        "good", "plain", "told", "--baseline-lenient", "main", "--noise-threshold", "100%"
    )
    assert run.status == 0, run
    benchmarks = by_id(bench.result("good"))
    assert benchmarks["plain"]["comparison"] is not None
    assert benchmarks["told"]["comparison"] is None


def test_no_lenient_baseline_at_all_is_noted(bench: Bench) -> None:
    run = measure(bench, "--baseline-lenient", "main")
    assert run.status == 0, run
    assert re.search(r'^assay: there is no baseline "main"', run.err, re.M)
    assert all(b["comparison"] is None for b in bench.result("good")["benchmarks"])


def test_a_benchmark_that_cannot_run_here_needs_no_figure(bench: Bench) -> None:
    """A suite with a benchmark that is skipped on this machine can be compared strictly all the same."""
    assert bench.run("skipping", "--save-baseline", "main").status == 0
    run = bench.run("skipping", "--baseline", "main", "--noise-threshold", "100%")
    assert run.status == 0, run
    benchmarks = by_id(bench.result("skipping"))
    assert benchmarks["elsewhere"]["status"] == "skipped"
    assert benchmarks["everywhere"]["comparison"] is not None


# ---- In one run --------------------------------------------------------------------------------


def test_saving_and_comparing_under_one_name_compares_first(
    bench: Bench, good_document: bytes
) -> None:
    """The figures are live ones, so they may differ by as much as a busy machine makes them."""
    chosen = ("plain", "copy/1024")
    store(bench, good_document, factor=0.001)
    run = bench.run("good", *chosen, "--baseline", "main", "--save-baseline", "main")
    assert run.status == 1, run
    assert verdicts(bench) == {"regressed"}
    saved = by_id(read_document(bench.baseline("good").read_bytes()))
    assert saved["plain"]["samples"] == by_id(bench.result("good"))["plain"]["samples"]
    run = bench.run("good", *chosen, "--baseline", "main")
    assert run.status in (0, 1), run
    for benchmark in bench.result("good")["benchmarks"]:
        assert abs(benchmark["comparison"]["change"]["point"]) < 10


def test_saving_and_comparing_under_a_name_that_is_not_there(bench: Bench) -> None:
    run = measure(bench, "--baseline", "main", "--save-baseline", "main")
    assert run.status == 4, run
    assert 'there is no baseline "main"' in run.err


# ---- Loading -----------------------------------------------------------------------------------


def figures(document: Document) -> dict[str, Any]:
    keys = ("samples", "estimates", "outliers", "density", "measured_utc", "counters", "sampling")
    return {name: {k: b[k] for k in keys} for name, b in by_id(document).items()}


def test_loading_analyses_again_and_runs_nothing(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "now")
    before = json.loads(good_document)
    run = replay(bench, "--seed", str(before["seed"]))
    assert run.status == 0, run
    assert figures(bench.result("good")) == figures(before)


def test_loading_with_other_settings(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "now")
    assert replay(bench, "--confidence-level", "0.6", "--quiet").status == 0
    new, old = bench.result("good"), json.loads(good_document)
    assert new["settings"]["confidence_level"] == 0.6
    for name, benchmark in by_id(old).items():
        wide = benchmark["estimates"]["mean_ns"]
        narrow = by_id(new)[name]["estimates"]["mean_ns"]
        assert narrow["upper"] - narrow["lower"] < wide["upper"] - wide["lower"]
        assert narrow["point"] == wide["point"]


def test_loaded_samples_keep_their_origin(bench: Bench, good_document: bytes) -> None:
    """Figures of another machine, build and commit do not become this one's by being analysed here."""
    document: Document = json.loads(good_document)
    document["host"].update({"key": "0123456789abcdef", "cpu_model": "Some Other CPU"})
    document["commit"] = {"id": "0123456789ab", "dirty": True}
    document["build"]["compiler"] = "gcc 4.2"
    write_json(bench.baseline("good", "now"), document)
    assert replay(bench).status == 0
    result = bench.result("good")
    for key in ("host", "commit", "build", "clock"):
        assert result[key] == document[key], key


def test_loading_what_the_baseline_lacks(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "now")
    run = bench.run("good", "plain", "told", "--load-baseline", "now")
    assert run.status == 0, run
    told = by_id(bench.result("good"))["told"]
    assert told["status"] == "skipped"
    assert "baseline" in told["reason"]


def test_comparing_two_stored_ones_as_criterion_prints(bench: Bench, good_document: bytes) -> None:
    store(bench, good_document, "now")
    store(bench, good_document, factor=2)
    run = replay(bench, "--baseline", "main", "--output-format", "criterion")
    assert run.status == 0, run
    assert run.out.count("Performance has improved.") == 4
