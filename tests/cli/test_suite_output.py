"""What goes to standard output and what to standard error, in which form."""

import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from suite_program import ESCAPE, FAST, Bench, Run, read_document, refuse_constant

FORMATS = ["assay", "criterion", "bencher", "json", "gbench", "go"]
NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?"


def measure(bench: Bench, form: str, *arguments: str, name: str = "good") -> Run:
    return bench.run(name, "--output-format", form, *arguments)


def test_a_line_a_benchmark(bench: Bench) -> None:
    run = measure(bench, "assay", "copy/64", "told")
    first, second, last = run.lines()
    value = rf"{NUMBER} [num]?s +\[{NUMBER} \.\. {NUMBER}\]"
    assert re.fullmatch(rf"good/copy/64 +{value} +{NUMBER} [KMGT]?B/s", first)
    assert re.fullmatch(
        rf"good/told +1\.000 us +\[1\.000 \.\. 1\.000\] +ratio 2\.500 x  .*", second
    )
    assert "p50 500.0 ns" in second
    assert last == "good: 2 measured"


def test_criterion(bench: Bench) -> None:
    run = measure(bench, "criterion", "copy/64")
    value = rf"{NUMBER} [num]?s"
    assert re.search(rf"^good/copy/64 +time: +\[{value} {value} {value}\]$", run.out, re.M)
    rate = rf"{NUMBER} [KMGT]?B/s"
    assert re.search(rf"^ +thrpt: +\[{rate} {rate} {rate}\]$", run.out, re.M)


def test_bencher(bench: Bench) -> None:
    run = measure(bench, "bencher", "copy/64", "told")
    pattern = r"test (\S+) \.\.\. bench: +([0-9]+) ns/iter \(\+/- [0-9]+\)"
    matches = [re.fullmatch(pattern, line) for line in run.lines()]
    assert [m[1] for m in matches if m] == ["good/copy/64", "good/told"]
    assert matches[1] is not None and matches[1][2] == "1000"


def test_json_is_the_stored_document(bench: Bench) -> None:
    run = measure(bench, "json", "copy/64", "told")
    assert read_document(run.out)["suite"] == "good"
    assert run.out.encode() == (bench.folder / "results/latest/good.json").read_bytes()


def test_gbench_has_the_shape_that_its_tools_read(bench: Bench) -> None:
    run = measure(bench, "gbench", "copy/64", "told")
    document: dict[str, Any] = json.loads(run.out, parse_constant=refuse_constant)
    context = document["context"]
    assert {"date", "host_name", "executable", "num_cpus", "caches", "library_build_type"} <= set(
        context
    )
    assert context["num_cpus"] >= 1
    rows = document["benchmarks"]
    assert {row["name"] for row in rows} == {"good/copy/64", "good/told"}
    for row in rows:
        assert row["run_type"] == "iteration"
        assert row["time_unit"] == "ns"
        assert row["real_time"] > 0 and row["cpu_time"] > 0 and row["iterations"] >= 1
        assert row["repetitions"] == sum(other["name"] == row["name"] for other in rows) >= 10
    told = [row for row in rows if row["name"] == "good/told"]
    assert all(row["real_time"] == 1000 and row["ratio"] == 2.5 for row in told)
    assert [row["repetition_index"] for row in told] == list(range(len(told)))


def test_go_is_what_benchstat_reads(bench: Bench) -> None:
    run = measure(bench, "go", "copy/64", "told", "parallel/threads:2")
    lines = run.lines()
    assert [line.split(":")[0] for line in lines[:4]] == ["goos", "goarch", "pkg", "cpu"]
    pattern = r"Benchmark\S+-[0-9]+\t[0-9]+\t[0-9.]+ ns/op(\t[0-9.]+ MB/s)?"
    for line in lines[4:]:
        assert re.fullmatch(pattern, line), line
    assert sum(line.startswith("Benchmarkgood/told-1\t") for line in lines) >= 10
    assert sum(line.startswith("Benchmarkgood/parallel/threads:2-2\t") for line in lines) >= 10
    assert all(("MB/s" in line) == ("copy" in line) for line in lines[4:])


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_shows_why_a_benchmark_failed(bench: Bench, form: str) -> None:
    """In its results, or beside them where the format has no place for it."""
    run = measure(bench, form, "fail_in_loop", "a_good", "skipped_by_body", name="bad")
    assert run.status == 3
    assert "wrong result in call 100" in run.out + run.err
    assert "bad/fail_in_loop" in run.out + run.err


@pytest.mark.parametrize("form", FORMATS)
def test_redirected_output_has_results_only_and_no_escape_codes(bench: Bench, form: str) -> None:
    run = measure(bench, form, "prints", "plain", "--verbose")
    assert run.status == 0
    assert ESCAPE not in run.out + run.err
    assert "\r" not in run.out + run.err
    assert "printed by the body" not in run.out
    assert "printed by the body\n" in run.err
    notes = run.err.replace("printed by the body\n", "")
    assert all(line.startswith("assay: ") for line in notes.splitlines()), run.err
    assert re.search(r"^assay: wrote results/\S+/good\.json$", notes, re.M)
    assert "assay: " not in run.out


@pytest.mark.parametrize("form", FORMATS)
def test_quiet_says_nothing_on_standard_error(bench: Bench, form: str) -> None:
    run = measure(bench, form, "plain", "copy", "--quiet", "--save-baseline", "main")
    assert (run.status, run.err) == (0, "")
    assert run.out != ""


def read_terminal(end: int) -> str:
    """What was written to it; reading from one that nobody has open any more fails."""
    try:
        return os.read(end, 65536).decode()
    except OSError:
        return ""


def on_terminal(bench: Bench, *arguments: str, **environment: str) -> tuple[str, str]:
    """What a run writes to two terminals: results, progress."""
    out, out_end = pty.openpty()
    err, err_end = pty.openpty()
    texts = []
    try:
        process = subprocess.Popen(
            bench.command("good", "plain", *arguments),
            cwd=bench.folder,
            env={**bench.env, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out_end,
            stderr=err_end,
            start_new_session=True,
        )
        assert process.wait(timeout=20) == 0
    finally:
        os.close(out_end)
        os.close(err_end)
        for end in (out, err):
            texts.append(read_terminal(end))
            os.close(end)
    return texts[0], texts[1]


def test_colour_and_progress_on_a_terminal(bench: Bench) -> None:
    out, err = on_terminal(bench)
    assert f"{ESCAPE}[" in out
    assert re.search(r"\r\S*\[[#.]+\] 1/1 .*good/plain", err)


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": ""}, True),
        (["--color", "never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_who_decides_on_colour(
    bench: Bench, arguments: list[str], environment: dict[str, str], coloured: bool
) -> None:
    out, _ = on_terminal(bench, *arguments, **environment)
    assert (ESCAPE in out) == coloured


def test_quiet_on_a_terminal(bench: Bench) -> None:
    assert on_terminal(bench, "--quiet")[1] == ""


def test_colour_can_be_had_in_a_pipe(bench: Bench) -> None:
    assert ESCAPE in bench.run("good", "plain", "--color", "always").out
    assert ESCAPE not in bench.run("good", "plain", "--color", "auto").out


def test_verbose_adds_every_estimate(bench: Bench) -> None:
    run = bench.run("good", "plain", "-v", "--sampling-mode", "linear")
    for word in ("mean", "median", "slope", "R^2", "samples, linear", "outlier"):
        assert word in run.out
    assert "median" not in bench.run("good", "plain").out


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_standard_output_loses_no_result(bench: Bench, form: str) -> None:
    with open("/dev/full", "wb") as full:
        run = bench.run("good", "plain", "copy", "--output-format", form, stdout=full)
    assert run.status == 4, run
    assert "assay: standard output could not be written\n" in run.err
    assert len(bench.result("good")["benchmarks"]) == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["--list"],
        ["--help"],
        ["--version"],
        ["--doctor", "--doctor-time", "0.5"],
        ["--dry-run"],
        ["plain", "--test"],
    ],
)
def test_a_full_standard_output_is_never_silent(bench: Bench, arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        run = bench.run("good", *arguments, fast=False, stdout=full)
    assert run == Run(4, "", "assay: standard output could not be written\n")


def test_a_closed_standard_output_loses_no_result(bench: Bench) -> None:
    command = bench.command("good", "plain", "told")
    run = bench.run_command(["sh", "-c", 'exec "$@" >&-', "sh", *command])
    assert run.status == 4, run
    assert len(bench.result("good")["benchmarks"]) == 2


def test_a_closed_standard_error_changes_nothing(bench: Bench) -> None:
    command = bench.command("good", "plain", "prints")
    run = bench.run_command(["sh", "-c", 'exec "$@" 2>&-', "sh", *command])
    assert run.status == 0, run
    assert "printed by the body" not in run.out
    assert len(run.lines()) == 3
    assert len(bench.result("good")["benchmarks"]) == 2


def test_a_reader_that_goes_away_loses_no_result(bench: Bench) -> None:
    command = bench.command("good", "plain", "copy", "told")
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        run = bench.run_command(command, stdout=write_end)
    finally:
        os.close(write_end)
    assert run.status == 4, run
    assert "standard output could not be written" in run.err
    document = bench.result("good")
    assert document["complete"] is True
    assert len(document["benchmarks"]) == 5


def test_numbers_do_not_follow_the_locale(bench: Bench) -> None:
    """Whatever the user's language, files have a point."""
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8"):
        bench.env["LC_ALL"] = name
        run = measure(bench, "json", "told")
        assert read_document(run.out)["benchmarks"][0]["estimates"]["mean_ns"]["point"] == 1000


def test_it_works_where_child_signals_are_ignored(bench: Bench) -> None:
    """A parent that ignores SIGCHLD hands that down to the programs that it starts."""

    def ignore() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    run = bench.run("good", "plain", "--max-time", "1", timeout=5, preexec_fn=ignore)
    assert run.status == 0, run


def test_results_go_where_they_are_told(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    run = bench.run("good", "plain", "--results-dir", str(folder))
    assert run.status == 0, run
    assert f"assay: wrote {folder}/good.json\n" in run.err
    assert not (bench.folder / "results").exists()
    assert list(folder.iterdir()) == [folder / "good.json"]


def test_discard_writes_nothing(bench: Bench) -> None:
    assert bench.run("good", "plain", "--discard-baseline").status == 0
    assert list(bench.folder.iterdir()) == []


def test_the_fast_options_are_echoed(bench: Bench) -> None:
    assert len(FAST) == 8
    assert bench.run("good", "plain").status == 0
    settings = bench.result("good")["settings"]
    assert settings["warm_up_time_s"] == 0.01
    assert settings["measurement_time_s"] == 0.02
    assert settings["sample_size"] == 10
    assert settings["nresamples"] == 1000
