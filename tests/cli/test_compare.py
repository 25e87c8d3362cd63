"""assay compare: what it finds, what it selects, and what it writes."""

import json
import os
import re
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compare_program import CPU, SHORT, Contest, contests, read_comparison, read_trace
from suite_program import BUILD, ESCAPE, assert_one_line

# No verdict by chance: what is tested is something else.
CALM = ("--no-canaries", "--false-alarms", "1e-6")
LONGER = ("--pairs", "12", "--confirm-pairs", "30", "--pair-time", "5ms")
ODD_NAMES = [
    "with space",
    "a|b`c`*d*",
    "<b>&amp;]]>",
    'quote"back\\slash',
    "kostet \u20ac \u4e2d\u6587",
    "%s%n%d",
    "../../etc",
    "-dash",
]


@pytest.fixture(name="contest")
def make_contest(tmp_path: Path) -> Iterator[Contest]:
    yield from contests(tmp_path / "work")


# ---- The executables' side --------------------------------------------------------------------


def test_hello(contest: Contest) -> None:
    """A suite describes itself; whoever compares relies on every word of it."""
    program = contest.side("old", "plain\tone", "plain\tteam\t2", "flags\t-O9", "variant\tfast")
    run = contest.run_command([str(program), "--worker", "hello"])
    assert (run.status, run.err) == (0, "")
    hello = json.loads(run.out)
    assert set(hello) == {"worker", "probes", "version", "suite", "build", "benchmarks"}
    assert isinstance(hello["worker"], int) and hello["worker"] >= 1
    assert hello["suite"] == "contender"
    assert set(hello["build"]) == {"compiler", "flags", "variant", "optimised"}
    assert re.match(r"(gcc|clang) \d+", hello["build"]["compiler"])
    assert (hello["build"]["flags"], hello["build"]["variant"]) == ("-O9", "fast")
    symbol = "assay__run_plain"
    assert hello["benchmarks"] == [
        {"id": "contender/one", "threads": 1, "symbol": symbol},
        {"id": "contender/team/threads:2", "threads": 2, "symbol": symbol},
    ]


@pytest.mark.parametrize(
    "what", ["", "old", "3", "3:", "3:old2", "3:both", "x:old", "-1:old", "3:old:new", "99:old"]
)
def test_worker_mode_refuses_what_it_does_not_know(contest: Contest, what: str) -> None:
    program = contest.side("old", "plain\tone")
    run = contest.run_command([str(program), "--worker", what])
    assert_one_line(run, 2)


def test_worker_mode_needs_a_page(contest: Contest) -> None:
    """Standard input is no page, and neither is a file that is as large as one."""
    program = contest.side("old", "plain\tone")
    assert_one_line(contest.run_command([str(program), "--worker", "0:old"]), 2, "0", "page")
    large = contest.folder / "large"
    large.write_bytes(bytes(1 << 20))
    with large.open("r+b") as file:
        run = contest.run_command([str(program), "--worker", "0:old"], stdin=file)
    assert_one_line(run, 2, "page")


def test_workers_get_what_a_program_from_a_shell_gets(contest: Contest) -> None:
    """No file but the standard ones, the page and the program; no signal held back."""
    contest.sides(["counts_files\tfiles", "checks_signals\tsignals"])
    run = contest.compare()
    assert run.status == 0, run


def test_a_program_that_looks_beside_itself(contest: Contest) -> None:
    """For libraries or data: it must be run where it is, and not as a copy."""
    contest.sides(["plain\tone", "plain\ttwo"])
    del contest.env["CONTENDER_OLD"], contest.env["CONTENDER_NEW"]
    run = contest.compare()
    assert run.status in (0, 1), run
    assert {b["status"] for b in contest.document()["benchmarks"]} == {"compared"}
    assert any("copies" in warning for warning in contest.document()["warnings"])


def test_threads_get_all_cpus(contest: Contest) -> None:
    """One CPU is for what has one thread; several threads are not to share it."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is only one CPU")
    contest.sides(["needs_two_cpus\tteam\t2", "needs_two_cpus\talone"])
    run = contest.compare()
    assert run.status == 3, run
    benchmarks = contest.benchmarks()
    assert benchmarks["team/threads:2"]["status"] == "compared"
    assert "less than two CPUs" in benchmarks["alone"]["reason"]


# ---- Verdicts ----------------------------------------------------------------------------------


def test_the_same_program_twice(contest: Contest) -> None:
    contest.side("old", "plain\tone", "plain\ttwo")
    contest.env["CONTENDER_NEW"] = contest.env["CONTENDER_OLD"]
    run = contest.run_command(
        contest.command("assay", "compare", "old/contender", "old/contender", *SHORT, "-o", "out")
    )
    assert run.status == 0, run
    document = contest.document()
    counts = document["counts"]
    assert counts["regressed"] == counts["improved"] == counts["failed"] == 0
    assert document["complete"] and document["trusted"]
    assert document["old"]["path"] == document["new"]["path"] == "old/contender"


def test_a_slowdown_is_found(contest: Contest) -> None:
    contest.sides(["plain\tone", "plain\ttwo"], ["plain\tone", "slower\ttwo"])
    run = contest.compare(*LONGER)
    assert run.status == 1, run
    two = contest.benchmarks()["two"]
    assert (two["verdict"], two["confirmed"], two["flagged"]) == ("regressed", True, True)
    assert 0 < two["effect_ratio"]["lower"] < 0.13 and two["effect_ratio"]["upper"] > 0.07
    assert two["p_value"] < 0.01
    line = next(line for line in run.lines() if line.startswith("contender/two"))
    assert "regressed" in line
    assert contest.benchmarks()["one"]["verdict"] not in ("regressed", "improved")
    assert re.search(r"^1 regressed, 0 improved", run.out, re.M)


def test_a_speed_up_is_found(contest: Contest) -> None:
    contest.sides(["plain\tone"], ["faster\tone"])
    run = contest.compare(*LONGER)
    assert run.status == 0, run
    one = contest.benchmarks()["one"]
    assert (one["verdict"], one["confirmed"]) == ("improved", True)
    assert -0.13 < one["effect_ratio"]["point"] < -0.07
    assert "improved" in run.lines()[0]


def test_the_canaries_ride_along(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    arguments = [a for a in SHORT if a != "--no-canaries"]
    places = ("old/contender", "new/contender")
    command = contest.command("assay", "compare", *places, *arguments, "--out", "out")
    run = contest.run_command(command)
    document = contest.document()
    assert len(document["canaries"]) == 6
    assert sum(c["slower"] for c in document["canaries"]) == 2
    assert [c["benchmark"]["status"] for c in document["canaries"]] == ["compared"] * 6
    assert [b["id"] for b in document["benchmarks"]] == ["contender/one"]
    assert document["trusted"] is not any(c["misfired"] for c in document["canaries"])
    assert run.status == (0 if document["trusted"] else 5), run


def test_an_empty_body_is_not_judged(contest: Contest) -> None:
    contest.sides(["nothing\tempty", "plain\tone"])
    run = contest.compare("--require-verdict", "empty")
    empty = contest.benchmarks()["empty"]
    assert empty["below_resolution"] is True
    assert contest.document()["counts"]["below_resolution"] == 1
    assert "below resolution" in run.lines()[0]
    assert run.status == 0, run


def test_demanded_verdicts(contest: Contest) -> None:
    """A millisecond of a noisy kernel settles nothing; two of them are more than one."""
    contest.sides(["costly_setup\tone", "costly_setup\ttwo"])
    run = contest.compare("--margin", "0.4%", "--require-verdict")
    assert run.status == 5, run
    counts = contest.document()["counts"]
    assert counts["inconclusive"] > 0
    assert contest.compare("--margin", "0.4%", "--max-inconclusive", "2").status == 0
    assert contest.compare("--margin", "0.4%").status == 0


@pytest.mark.parametrize("kind", ["pauses", "costly_setup", "records_little", "long_call"])
def test_bodies_whose_iterations_are_not_plain(contest: Contest, kind: str) -> None:
    """Time that is not measured passes too: a pair must not take minutes for it."""
    contest.sides([f"{kind}\tone"])
    begun = time.monotonic()
    run = contest.compare()
    assert run.status in (0, 1), run
    assert contest.benchmarks()["one"]["status"] == "compared"
    assert time.monotonic() - begun < 20


def test_every_way_to_measure(contest: Contest) -> None:
    """Batches, recorded times, axes and threads."""
    good = str(BUILD / "probes" / "good")
    run = contest.run_command(contest.command("assay", "compare", good, good, *SHORT, "-o", "out"))
    assert run.status in (0, 1), run
    benchmarks = contest.benchmarks()
    assert {b["status"] for b in benchmarks.values()} == {"compared"}
    assert len(benchmarks) == 14
    told = benchmarks["told"]
    assert told["old"]["times_ns"]["median"] == pytest.approx(1000)
    assert told["effect_ratio"]["point"] == pytest.approx(0, abs=1e-9)
    assert "printed by the body" not in run.out + run.err


# ---- Which benchmarks --------------------------------------------------------------------------


def test_benchmarks_of_one_side(contest: Contest) -> None:
    contest.sides(["plain\tboth", "plain\tgone"], ["plain\tboth", "plain\tfresh"])
    run = contest.compare()
    assert run.status == 0, run
    document = contest.document()
    assert document["only_old"] == ["contender/gone"]
    assert document["only_new"] == ["contender/fresh"]
    assert [b["id"] for b in document["benchmarks"]] == ["contender/both"]
    assert "contender/gone" in run.out
    assert "contender/fresh" in run.out


def chosen(contest: Contest, *arguments: str) -> list[str]:
    run = contest.run_command(contest.compare_line(*arguments, "--dry-run"))
    assert run.status == 0, run
    return [line for line in run.lines() if line.startswith("contender/")]


def test_filters(contest: Contest) -> None:
    contest.sides([f"plain\t{name}" for name in ("read", "read/all", "write", "writes")])
    every = ["contender/read", "contender/read/all", "contender/write", "contender/writes"]
    assert chosen(contest) == every
    assert chosen(contest, "read") == every[:2]
    assert chosen(contest, "read$", "^contender/writes") == [every[0], every[3]]
    assert chosen(contest, "--skip", "all|writes") == [every[0], every[2]]
    assert chosen(contest, "write", "--skip", "s$") == [every[2]]
    assert chosen(contest, "--exact", "contender/write") == [every[2]]
    run = contest.compare("contender/reed", "--exact")
    assert_one_line(run, 2, "contender/reed", "contender/read")
    assert_one_line(contest.compare("read("), 2, "read(")
    assert_one_line(contest.compare("read", "no_such"), 2, "no_such")
    assert contest.compare("read", "--skip", "read").status == 2
    assert not (contest.folder / "out").exists()


def test_dry_run_runs_nothing(contest: Contest) -> None:
    contest.sides(["hang_in_setup\tone", "plain\ttwo"])
    run = contest.run_command(contest.compare_line("--dry-run"))
    assert (run.status, run.err) == (0, "")
    assert run.lines()[:2] == ["contender/one", "contender/two"]
    assert run.lines()[2].startswith("2 benchmarks, about")
    assert sorted(p.name for p in contest.folder.iterdir()) == ["new", "old"]


def test_folders(contest: Contest) -> None:
    """Suites of one name are compared; tools and what is no program are passed over."""
    contest.sides(["plain\tone"])
    for name in ("assay", "otlp-dump", ".hidden"):
        contest.script("old", "exit 1").rename(contest.folder / "old" / name)
    contest.sides(["plain\tone"])
    (contest.folder / "new" / "README").write_text("text")
    (contest.folder / "new" / "folder").mkdir()
    good = BUILD / "probes" / "good"
    (contest.folder / "new" / "good").write_bytes(good.read_bytes())
    (contest.folder / "new" / "good").chmod(0o755)
    run = contest.run_command(
        contest.command("assay", "compare", "old", "new/", *SHORT, "--out", "out")
    )
    assert run.status == 0, run
    document = contest.document()
    assert [b["id"] for b in document["benchmarks"]] == ["contender/one"]
    assert len(document["only_new"]) == 14
    assert document["only_old"] == []
    assert document["new"]["path"] == "new/"


def test_odd_ids(contest: Contest) -> None:
    names = [*ODD_NAMES, "x" * 480]
    contest.sides([f"plain\t{name}" for name in names])
    run = contest.compare("--markdown", "comment.md", "--junit", "junit.xml")
    assert run.status in (0, 1), run
    benchmarks = contest.benchmarks()
    assert set(benchmarks) == set(names)
    assert {b["status"] for b in benchmarks.values()} == {"compared"}
    cases = ElementTree.parse(contest.folder / "junit.xml").iter("testcase")
    assert {case.get("name", "").removeprefix("contender/") for case in cases} == set(names)
    assert "<b>" not in (contest.folder / "comment.md").read_text()


def test_an_id_that_is_no_text(contest: Contest) -> None:
    """Bytes that are no UTF-8, and an escape for the terminal: refused, failed, or shown as such."""
    for name in (b"bad\xff\xfebytes", b"escape\x1b[31m"):
        for side in ("old", "new"):
            contest.side(side, b"plain\t" + name)
        run = contest.compare("--color", "never")
        assert run.status in (0, 1, 3, 4), run
        assert ESCAPE not in run.out + run.err
        if run.status != 4:
            contest.document()


def test_an_id_that_is_too_long(contest: Contest) -> None:
    contest.sides(["plain\t" + "x" * 600])
    assert_one_line(contest.compare(), 4, "contender")


def test_three_hundred_benchmarks(contest: Contest) -> None:
    contest.sides([f"plain\tb{i:03}" for i in range(300)])
    run = contest.compare("--time-budget", "3", "--pair-time", "1ms", timeout=20)
    assert run.status in (0, 1), run
    document = contest.document()
    assert len(document["benchmarks"]) == 300
    assert {b["status"] for b in document["benchmarks"]} <= {"compared", "untried"}


# ---- The schedule ------------------------------------------------------------------------------


def test_the_seed_decides_the_schedule(contest: Contest) -> None:
    contest.sides([f"plain\t{name}" for name in "abcd"])

    def orders(seed: str, out: str) -> dict[str, list[int]]:
        command = contest.compare_line("--seed", seed, "--out", out, "--margin", "99%")
        assert contest.run_command(command).status in (0, 1)
        assert contest.document(out)["seed"] == int(seed)
        return {
            name: [
                order
                for order, late in zip(b["pairs"]["order"], b["pairs"]["confirming"], strict=True)
                if not late
            ][:6]
            for name, b in contest.benchmarks(out).items()
        }

    first = orders("1", "one")
    assert orders("1", "two") == first
    assert orders("2", "three") != first
    for order in first.values():
        assert sum(order) == 0, "each side is set up first as often as the other"


@pytest.mark.parametrize("count", [1, 40])
def test_a_time_budget_is_kept(contest: Contest, count: int) -> None:
    contest.sides([f"plain\tb{i}" for i in range(count)])
    begun = time.monotonic()
    run = contest.compare("--time-budget", "3", *CALM, timeout=20)
    took_s = time.monotonic() - begun
    assert run.status == 0, run
    assert took_s < 3 * 1.05 + 1
    assert contest.document()["settings"]["time_budget_s"] == 3
    assert contest.document()["duration_s"] < 3 * 1.05 + 0.5


def test_a_time_budget_that_is_too_short(contest: Contest) -> None:
    """What was not tried is said, benchmark by benchmark."""
    contest.sides([f"long_call\tb{i:02}" for i in range(60)])
    begun = time.monotonic()
    run = contest.compare("--time-budget", "1", timeout=20)
    assert time.monotonic() - begun < 5
    assert run.status == 0, run
    untried = [b for b in contest.benchmarks().values() if b["status"] == "untried"]
    assert len(untried) >= 20
    assert {b["reason"] for b in untried} <= {
        "the time was up before its first pair",
        "the time was up before its first pair had ended",
    }
    assert f"{len(untried)} untried" in run.out
    assert contest.document()["complete"] is True
    assert contest.compare("--time-budget", "1", "--require-verdict").status == 5


@pytest.mark.parametrize("kind", ["long_sleep", "hang_in_loop"])
def test_a_time_budget_ends_a_pair(contest: Contest, kind: str) -> None:
    """Four iterations a side take longer than there is."""
    contest.sides([f"{kind}\tone", f"{kind}\ttwo"])
    begun = time.monotonic()
    run = contest.compare("--time-budget", "1.5", timeout=20)
    assert time.monotonic() - begun < 1.5 * 1.05 + 1
    assert run.status == 0, run
    assert {b["status"] for b in contest.benchmarks().values()} == {"untried"}
    assert {b["reason"] for b in contest.benchmarks().values()} == {
        "the time was up before its first pair had ended",
        "the time was up before its first pair",
    }


# ---- What is written ---------------------------------------------------------------------------


def test_documents(contest: Contest) -> None:
    contest.sides(["plain\tone", "fail_in_loop\ttwo", "skip_in_setup\tthree"], None)
    run = contest.compare(
        *("--markdown", "deep/comment.md", "--junit", "junit.xml", "--trace", "slices.bin"),
        *("--old-name", "v1 | <old>", "--new-name", "main", "--old-commit", "abc123"),
        *("--new-commit", "def456", "--new-dirty", "--seed", "77"),
    )
    assert run.status == 3, run
    document = contest.document()
    assert (document["old"]["name"], document["new"]["name"]) == ("v1 | <old>", "main")
    assert (document["old"]["commit"], document["new"]["commit"]) == ("abc123", "def456")
    assert (document["old"]["dirty"], document["new"]["dirty"]) == (False, True)
    assert document["old"]["build"]["compiler"]
    assert document["settings"]["cpu"] == int(CPU)
    assert document["settings"]["screen_pairs"] == 6
    assert document["seed"] == 77
    assert "assay: wrote out/compare.json\n" in run.err
    assert (contest.folder / "deep" / "comment.md").read_text().strip()
    root = ElementTree.parse(contest.folder / "junit.xml").getroot()
    cases = {case.get("name"): case for case in root.iter("testcase")}
    failed = [case for name, case in cases.items() if name is not None and "two" in name]
    assert len(cases) == 3
    assert failed[0].find("failure") is not None
    left = [p.name for p in contest.folder.rglob("*") if ".tmp." in p.name or "writable" in p.name]
    assert left == []


def test_the_trace_holds_what_the_document_does(contest: Contest) -> None:
    contest.sides(["plain\tone", "plain\ttwo", "pauses\tthree"])
    assert contest.compare("--trace", "slices.bin").status in (0, 1)
    names, traced = read_trace((contest.folder / "slices.bin").read_bytes())
    benchmarks = contest.benchmarks()
    assert sorted(names.values()) == sorted(b["id"] for b in contest.document()["benchmarks"])
    assert sorted(names) == list(range(3))
    for number, name in names.items():
        shown: dict[str, Any] = benchmarks[name.split("/", 1)[1]]
        pairs = [pair for pair in traced if pair.number == number]
        assert [pair.order for pair in pairs] == shown["pairs"]["order"]
        assert [pair.confirming for pair in pairs] == shown["pairs"]["confirming"]
        assert [len(pair.old_ns) for pair in pairs] == shown["pairs"]["slices"]
        assert {pair.iterations for pair in pairs} == {shown["iterations_per_slice"]}
        for pair, old_ns, new_ns in zip(
            pairs, shown["pairs"]["old_lowmean_ns"], shown["pairs"]["new_lowmean_ns"], strict=True
        ):
            assert lowmean(pair.old_ns) == pytest.approx(old_ns, rel=1e-4)
            assert lowmean(pair.new_ns) == pytest.approx(new_ns, rel=1e-4)


def lowmean(times: tuple[float, ...]) -> float:
    """Mean between the 5 % and the 50 % quantile, as the schema says."""
    ordered = sorted(times)
    low, high = int(len(ordered) * 0.05), int(len(ordered) * 0.5)
    part = ordered[low : max(high, low + 1)]
    return sum(part) / len(part)


def test_results_folders_do_not_collide(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    for _ in range(2):
        assert contest.run_command(contest.compare_line("--new-commit", "abc")).status in (0, 1)
    folders = [p for p in (contest.folder / "results").iterdir() if not p.is_symlink()]
    assert len(folders) == 2
    assert all("abc" in folder.name for folder in folders)
    latest = contest.folder / "results" / "latest" / "compare.json"
    read_comparison(latest.read_bytes())


def test_quiet_and_colour(contest: Contest) -> None:
    contest.sides(["plain\tone"])
    assert contest.compare("--quiet").err == ""
    run = contest.compare("--color", "always")
    assert ESCAPE in run.out
    contest.env["NO_COLOR"] = "1"
    assert ESCAPE not in contest.compare("--color", "auto").out
    help_text = contest.run_command(contest.command("assay", "compare", "--help"))
    assert help_text.status == 0
    assert "--time-budget" in help_text.out


def test_folders_with_odd_names(contest: Contest) -> None:
    """Paths are relative, have spaces and line breaks, and begin with a dash."""
    contest.sides(["plain\tone"])
    odd = {"old": "a b\nc", "new": "-n %s"}
    for name, other in odd.items():
        (contest.folder / name).rename(contest.folder / other)
        contest.env[f"CONTENDER_{name.upper()}"] = str(contest.folder / other / "contender")
    command = contest.command("assay", "compare", "a b\nc/contender", "./-n %s/contender", *SHORT)
    run = contest.run_command([*command, "--out", "o u\nt", "--markdown", "m d.md"])
    assert run.status in (0, 1), run
    assert read_comparison((contest.folder / "o u\nt" / "compare.json").read_bytes())["complete"]
    run = contest.run_command(command, cwd=contest.folder / "a b\nc")
    assert run.status == 2
    inside = [str(BUILD / "bin" / "assay"), "compare", "contender", "../-n %s/contender", *SHORT]
    run = contest.run_command(inside, cwd=contest.folder / "a b\nc")
    assert run.status in (0, 1), run


def test_markdown_to_standard_output(contest: Contest) -> None:
    """A device or a pipe is written to, and not replaced by a file."""
    contest.sides(["plain\tone"])
    before = os.lstat("/dev/stdout"), os.lstat("/dev/null")
    run = contest.compare("--markdown", "/dev/stdout", "--junit", "/dev/null")
    assert run.status in (0, 1), run
    assert "|" in run.out
    after = os.lstat("/dev/stdout"), os.lstat("/dev/null")
    assert [s.st_ino for s in after] == [s.st_ino for s in before]
    pipe = contest.folder / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        run = contest.compare("--markdown", "pipe")
        assert reader.stdout is not None
        assert b"|" in reader.stdout.read()
    assert run.status in (0, 1), run
    assert pipe.is_fifo()
