"""assay compare where something is wrong: with the command line, an executable, a benchmark or the machine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from compare_program import CPU, SHORT, Contest, contests, read_comparison
from suite_program import BUILD, Run, assert_one_line, tree

HELLO = (
    '{"worker": %d, "version": "9", "suite": "contender", "build": {}, '
    '"benchmarks": [{"id": "contender/one", "threads": 1}]}'
)


@pytest.fixture(name="contest")
def make_contest(tmp_path: Path) -> Iterator[Contest]:
    yield from contests(tmp_path / "work")


def compare_paths(contest: Contest, *arguments: str) -> Run:
    return contest.run_command(contest.command("assay", "compare", *arguments))


# ---- The command line --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--guard", "1%", "--margin", "1%"], ["--guard", "--margin"]),
        (["--guard", "2%", "--margin", "1%"], ["--guard", "--margin"]),
        (["--margin", "0.2%"], ["--guard", "--margin"]),
        (["--pairs", "5"], ["--pairs", "6"]),
        (["--confirm-pairs", "8"], ["--confirm-pairs", "9"]),
        (["--pair-time", "0"], ["--pair-time"]),
        (["--time-budget", "0.5"], ["--time-budget"]),
        (["--time-budget", "nan"], ["--time-budget"]),
        (["--max-time", "0"], ["--max-time"]),
        (["--false-alarms", "0"], ["--false-alarms"]),
        (["--confidence-level", "95"], ["--confidence-level"]),
        (["--pin", "4000"], ["--pin"]),
        (["--pin", "-1"], ["--pin"]),
        (["--layouts", "65"], ["--layouts"]),
        (["--seed", "-1"], ["--seed"]),
        (["--color", "sometimes"], ["--color", "sometimes"]),
        (["--colour", "never"], ["--colour", "--color"]),
        (["--require-verdict", "--max-inconclusive", "1"], ["--require-verdict"]),
        (["--max-inconclusive"], ["--max-inconclusive", "value"]),
        (["--frobnicate"], ["--frobnicate", "--help"]),
        (["("], ["("]),
        (["--skip", "["], ["["]),
        (["--exact"], ["--exact"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_option(contest: Contest, arguments: list[str], words: list[str]) -> None:
    contest.sides(["plain\tone"])
    before = tree(contest.folder)
    places = ("old/contender", "new/contender")
    assert_one_line(compare_paths(contest, *places, *arguments), 2, *words)
    assert tree(contest.folder) == before


def test_one_path_or_none(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    assert_one_line(compare_paths(contest), 2, "OLD NEW")
    assert_one_line(compare_paths(contest, "old/contender"), 2, "OLD NEW")


def test_paths_that_do_not_fit(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    (contest.folder / "empty").mkdir()
    (contest.folder / "text").write_text("no program")
    os.mkfifo(contest.folder / "pipe")
    program = "old/contender"
    for arguments, status, words in [
        (["nowhere", program], 2, ["nowhere", "old side", "No such file"]),
        ([program, "nowhere"], 2, ["nowhere", "new side", "No such file"]),
        (["old", program], 2, ["old", program, "two folders"]),
        ([program, "new"], 2, ["new", program, "two folders"]),
        (["text", program], 2, ["text", "executable"]),
        ([program, "pipe"], 2, ["pipe", "executable"]),
        ([program, ""], 2, ["No such file"]),
        (["empty", "new"], None, ["empty"]),
        (["old", "empty"], None, ["empty"]),
    ]:
        run = compare_paths(contest, *arguments)
        assert status is None or run.status == status, run
        assert_one_line(run, run.status, *words)
        assert run.status in (2, 4)


def test_a_cpu_that_may_not_be_used(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    places = ("old/contender", "new/contender")
    assert_one_line(compare_paths(contest, *places, "--pin", "1023"), 4, "1023", "--pin")
    if len(os.sched_getaffinity(0)) > 1:
        command = contest.command("assay", "compare", *places, "--pin", CPU)
        other = str(min(os.sched_getaffinity(0)))
        assert_one_line(contest.run_command(["taskset", "-c", other, *command]), 4, CPU, "--pin")


def test_layouts_that_were_not_linked(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    run = contest.compare("--layouts", "2")
    assert_one_line(run, 4, "old/layouts/1/contender", "make layouts LAYOUTS=2")


def test_layouts_are_drawn_from(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    for side in ("old", "new"):
        for layout in ("1", "2"):
            target = contest.folder / side / "layouts" / layout / "contender"
            target.parent.mkdir(parents=True)
            shutil.copy2(contest.folder / side / "contender", target)
    run = contest.compare("--layouts", "2", "--pairs", "12")
    assert run.status in (0, 1), run
    pairs = contest.benchmarks()["one"]["pairs"]
    for side in ("old", "new"):
        assert set(pairs[f"{side}_layout"]) == {1, 2}
    drawn = set(zip(pairs["old_layout"], pairs["new_layout"], strict=True))
    assert len(drawn) > 2, "the sides draw by themselves"


# ---- The executables ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 0", ["no worker mode", "status 0"]),
        ("echo 'assay: unknown option --worker' >&2; exit 2", ["no worker mode", "status 2"]),
        ("echo usage: something; exit 0", ["no worker mode"]),
        ("kill -SEGV $$", ["crashed with signal 11"]),
        ("echo '{}'", ["not understood"]),
        ("echo '[]'", ["no worker mode"]),
        (f"echo '{HELLO % 999}'", ["protocol 999", "build both"]),
        (f"echo '{HELLO % 0}'", ["protocol 0"]),
        (f"echo '{HELLO % 1}' | sed s/1}}/0}}/", ["benchmark 0 wrongly"]),
        (f"echo '{HELLO % 1}' | sed s/contender.one//", ["benchmark 0 wrongly"]),
    ],
    ids=["true", "older", "text", "crash", "empty", "array", "newer", "zero", "threads", "no id"],
)
def test_what_is_no_suite(contest: Contest, script: str, words: list[str]) -> None:
    contest.sides(["plain\tone"])
    contest.script("new", script)
    assert_one_line(contest.compare(), 4, "new/contender", *words)


def test_a_copy_of_true(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    shutil.copy2("/bin/true", contest.folder / "new" / "contender")
    assert_one_line(contest.compare(), 4, "new/contender", "no worker mode")


def test_a_file_that_cannot_be_executed(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    (contest.folder / "new" / "contender").write_bytes(b"\x7fELF and no more")
    (contest.folder / "new" / "contender").chmod(0o755)
    assert_one_line(contest.compare(), 4, "new/contender", "Exec format error")


def test_a_suite_without_a_benchmark(contest: Contest) -> None:
    contest.sides(["plain\tone"], [])
    assert_one_line(contest.compare(), 4, "new/contender")


def test_a_suite_that_starts_only_to_say_what_it_is(contest: Contest) -> None:
    """It describes itself, and as a worker ends at once."""
    contest.sides(["plain\tone"])
    hello = HELLO.replace("%d", "1")
    contest.script("new", f"[ $2 = hello ] && echo '{hello}' && exit 0; exit 7")
    run = contest.compare("--allow-different-builds")
    assert run.status == 3, run
    assert contest.benchmarks()["one"]["reason"].startswith("new: ")
    assert "7" in contest.benchmarks()["one"]["reason"]


def test_nothing_in_common(contest: Contest) -> None:
    contest.sides(["plain\tone"], ["plain\ttwo"])
    assert_one_line(contest.compare(), 2, "no benchmark is on both sides", "1 on the old", "1 on")


def test_two_executables_of_one_suite(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    shutil.copy2(contest.folder / "new" / "contender", contest.folder / "new" / "another")
    shutil.copy2(contest.folder / "new" / "contender.plan", contest.folder / "new" / "another.plan")
    run = contest.run_command(contest.command("assay", "compare", "old", "new", *SHORT))
    assert_one_line(run, 2, "another", "contender", "contender/one")


@pytest.mark.parametrize("fact", ["compiler", "flags", "variant"])
def test_different_builds(contest: Contest, fact: str) -> None:
    contest.sides(["plain\tone", f"{fact}\tthis one"], ["plain\tone", f"{fact}\tthat one"])
    run = contest.compare()
    assert_one_line(run, 4, fact, "this one", "that one", "--allow-different-builds")
    run = contest.compare("--allow-different-builds")
    assert run.status in (0, 1), run
    document = contest.document()
    assert document["old"]["build"][fact] == "this one"
    assert document["new"]["build"][fact] == "that one"


# ---- Benchmarks that fail on one side ----------------------------------------------------------

ENDS = {
    "segv": "crashed with signal 11 (Segmentation fault)",
    "abort": "crashed with signal 6 (Aborted)",
    "exit": "its process ended with exit status 3",
    "quit": "the body ended its process",
    "fail": "the answer is wrong",
}
PLACES = ("setup", "loop", "teardown")


@pytest.mark.parametrize("side", ["old", "new"])
def test_a_failure_on_one_side(contest: Contest, side: str) -> None:
    """Says which side and how; the others are compared as if nothing had happened."""
    bad = [f"{act}_in_{place}\t{act}-{place}" for act in ENDS for place in PLACES]
    well = [f"plain\t{line.split(chr(9))[1]}" for line in bad]
    lines = (bad, well) if side == "old" else (well, bad)
    contest.sides(*[["plain\ta-good", *some, "plain\tz-good"] for some in lines])
    run = contest.compare()
    assert run.status == 3, run
    benchmarks = contest.benchmarks()
    for act, how in ENDS.items():
        for place in PLACES:
            benchmark = benchmarks[f"{act}-{place}"]
            assert benchmark["status"] == "failed", (act, place)
            assert benchmark["reason"] == f"{side}: {how}", (act, place)
            assert f"contender/{act}-{place}" in run.out
    assert benchmarks["a-good"]["status"] == benchmarks["z-good"]["status"] == "compared"
    assert run.out.count(f"{side}: ") >= len(ENDS) * len(PLACES)


@pytest.mark.parametrize("side", ["old", "new"])
def test_a_skip_on_one_side(contest: Contest, side: str) -> None:
    skips, runs = ["skip_in_setup\tone", "plain\ttwo"], ["plain\tone", "plain\ttwo"]
    contest.sides(*((skips, runs) if side == "old" else (runs, skips)))
    run = contest.compare()
    assert run.status in (0, 1), run
    benchmarks = contest.benchmarks()
    assert benchmarks["one"]["status"] == "skipped"
    assert benchmarks["one"]["reason"] == f"{side}: no such device"
    assert benchmarks["two"]["status"] == "compared"


@pytest.mark.parametrize("kind", [f"{act}_in_{p}" for act in ("hang", "stop") for p in PLACES])
def test_a_side_that_hangs(contest: Contest, kind: str) -> None:
    """Or is stopped. The pair ends in time, and it is the new side's fault."""
    contest.sides(["plain\tone", "plain\ttwo"], [f"{kind}\tone", "plain\ttwo"])
    run = contest.compare("--max-time", "0.5", timeout=8)
    assert run.status == 3, run
    benchmarks = contest.benchmarks()
    assert benchmarks["one"]["reason"] == "new: did not end within 0.5 s"
    assert benchmarks["two"]["status"] == "compared"
    assert contest.processes() == []


def test_a_teardown_that_takes_long(contest: Contest) -> None:
    """One side's takes two seconds and a half, the other's nothing: neither has failed."""
    contest.sides(["plain\tone"], ["linger_in_teardown\tone"])
    run = contest.compare("--time-budget", "4", timeout=20)
    assert run.status in (0, 1), run
    assert contest.benchmarks()["one"]["status"] == "compared"


def test_a_crash_is_told_though_the_other_side_takes_long_to_end(contest: Contest) -> None:
    contest.sides(["linger_in_teardown\tone"], ["abort_in_loop\tone"])
    assert contest.compare(timeout=20).status == 3
    assert contest.benchmarks()["one"]["reason"] == "new: crashed with signal 6 (Aborted)"


def test_processes_that_a_body_leaves(contest: Contest) -> None:
    contest.sides([f"leave_in_{place}\t{place}" for place in PLACES])
    run = contest.compare("--pairs", "6")
    assert run.status in (0, 1), run
    assert contest.processes() == []


def test_absurd_times(contest: Contest) -> None:
    contest.sides(["records_too_much\tone", "plain\ttwo"])
    run = contest.compare()
    assert run.status == 3, run
    assert "30 years" in contest.benchmarks()["one"]["reason"]


# ---- The machine -------------------------------------------------------------------------------


def refuse(contest: Contest, *functions: str) -> None:
    """Makes system calls fail with EPERM, as in a container that forbids them."""
    source = contest.folder / "refuse.c"
    shared = contest.folder / "refuse.so"
    body = "".join(
        f"int {name}(void);\nint {name}(void)\n{{\n    errno = EPERM;\n    return -1;\n}}\n"
        for name in functions
    )
    source.write_text(f"#include <errno.h>\n{body}")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(shared), str(source)], check=True)
    contest.env["LD_PRELOAD"] = str(shared)


@pytest.mark.parametrize(
    ("functions", "word"),
    [
        (["sched_setaffinity"], "pin"),
        (["personality"], "address"),
        (["memfd_create"], None),
        (["sched_setaffinity", "personality"], "pin"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else None,
)
def test_what_a_container_may_forbid(
    contest: Contest, functions: list[str], word: str | None
) -> None:
    contest.sides(["plain\tone"])
    refuse(contest, *functions)
    arguments = [a for a in SHORT if a not in ("--pin", CPU)]
    run = contest.run_command(
        contest.compare_line(*arguments, "-o", "out", short=False), timeout=30
    )
    if "AddressSanitizer" in run.err or "ASan runtime" in run.err:
        pytest.skip("a sanitizer wants to be loaded first")
    if word is None:
        assert_one_line(run, 4, "memory file")
        return
    assert run.status in (0, 1), run
    assert word in run.err
    document = contest.document()
    assert any(word in warning for warning in document["warnings"])
    assert document["benchmarks"][0]["status"] == "compared"


@pytest.mark.parametrize("cpus", ["first", "last"])
def test_a_single_cpu(contest: Contest, cpus: str) -> None:
    contest.sides(["plain\tone", "plain\tteam\t2"])
    allowed = os.sched_getaffinity(0)
    cpu = str(min(allowed) if cpus == "first" else max(allowed))
    arguments = [a for a in SHORT if a not in ("--pin", CPU)]
    command = contest.compare_line(*arguments, "-o", "out", short=False)
    run = contest.run_command(["taskset", "-c", cpu, *command])
    assert run.status in (0, 1), run
    assert {b["status"] for b in contest.document()["benchmarks"]} == {"compared"}
    assert contest.document()["settings"]["cpu"] == int(cpu)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_closed_standard_files(contest: Contest, closed: str) -> None:
    contest.sides(["plain\tone", "counts_files\ttwo"])
    command = contest.compare_line("--out", "out")
    run = contest.run_command(["sh", "-c", f'exec "$@" {closed}', "sh", *command])
    assert run.status in ((4,) if " >&-" in f" {closed}" else (0, 1)), run
    assert {b["status"] for b in contest.document()["benchmarks"]} == {"compared"}


def test_few_files_and_little_memory(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    command = contest.compare_line("--out", "out")
    run = contest.run_command(["sh", "-c", 'ulimit -n 20; exec "$@"', "sh", *command])
    assert run.status in (0, 1), run
    run = contest.run_command(["sh", "-c", 'ulimit -n 8; exec "$@"', "sh", *command])
    assert_one_line(run, 4, "Too many open files")
    for limit in ("-Hs 8192", "-s unlimited", "-c 0"):
        run = contest.run_command(["sh", "-c", f'ulimit {limit}; exec "$@"', "sh", *command])
        assert run.status in (0, 1), run


def on_full_disk(contest: Contest, *arguments: str) -> list[str]:
    """A disk of 8 KiB at "small", which nobody else sees."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can mount a small disk")
    (contest.folder / "small").mkdir()
    mount = "mount -t tmpfs -o size=8k none small"
    probe = ["unshare", "--mount", "sh", "-c", mount]
    if subprocess.run(probe, cwd=contest.folder, stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    script = f'{mount} || exit 99; "$@"; status=$?; find small -type f >left; exit $status'
    command = contest.compare_line(*arguments)
    return ["unshare", "--mount", "sh", "-c", script, "sh", *command]


def test_a_full_disk(contest: Contest, tmp_path: Path) -> None:
    contest.sides([f"plain\tb{i}" for i in range(8)])
    rescued = tmp_path / "rescued"
    rescued.mkdir()
    contest.env["TMPDIR"] = str(rescued)
    run = contest.run_command(on_full_disk(contest, "--out", "small/out"))
    assert run.status == 4, run
    assert "cannot write small/out/compare.json: No space left on device\n" in run.err
    (saved,) = rescued.iterdir()
    assert str(saved) in run.err
    assert len(read_comparison(saved.read_bytes())["benchmarks"]) == 8
    assert (contest.folder / "left").read_text() == "", "a part of a file was left"
    assert "contender/b0" in run.out


@pytest.mark.parametrize("option", ["--markdown", "--junit", "--trace"])
def test_a_full_device(contest: Contest, option: str) -> None:
    contest.sides(["plain\tone"])
    run = contest.compare(option, "/dev/full")
    assert run.status == 4, run
    assert "/dev/full: No space left on device\n" in run.err
    assert contest.document()["complete"] is True
    assert Path("/dev/full").is_char_device()


def test_a_full_standard_output(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    with open("/dev/full", "wb") as full:
        run = contest.compare(stdout=full)
        assert run.status == 4, run
        assert "assay: standard output could not be written\n" in run.err
        assert contest.document()["complete"] is True
        for arguments in (["--help"], ["--dry-run"]):
            command = contest.compare_line(*arguments)
            assert contest.run_command(command, stdout=full).status == 4


@pytest.mark.parametrize("option", ["--out", "--markdown", "--junit", "--trace"])
def test_output_that_cannot_be_written_is_found_before_the_work(
    contest: Contest, option: str
) -> None:
    contest.sides(["hang_in_setup\tone"])
    (contest.folder / "file").write_text("precious")
    for place in ("file/inside", "/proc/nowhere/x"):
        arguments = [] if option == "--out" else ["--out", "out"]
        command = contest.compare_line(*arguments, option, place)
        assert_one_line(contest.run_command(command, timeout=5), 4, place.rsplit("/", 1)[0])
    if option != "--out":
        command = contest.compare_line("--out", "out", option, "old")
        assert_one_line(contest.run_command(command, timeout=5), 4, "old", "directory")
    assert (contest.folder / "file").read_text() == "precious"


@pytest.fixture(name="shared")
def make_shared() -> Iterator[Contest]:
    """A working folder that another user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="assay-test-"))
    folder.chmod(0o755)
    yield from contests(folder / "work")
    shutil.rmtree(folder)


def as_nobody() -> Callable[[], None]:
    def become() -> None:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)

    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    probe = [str(BUILD / "bin" / "assay"), "--version"]
    if subprocess.run(probe, preexec_fn=become, check=False, cwd="/").returncode != 0:
        pytest.skip("another user cannot start the programs")
    return become


def test_as_another_user(shared: Contest) -> None:
    become = as_nobody()
    shared.sides(["plain\tone", "checks_signals\ttwo"])
    run = shared.compare(preexec_fn=become)
    assert_one_line(run, 4, "out", "Permission denied")
    shared.folder.chmod(0o777)
    run = shared.compare("--trace", "slices.bin", preexec_fn=become)
    assert run.status in (0, 1), run
    assert shared.document()["complete"] is True
    assert shared.document()["warnings"] == []


def test_an_executable_that_may_not_be_read(shared: Contest) -> None:
    """It can say what it is, but not be opened."""
    become = as_nobody()
    shared.sides(["plain\tone"])
    shared.folder.chmod(0o777)
    (shared.folder / "new" / "contender").chmod(0o711)
    run = shared.compare(preexec_fn=become)
    assert_one_line(run, 4, "new/contender", "Permission denied")


def test_an_executable_that_is_replaced_meanwhile(contest: Contest) -> None:
    """What was opened is compared to the end."""
    contest.sides(["plain\tone"])
    with contest.start_compare("--pairs", "100", "--pair-time", "5ms") as process:
        (contest.folder / "new" / "contender").unlink()
        out, err = process.communicate(timeout=20)
    assert process.returncode in (0, 1, 2, 4), err
    if process.returncode in (0, 1):
        assert contest.benchmarks()["one"]["status"] == "compared"
        assert b"contender/one" in out
