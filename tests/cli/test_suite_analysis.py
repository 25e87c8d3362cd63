"""Latencies, growth and regressions: figures of the probe `growth`, which tells its own times."""

import json
import math
import re
from typing import Any

import pytest
from suite_program import Bench, Document, assert_one_line, by_id

TAIL_MOST = 138_000
"""The tail repeats itself after so many latencies."""
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99_9": 0.999}
UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def rebuilt(latency: dict[str, Any]) -> list[tuple[float, float, int]]:
    """The buckets as docs/result.schema.json describes them: lowest and highest value, and count."""
    histogram = latency["histogram"]
    one = 2 ** histogram["sub_bits"]
    buckets = []
    for index, count in zip(histogram["index"], histogram["count"], strict=True):
        low, width = index, 1
        if index >= 2 * one:
            shift = index // one - 1
            low, width = (index - shift * one) * 2**shift, 2**shift
        buckets.append((float(low), float(low + width - 1), count))
    return buckets


def quantile(latency: dict[str, Any], q: float) -> float:
    """The value at rank ceil(q n)."""
    rank = math.ceil(q * latency["count"])
    seen = 0
    for low, high, count in rebuilt(latency):
        seen += count
        if seen >= rank:
            return min(max((low + high) / 2, latency["min"]), latency["max"])
    raise AssertionError("fewer values than count says")


def printed_ns(text: str, name: str) -> float:
    match = re.search(rf"^    {re.escape(name)} +([0-9.]+) (ns|us|ms|s)\b", text, re.MULTILINE)
    assert match is not None, (name, text)
    return float(match[1]) * UNITS[match[2]]


@pytest.fixture(name="tail", scope="module")
def measure_tail(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Document]:
    bench = Bench(tmp_path_factory.mktemp("tail"))
    run = bench.run("growth", "tail", "overflow", "-v", "--color", "never")
    assert run.status == 0, run
    return run.out, bench.result("growth")


def test_a_stored_histogram_gives_the_printed_quantiles(tail: tuple[str, Document]) -> None:
    text, document = tail
    latency = by_id(document)["tail"]["latency_ns"]
    assert sum(latency["histogram"]["count"]) == latency["count"] > 1000
    assert latency["overflow"] == 0
    printed = text[text.index("growth/tail") :]
    for key, q in QUANTILES.items():
        assert latency[key] == quantile(latency, q)
        # Four digits are printed.
        assert printed_ns(printed, key.replace("_", ".")) == pytest.approx(latency[key], rel=6e-4)
    assert printed_ns(printed, "max") == pytest.approx(latency["max"], rel=6e-4)
    assert f"{latency['count']} latencies, none above the histogram's end" in printed


def test_quantiles_are_those_of_the_latencies(tail: tuple[str, Document]) -> None:
    """The probe's latencies are known but for where the samples began: compare with all of a turn."""
    latency = by_id(tail[1])["tail"]["latency_ns"]
    made, each = set(), 100.0
    for _ in range(TAIL_MOST):
        made.add(int(each))
        each *= 1.0001
    assert latency["min"] in made and latency["max"] in made
    for low, high, _ in rebuilt(latency):
        assert low <= latency["max"] and high >= latency["min"]
        # Half a bucket is at most 0.05 % of its values.
        assert (high - low) / 2 <= 0.0005 * low


def test_intervals_of_quantiles(tail: tuple[str, Document]) -> None:
    for name in ("tail", "overflow"):
        latency = by_id(tail[1])[name]["latency_ns"]
        for key, bounds in latency["intervals"].items():
            assert latency["min"] <= bounds["lower"] <= latency[key] <= bounds["upper"]
            assert bounds["upper"] <= latency["max"]
    assert "p50" in by_id(tail[1])["tail"]["latency_ns"]["intervals"]


def test_what_the_histogram_cannot_hold_is_said(tail: tuple[str, Document]) -> None:
    text, document = tail
    latency = by_id(document)["overflow"]["latency_ns"]
    assert latency["max"] == 60e9 and latency["min"] == 1000
    assert latency["overflow"] == pytest.approx(latency["count"] / 100, abs=1)
    assert latency["histogram"]["index"] == [1000, 25599]
    assert latency["histogram"]["count"][1] == latency["overflow"]
    assert "p99_9" not in latency["intervals"]
    assert f"{latency['overflow']} of them above 17.18 s, where the histogram ends" in text


def test_a_replay_shows_the_same_latencies(bench: Bench, tail: tuple[str, Document]) -> None:
    place = bench.baseline("growth", "then")
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(tail[1]))
    run = bench.run("growth", "tail", "overflow", "--load-baseline", "then")
    assert run.status == 0, run
    for name, item in by_id(bench.result("growth")).items():
        assert item["latency_ns"] == by_id(tail[1])[name]["latency_ns"]


def test_a_comparison_keeps_the_baselines_latencies(
    bench: Bench, tail: tuple[str, Document]
) -> None:
    place = bench.baseline("growth", "then")
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(tail[1]))
    run = bench.run("growth", "tail", "few", "--baseline-lenient", "then")
    assert run.status == 0, run
    result = by_id(bench.result("growth"))
    old = dict(by_id(tail[1])["tail"]["latency_ns"])
    del old["intervals"]
    assert result["tail"]["comparison"]["baseline"]["latency_ns"] == old
    assert result["tail"]["latency_ns"]["count"] != old["count"]
    assert result["few/10"]["latency_ns"] is None


def test_an_older_baseline_has_no_histogram(bench: Bench, tail: tuple[str, Document]) -> None:
    document = json.loads(json.dumps(tail[1]))
    for item in document["benchmarks"]:
        del item["latency_ns"]["histogram"], item["latency_ns"]["intervals"]
    place = bench.baseline("growth", "then")
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(document))
    run = bench.run("growth", "tail", "overflow", "--load-baseline", "then", "-v")
    assert run.status == 0, run
    for name, item in by_id(bench.result("growth")).items():
        assert item["latency_ns"] == by_id(document)[name]["latency_ns"]


# ---- Growth --------------------------------------------------------------------------------------


@pytest.fixture(name="grown", scope="module")
def measure_growth(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Document]:
    bench = Bench(tmp_path_factory.mktemp("growth"))
    run = bench.run("growth", "sort", "scan", "few", "plain", "--color", "never")
    assert run.status == 0, run
    return run.out, bench.result("growth")


def test_growth_is_told_at_the_end(grown: tuple[str, Document]) -> None:
    lines = grown[0].splitlines()[-7:]
    few = "few: no curve is fitted: that takes 3 different values above 0, and 2 were measured"
    sort = r"sort: O\(n log n\), 12\.50 ns \* n log2 n, RMS 0\.0 %; next O\(n\), RMS 44 %"
    assert lines[0] == few
    for line, each in zip(lines[1:5], ("3.019", "3.019", "2.013", "2.013"), strict=True):
        assert re.fullmatch(
            rf"scan/(cold|warm)/threads:[12]: O\(n\), {each} ns \* n, RMS 0\.9 %; "
            r"next O\(n log n\), RMS \d+ %",
            line,
        ), line
    assert re.fullmatch(sort, lines[5]), lines[5]


def test_growth_is_in_the_document(grown: tuple[str, Document]) -> None:
    families = {family["name"]: family for family in grown[1]["complexity"]}
    assert list(families) == [
        "few",
        *(f"scan/{heat}/threads:{n}" for heat in ("cold", "warm") for n in (1, 2)),
        "sort",
    ]
    sort = families["sort"]
    assert sort["parameter"] == "n" and sort["distinct"] == 4 and not sort["close"]
    assert sort["ids"] == [f"growth/sort/{n}" for n in (16, 64, 1024, 65536)]
    assert [fit["curve"] for fit in sort["fits"]][:2] == ["n log n", "n"]
    assert sort["fits"][0]["coefficient_ns"] == pytest.approx(12.5, rel=1e-6)
    assert len(sort["fits"]) == 6 and "reason" not in sort
    rms = [fit["rms"] for fit in families["scan/warm/threads:2"]["fits"]]
    assert rms[0] < rms[1] and min(rms) == rms[0]
    # 2 n, and 2 % more at 800: the least relative error is in between.
    best = families["scan/warm/threads:2"]["fits"][0]
    assert 2 < best["lower_ns"] + 0.05 < best["coefficient_ns"] + 0.05 < 2.09
    assert families["scan/warm/threads:2"]["distinct"] == 3, "n = 0 gives no point"
    assert families["few"]["distinct"] == 2
    assert "fits" not in families["few"] and "2 were measured" in families["few"]["reason"]


def test_growth_has_the_rows_that_google_benchmark_writes(bench: Bench) -> None:
    run = bench.run("growth", "sort", "few", "--output-format", "gbench", "--quiet")
    rows = json.loads(run.out)["benchmarks"]
    assert [row["name"] for row in rows[-2:]] == ["growth/sort_BigO", "growth/sort_RMS"]
    assert [row["run_type"] for row in rows].count("aggregate") == 2
    big_o, rms = rows[-2:]
    assert big_o["aggregate_name"] == "BigO" and big_o["run_name"] == "growth/sort"
    assert big_o["big_o"] == "NlgN" and big_o["time_unit"] == "ns"
    assert big_o["real_coefficient"] == big_o["cpu_coefficient"] == pytest.approx(12.5, rel=1e-6)
    assert rms["aggregate_name"] == "RMS" and 0 <= rms["rms"] < 1e-6


def test_growth_with_a_word_is_refused(bench: Bench) -> None:
    for mode in ("--list", "--quick", "--test"):
        run = bench.run("words", mode, fast=False)
        assert_one_line(run, 2, "words.c", "codec", ".complexity needs a first axis of integers")


def test_without_growth_nothing_is_said(bench: Bench) -> None:
    run = bench.run("growth", "plain")
    assert "O(" not in run.out and "curve" not in run.out
    assert "complexity" not in bench.result("growth")


# ---- Regressions ---------------------------------------------------------------------------------


def test_regressions(bench: Bench) -> None:
    asked = [f"--regress={pair}" for pair in ("time:iterations", "iterations:time")]
    run = bench.run("growth", "^growth/plain/1", *asked, "--sampling-mode", "linear", "--seed", "3")
    assert run.status == 0, run
    over_iterations, over_time = by_id(bench.result("growth"))["plain/1"]["regressions"]
    assert (over_iterations["responder"], over_iterations["predictor"]) == ("time", "iterations")
    assert over_iterations["slope_ns"]["point"] == pytest.approx(100, rel=1e-9)
    assert abs(over_iterations["intercept_ns"]["point"]) < 1
    assert over_iterations["r_squared"] == pytest.approx(1)
    assert over_time["slope_per_ns"]["point"] == pytest.approx(0.01, rel=1e-9)
    assert "    time:iterations  slope 100.0 ns [100.0 ns .. 100.0 ns]  intercept" in run.out
    assert "    iterations:time  slope 0.0100" in run.out


def test_a_regression_over_what_does_not_vary_has_no_figure(bench: Bench) -> None:
    run = bench.run(
        "growth", "^growth/plain/1", "--regress", "time:iterations", "--sampling-mode", "flat"
    )
    assert run.status == 0, run
    (line,) = by_id(bench.result("growth"))["plain/1"]["regressions"]
    assert line["reason"] == "the predictor is the same in all samples"
    assert set(line) == {"responder", "predictor", "reason"}
    assert "    time:iterations  no line: the predictor is the same in all samples" in run.out


def test_a_regression_asked_for_twice_is_made_once(bench: Bench) -> None:
    asked = ["--regress", "time:iterations", "--regress", "time:iterations"]
    assert bench.run("growth", "^growth/plain/1", *asked).status == 0
    assert len(by_id(bench.result("growth"))["plain/1"]["regressions"]) == 1
    assert bench.run("growth", "^growth/plain/1").status == 0
    assert "regressions" not in by_id(bench.result("growth"))["plain/1"]


def test_regressions_of_stored_samples(bench: Bench) -> None:
    """The same samples, seed and settings give the same lines, measured or loaded."""
    asked = ["growth/plain/1", "--exact", "--seed", "9", "--regress", "time:iterations"]
    assert bench.run("growth", *asked, "--save-baseline", "then").status == 0
    first = by_id(bench.result("growth"))["plain/1"]["regressions"]
    assert bench.run("growth", *asked, "--load-baseline", "then").status == 0
    assert by_id(bench.result("growth"))["plain/1"]["regressions"] == first
    again = bench.run("assay", "reanalyse", "results/latest/growth.json")
    assert by_id(json.loads(again.out))["plain/1"]["regressions"] == first
