"""Bad input: one clear line, the right exit status, and nothing lost."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from suite_program import (
    BUILD,
    FAST,
    Bench,
    Document,
    assert_one_line,
    read_document,
    tree,
    write_json,
)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        # Unknown, with the nearest one.
        (["--sample-sise", "20"], ["--sample-sise", "--sample-size"]),
        (["--measurment-time=1"], ["--measurment-time", "--measurement-time"]),
        (["--colour", "never"], ["--colour", "--color"]),
        (["--save_baseline", "x"], ["--save_baseline", "--save-baseline"]),
        (["--frobnicate"], ["--frobnicate", "--help"]),
        (["-x"], ["-x", "--help"]),
        (["-smain"], ["-smain"]),
        (["--no-quiet"], ["--no-quiet"]),
        # Missing value, value for a flag.
        (["--sample-size"], ["--sample-size", "value", "N"]),
        (["plain", "--save-baseline"], ["--save-baseline", "value", "NAME"]),
        (["-b"], ["--baseline", "value"]),
        (["--quick=yes"], ["--quick", "no value"]),
        (["--list="], ["--list", "no value"]),
        # Out of range.
        (["--sample-size", "5"], ["--sample-size", '"5"', "10"]),
        (["--sample-size", "10001"], ["--sample-size", "10000"]),
        (["--sample-size", "99999999999999999999"], ["--sample-size"]),
        (["--sample-size", "-20"], ["--sample-size", '"-20"']),
        (["--nresamples", "0"], ["--nresamples"]),
        (["--warm-up-time", "-1"], ["--warm-up-time", '"-1"']),
        (["--measurement-time", "0"], ["--measurement-time"]),
        (["--confidence-level", "1"], ["--confidence-level"]),
        (["--confidence-level", "95"], ["--confidence-level", '"95"', "%"]),
        (["--significance-level", "0"], ["--significance-level"]),
        (["--noise-threshold=-1%"], ["--noise-threshold"]),
        (["--seed", "-1"], ["--seed"]),
        (["--seed", "18446744073709551616"], ["--seed"]),
        (["--pin", "-1"], ["--pin"]),
        (["--pin", "4096"], ["--pin"]),
        (["--threads", "0"], ["--threads"]),
        (["--threads", "1,,2"], ["--threads"]),
        (["--threads", "1,2,"], ["--threads"]),
        (["--threads", "1;2"], ["--threads"]),
        (["--threads", "1025"], ["--threads"]),
        (["--time-budget", "0"], ["--time-budget"]),
        (["--max-time", "0"], ["--max-time"]),
        # Not numbers, or not decimal ones.
        *[
            ([option, text], [option, f'"{text}"'])
            for option in ("--warm-up-time", "--measurement-time", "--noise-threshold")
            for text in (
                "nan",
                "inf",
                "-inf",
                "0x1p-3",
                "0x10",
                "1e999",
                "fast",
                "1,5",
                ".",
                "--",
                "1 x",
            )
        ],
        (["--sample-size", "0x10"], ["--sample-size"]),
        (["--sample-size", "1e2"], ["--sample-size"]),
        (["--sample-size", "20.5"], ["--sample-size"]),
        (["--sample-size", ""], ["--sample-size"]),
        (["--measurement-time", "5 parsecs"], ["--measurement-time", "300ms"]),
        # Not one of the words.
        (["--output-format", "xml"], ["--output-format", "xml", "json", "gbench"]),
        (["--color", "sometimes"], ["--color", "sometimes", "always"]),
        (["--sampling-mode", "LINEAR"], ["--sampling-mode", "LINEAR", "linear"]),
        (["--format", ""], ["--format", "terse"]),
        (["--results-dir", ""], ["--results-dir"]),
        # Contradictory.
        (["--verbose", "--quiet"], ["--verbose", "--quiet"]),
        (["--quick", "--sample-size", "20"], ["--quick", "--sample-size"]),
        (["--quick", "--measurement-time", "1"], ["--quick", "--measurement-time"]),
        (["--baseline", "a", "--baseline-lenient", "b"], ["--baseline", "--baseline-lenient"]),
        (["--save-baseline", "a", "--load-baseline", "b"], ["--save-baseline", "--load-baseline"]),
        (["--save-baseline", "a", "--test"], ["--save-baseline", "--test"]),
        (["--results-dir", "r", "--discard-baseline"], ["--results-dir", "--discard-baseline"]),
        (["--test", "--profile-time", "1"], ["--test", "--profile-time"]),
        (["--list", "--dry-run"], ["--list", "--dry-run"]),
        (["--require-verdict"], ["--require-verdict", "--baseline"]),
        # Regressions.
        (["--regress", "time"], ["--regress", "RESPONDER:PREDICTOR"]),
        (["--regress", "tme:iterations"], ["--regress", '"tme"', "did you mean time?"]),
        (["--regress", "time:page_faults"], ["--regress", '"page_faults"', "page-faults?"]),
        (["--regress", "time:cycles"], ['"cycles"', "time, iterations, page-faults"]),
        (["--regress", "time:time"], ["--regress", "itself"]),
        (["--regress", "time:iterations", "--test"], ["--regress", "--test"]),
        (["--exact"], ["--exact"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_option(bench: Bench, arguments: list[str], words: list[str]) -> None:
    assert_one_line(bench.run("good", *arguments, fast=False), 2, *words)
    assert tree(bench.folder) == {}


def test_a_time_that_is_too_long_is_not_called_too_short(bench: Bench) -> None:
    run = bench.run("good", "--measurement-time", "1e9", fast=False)
    assert_one_line(run, 2, "--measurement-time", "1e9")
    assert "at least" not in run.err or "at most" in run.err


def test_a_line_break_in_an_argument_does_not_break_the_line(bench: Bench) -> None:
    assert_one_line(bench.run("good", "no\nsuch\nbenchmark", fast=False), 2, "such")


def test_too_many_filters(bench: Bench) -> None:
    assert_one_line(bench.run("good", *["plain"] * 65, fast=False), 2, "64")
    assert_one_line(bench.run("good", *["--skip", "x"] * 65, fast=False), 2, "--skip", "64")


def test_two_benchmarks_of_one_id(bench: Bench) -> None:
    for mode in ("--quick", "--list", "--test", "nothing"):
        run = bench.run("duplicate", mode, fast=False)
        assert_one_line(run, 2, "duplicate/same", "duplicate.c:6", "duplicate.c:12")
    assert tree(bench.folder) == {}


def test_the_same_thread_count_twice(bench: Bench) -> None:
    """The option is at fault, not the source file."""
    run = bench.run("good", "parallel", "--threads", "2,2")
    assert_one_line(run, 2, "--threads")


def test_a_program_without_a_benchmark(bench: Bench) -> None:
    for mode in ("--quick", "--list", "--test"):
        assert_one_line(bench.run("none", mode, fast=False), 2, "no benchmark", "ASSAY_BENCH")
    assert bench.run("none", "--help").status == 0


# ---- Baselines ---------------------------------------------------------------------------------

USES = ("--baseline", "--load-baseline")


def save(bench: Bench, document: bytes) -> Path:
    path = bench.baseline("good")
    path.parent.mkdir(parents=True)
    path.write_bytes(document)
    return path


def refuses(bench: Bench, use: str, *words: str) -> None:
    """Refuses the baseline `main`, and touches nothing, not even to say that a run was begun."""
    before = tree(bench.folder)
    assert_one_line(bench.run("good", "plain", use, "main"), 4, *words)
    assert tree(bench.folder) == before


@pytest.mark.parametrize("use", USES)
def test_no_such_baseline(bench: Bench, use: str) -> None:
    refuses(bench, use, "main", "baselines/main/good.json", "--save-baseline main")


@pytest.mark.parametrize("use", USES)
def test_a_baseline_of_another_suite_only(bench: Bench, good_document: bytes, use: str) -> None:
    save(bench, good_document).rename(bench.baseline("other"))
    refuses(bench, use, "main", "good")


@pytest.mark.parametrize("use", USES)
def test_a_truncated_baseline(bench: Bench, good_document: bytes, use: str) -> None:
    path = save(bench, good_document)
    whole = len(good_document.rstrip())
    for length in (0, 1, 2, 100, 1000, whole // 2, whole * 9 // 10, whole - 10, whole - 1):
        path.write_bytes(good_document[:length])
        refuses(bench, use, "baselines/main/good.json")


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    "content",
    [
        b"not JSON\nat all\n",
        b"\x00\x01\x02",
        b"\xff\xfe{}",
        b"[]",
        b"{}",
        b"null",
        b'"text"',
        b"[" * 100000,
        b'{"schema": 1}',
        b'{"schema": "assay-result/1"}',
        b'{"schema": "assay-result/1", "benchmarks": []}',
        b'{"a": 1, "a": 2}',
    ],
    ids=lambda value: value[:40].decode(errors="replace") if isinstance(value, bytes) else None,
)
def test_a_baseline_that_is_no_result(bench: Bench, use: str, content: bytes) -> None:
    save(bench, content)
    refuses(bench, use, "baselines/main/good.json")


def test_a_baseline_that_is_a_folder(bench: Bench) -> None:
    bench.baseline("good").mkdir(parents=True)
    refuses(bench, "--baseline", "baselines/main/good.json")


def change_host(document: Document) -> None:
    document["host"]["key"] = "0123456789abcdef"
    document["host"]["cpu_model"] = "Some Other CPU"


def change_method(document: Document) -> None:
    document["method"] = 99


def change_schema(document: Document) -> None:
    document["schema"] = "assay-result/2"


def remove_plain(document: Document) -> None:
    document["benchmarks"] = [b for b in document["benchmarks"] if b["id"] != "good/plain"]


def shorten_samples(document: Document) -> None:
    document["benchmarks"][-1]["samples"]["time_ns"].pop()


def empty_samples(document: Document) -> None:
    document["benchmarks"][-1]["samples"] = {"iterations": [], "time_ns": []}


def zero_iterations(document: Document) -> None:
    document["benchmarks"][-1]["samples"]["iterations"][0] = 0


def negative_time(document: Document) -> None:
    document["benchmarks"][-1]["samples"]["time_ns"][0] = -1


def drop_host(document: Document) -> None:
    del document["host"]


def wrong_types(document: Document) -> None:
    document["benchmarks"] = {"id": "good/plain"}


CHANGES: list[tuple[Callable[[Document], None], list[str]]] = [
    (change_host, ["main", "another host", "Some Other CPU", "--baseline-lenient"]),
    (change_method, ["main", "method 99"]),
    (change_schema, ["assay-result/2", "assay-result/1"]),
    (remove_plain, ["main", "good/plain"]),
    (shorten_samples, ["good/plain", "time_ns"]),
    (empty_samples, ["good/plain"]),
    (zero_iterations, ["good/plain"]),
    (negative_time, ["good/plain"]),
    (drop_host, ["key"]),
    (wrong_types, ["benchmarks"]),
]


@pytest.mark.parametrize(("change", "words"), CHANGES, ids=[c.__name__ for c, _ in CHANGES])
def test_a_strict_baseline_must_fit(
    bench: Bench, good_document: bytes, change: Callable[[Document], None], words: list[str]
) -> None:
    document = json.loads(good_document)
    change(document)
    write_json(bench.baseline("good"), document)
    refuses(bench, "--baseline", *words)


@pytest.mark.parametrize(("change", "words"), CHANGES, ids=[c.__name__ for c, _ in CHANGES])
def test_a_lenient_baseline_is_used_or_noted(
    bench: Bench, good_document: bytes, change: Callable[[Document], None], words: list[str]
) -> None:
    document = json.loads(good_document)
    change(document)
    write_json(bench.baseline("good"), document)
    run = bench.run("good", "plain", "--baseline-lenient", "main", "--noise-threshold", "100%")
    assert run.status == 0, run
    assert all(line.startswith("assay: ") for line in run.err.splitlines())
    if change is not remove_plain:
        assert words[0] in run.err
    assert "use --baseline-lenient" not in run.err
    assert len(bench.result("good")["benchmarks"]) == 1


BAD_NAMES = ["a/b", "..", ".", "", "-main", ".hidden", "a" * 65, "a b", "naïve", "a\nb", "a:b", "/"]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize(
    "option", ["--save-baseline", "--baseline", "--baseline-lenient", "--load-baseline"]
)
def test_a_name_that_is_none(bench: Bench, option: str, name: str) -> None:
    assert_one_line(bench.run("good", "plain", option, name), 2)
    assert tree(bench.folder.parent) == {"work": b""}


@pytest.mark.parametrize("name", ["a" * 64, "v1.2.3", "feature_x-2", "_", "9"])
def test_a_name_that_is_one(bench: Bench, name: str) -> None:
    assert bench.run("good", "plain", "--save-baseline", name).status == 0
    assert bench.baseline("good", name).is_file()


def test_a_refused_run_makes_no_folder(bench: Bench) -> None:
    run = bench.run("good", "plain", "--save-baseline", "new", "--baseline", "missing")
    assert_one_line(run, 4, "missing")
    assert tree(bench.folder) == {}


# ---- Folders and disks -------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--results-dir", "--baselines-dir"])
@pytest.mark.parametrize("below", ["file", "file/deeper/still"])
def test_a_folder_that_cannot_be(bench: Bench, option: str, below: str) -> None:
    (bench.folder / "file").write_text("precious")
    run = bench.run("good", "plain", "--save-baseline", "main", option, below)
    assert_one_line(run, 4, "file", "Not a directory")
    assert (bench.folder / "file").read_text() == "precious"


@pytest.fixture(name="shared")
def make_shared() -> Iterator[Bench]:
    """A working folder that another user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="assay-test-"))
    folder.chmod(0o755)
    (folder / "work").mkdir(mode=0o755)
    yield Bench(folder / "work")
    shutil.rmtree(folder)


def as_somebody() -> list[str]:
    """Root may write anywhere, so that it has to be somebody else."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may write anywhere, and there is no setpriv to become another user")
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if subprocess.run([*drop, str(BUILD / "probes/good"), "--version"], check=False).returncode:
        pytest.skip("another user cannot start the programs")
    return drop


def test_a_folder_that_may_not_be_written(shared: Bench) -> None:
    drop = as_somebody()
    shared.folder.chmod(0o555)
    choices: list[list[str]] = [
        ["--results-dir", "."],
        [],
        ["--save-baseline", "main", "--discard-baseline"],
    ]
    for option in choices:
        run = shared.run_command([*drop, *shared.command("good", "plain", *option)])
        assert_one_line(run, 4, "Permission denied")
    assert tree(shared.folder) == {}
    run = shared.run_command([*drop, *shared.command("good", "plain", "--discard-baseline")])
    assert run.status == 0, run
    shared.folder.chmod(0o755)


def test_a_baseline_that_may_not_be_read(shared: Bench, good_document: bytes) -> None:
    drop = as_somebody()
    write_json(shared.baseline("good"), json.loads(good_document))
    shared.baseline("good").chmod(0)
    shared.folder.chmod(0o777)
    run = shared.run_command([*drop, *shared.command("good", "plain", "--baseline", "main")])
    assert_one_line(run, 4, "baselines/main/good.json", "Permission denied")


def on_a_small_disk(bench: Bench, *arguments: str) -> list[str]:
    """Runs `good` in a folder that has a disk of 16 KiB at "small", which nobody else sees."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can mount a small disk")
    (bench.folder / "small").mkdir()
    mount = "mount -t tmpfs -o size=16k none small"
    probe = ["unshare", "--mount", "sh", "-c", mount]
    if subprocess.run(probe, cwd=bench.folder, stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    # Whatever is left on it is listed before the disk goes away.
    script = f'{mount} || exit 99; "$@"; status=$?; find small -type f >left; exit $status'
    return [
        *("unshare", "--mount", "sh", "-c", script, "sh"),
        *(str(BUILD / "probes/good"), *FAST, "plain", "copy", *arguments),
    ]


def test_a_full_disk_for_results(bench: Bench, tmp_path: Path) -> None:
    command = on_a_small_disk(bench, "--results-dir", "small/results", "--quiet")
    rescued = tmp_path / "rescued"
    rescued.mkdir()
    bench.env["TMPDIR"] = str(rescued)
    run = bench.run_command(command)
    assert run.status == 4, run
    first, second = run.err.splitlines()
    assert first == "assay: cannot write small/results/good.json: No space left on device"
    (saved,) = rescued.iterdir()
    assert str(saved) in second
    assert second.startswith("assay: ")
    assert len(read_document(saved.read_bytes())["benchmarks"]) == 4
    assert (bench.folder / "left").read_text() == "", "a part of a file was left"
    assert "good: 4 measured" in run.out


def test_a_full_disk_and_nowhere_else_to_go(bench: Bench) -> None:
    command = on_a_small_disk(bench, "--results-dir", "small/results", "--quiet")
    bench.env["TMPDIR"] = "/proc/nowhere"
    run = bench.run_command(command)
    assert run.status == 4, run
    assert len(run.err.splitlines()) == 2, "that the result is lost must be said"
    assert "/proc/nowhere" in run.err


def test_a_full_disk_for_the_baseline(bench: Bench) -> None:
    command = on_a_small_disk(bench, "--baselines-dir", "small", "--save-baseline", "main")
    run = bench.run_command(command)
    assert run.status == 4, run
    assert "assay: cannot write small/main/good.json: No space left on device\n" in run.err
    assert len(bench.result("good")["benchmarks"]) == 4
    assert (bench.folder / "left").read_text() == ""


def test_a_full_disk_for_the_only_copy(bench: Bench, tmp_path: Path) -> None:
    command = on_a_small_disk(
        *(bench, "--baselines-dir", "small", "--save-baseline", "main"),
        *("--discard-baseline", "--quiet"),
    )
    rescued = tmp_path / "rescued"
    rescued.mkdir()
    bench.env["TMPDIR"] = str(rescued)
    run = bench.run_command(command)
    assert run.status == 4, run
    assert "cannot write small/main/good.json" in run.err
    (saved,) = rescued.iterdir()
    assert str(saved) in run.err
    read_document(saved.read_bytes())
