"""`run_benchmarks.sh profile` with programs that pretend to be perf and valgrind, and with the real ones."""

import os
import re
import resource
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as tree
from pathlib import Path

import pytest
from door_project import ROOT, SAMPLES, Profiled

BUILD = ROOT / os.environ.get("ASSAY_BUILD", "build/release")
ID = "simd/sum/8"
SVG = "reports/profiles/simd.sum.8.svg"


@pytest.fixture(name="tools", scope="module")
def fixture_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every program of this machine but perf and valgrind."""
    folder = tmp_path_factory.mktemp("tools")
    for place in os.environ["PATH"].split(":"):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            link = folder / program.name
            if not program.name.startswith(("perf", "valgrind")) and not link.is_symlink():
                link.symlink_to(program)
    return folder


@pytest.fixture(name="project")
def fixture_project(tmp_path: Path, tools: Path) -> Profiled:
    return Profiled(tmp_path / "a path with spaces", tools)


def titles(picture: Path) -> list[str]:
    """What the frames of a picture say when they are pointed at."""
    frames = tree.parse(picture).getroot().iter("{http://www.w3.org/2000/svg}svg")
    return [t for f in frames if (t := f.findtext("{http://www.w3.org/2000/svg}title")) is not None]


@pytest.mark.parametrize("seconds", ["08", "010"])
def test_seconds_are_decimal(project: Profiled, seconds: str) -> None:
    project.with_perf()
    done = project.run("profile", ID, "--seconds", seconds)
    assert (done.returncode, done.stderr) == (0, "")


def test_perf_leaves_a_picture_and_stacks(project: Profiled) -> None:
    project.with_perf()
    done = project.run("profile", ID, "--seconds", "2.5")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == SVG
    assert project.written() == ["simd.sum.8.folded", "simd.sum.8.svg"]
    folded = (project.root / SVG).with_suffix(".folded").read_text()
    assert folded == f"{ID};assay__run_sum;add 1\n"
    assert titles(project.root / SVG)[1:] == [
        f"{ID}: 1 samples, 100.0 %",
        "assay__run_sum: 1 samples, 100.0 %",
        "add: 1 samples, 100.0 %",
    ]
    text = (project.root / SVG).read_text()
    assert "perf, cpu-clock: 1 samples in 2.5 s" in text and "commit unknown" in text


def test_perf_is_told_what_to_run(project: Profiled) -> None:
    project.with_perf()
    assert project.run("profile", ID, "--seconds=50", "--", "--threads", "2").returncode == 0
    (recorded,) = [line for line in project.called() if "CLOCK_MONOTONIC" in line]
    assert "-e cpu-clock -F 100 --call-graph dwarf," in recorded
    assert recorded.endswith(f"simd --exact {ID} --profile-time 50 --verbose --threads 2")


def test_commit_is_in_the_picture(project: Profiled) -> None:
    project.with_perf()
    git = ["git", "-C", str(project.root), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "run_benchmarks.sh"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "first"], check=True)
    commit = subprocess.run(
        [*git, "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert project.run("profile", ID).returncode == 0
    assert f">commit {commit}<" in (project.root / SVG).read_text()
    with open(project.root / "run_benchmarks.sh", "a") as script:
        script.write("# changed\n")
    assert project.run("profile", ID).returncode == 0
    assert f">commit {commit}, with changes<" in (project.root / SVG).read_text()


def test_without_perf_valgrind_is_taken(project: Profiled) -> None:
    project.with_valgrind()
    done = project.run("profile", ID)
    assert done.returncode == 0, done.stderr
    assert "perf is not installed: install linux-perf (Debian)" in done.stderr
    assert done.stdout.splitlines()[-1] == SVG
    folded = (project.root / SVG).with_suffix(".folded").read_text()
    assert folded == f"{ID};assay__run_sum;add 700\n", "setup or start-up counts"
    assert "valgrind (callgrind): 700 instructions" in (project.root / SVG).read_text()


@pytest.mark.parametrize(
    "refusal, reason",
    [
        (
            "Error:\nAccess to performance monitoring and observability operations is limited.\n"
            "Consider adjusting /proc/sys/kernel/perf_event_paranoid setting\n",
            "perf is forbidden here (kernel.perf_event_paranoid is 4): "
            "run 'sysctl kernel.perf_event_paranoid=1' as root.",
        ),
        (
            "WARNING: perf not found for kernel 5.15.0-91\n\n  You may need to install\n",
            f"perf is not there for this kernel ({os.uname().release}): "
            f"install linux-perf (Debian) or linux-tools-{os.uname().release} (Ubuntu).",
        ),
        (
            "/usr/bin/perf: line 13: exec: perf_6.1: not found\nE: linux-perf-6.1 is not installed.\n",
            "perf is not there for this kernel",
        ),
        (
            "The sys_perf_event_open() syscall returned with 38 (Function not implemented) for cpu-clock.\n",
            "perf is refused by the kernel or by a filter of this container (seccomp)",
        ),
        (
            "The sys_perf_event_open() syscall returned with 1 (Operation not permitted)\n",
            "perf is refused by the kernel or by a filter of this container (seccomp)",
        ),
        (
            "Error:\nThe moon is wrong.\n",
            "perf does not work here (exit status 255): The moon is wrong.",
        ),
        ("", "perf does not work here (exit status 255)."),
    ],
)
def test_each_refusal_of_perf_has_its_reason(
    project: Profiled, refusal: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paranoid = project.root / "paranoid"
    paranoid.write_text("4\n")
    monkeypatch.setenv("PERF_PARANOID", str(paranoid))
    project.with_perf()
    (project.fakes / "perf.refuses").write_text(refusal)
    alone = project.run("profile", ID)
    assert alone.returncode == 4
    assert reason in alone.stderr
    assert "valgrind is not installed: install valgrind." in alone.stderr
    assert len(alone.stderr.splitlines()) == 2
    assert alone.stdout == "" and project.written() == []
    project.with_valgrind()
    done = project.run("profile", ID)
    assert done.returncode == 0 and reason in done.stderr


def test_perf_that_takes_no_sample(project: Profiled) -> None:
    project.with_perf("")
    done = project.run("profile", ID, "--with", "perf")
    assert done.returncode == 4
    assert done.stderr == "run_benchmarks: perf runs here but takes no sample.\n"


@pytest.mark.parametrize(
    "refusal, reason",
    [
        (
            "==7== Copyright\n==7== \nvalgrind:  Fatal error at startup: a function redirection\n",
            "(exit status 1): valgrind:  Fatal error at startup: a function redirection.",
        ),
        ("", "valgrind does not work here (exit status 1)."),
    ],
)
def test_each_refusal_of_valgrind_has_its_reason(
    project: Profiled, refusal: str, reason: str
) -> None:
    project.with_valgrind()
    (project.fakes / "valgrind.refuses").write_text(refusal)
    done = project.run("profile", ID)
    assert done.returncode == 4
    assert "perf is not installed" in done.stderr and reason in done.stderr
    assert project.written() == []


@pytest.mark.parametrize("wanted, other", [("perf", "valgrind"), ("valgrind", "perf")])
def test_a_profiler_that_was_chosen_is_not_replaced(
    project: Profiled, wanted: str, other: str
) -> None:
    project.with_perf() if other == "perf" else project.with_valgrind()
    done = project.run("profile", ID, "--with", wanted)
    assert done.returncode == 4
    assert f"{wanted} is not installed" in done.stderr
    assert not any(line.startswith(other) for line in project.called())


@pytest.mark.parametrize("tool", ["perf", "valgrind"])
@pytest.mark.parametrize(
    "says, status, expected, said",
    [
        ("FAILED: wrong sum", 3, 3, "FAILED: wrong sum"),
        ("skipped: no AVX-512 here", 0, 4, "skipped: no AVX-512 here"),
        ("ok", 139, 4, "ended with status 139"),
    ],
)
def test_a_benchmark_that_does_not_run_leaves_no_picture(
    project: Profiled, tool: str, says: str, status: int, expected: int, said: str
) -> None:
    project.with_perf()
    project.with_valgrind()
    project.say("says", says)
    project.say("status", str(status))
    done = project.run("profile", ID, "--with", tool)
    assert done.returncode == expected, done.stderr
    assert said in done.stderr
    assert done.stdout == "" and project.written() == []


def test_an_empty_profile_is_said_to_be_empty(project: Profiled) -> None:
    project.with_perf(SAMPLES.split("\n\n", maxsplit=1)[0] + "\n\n")
    done = project.run("profile", ID)
    assert done.returncode == 4
    assert f"the profile of {ID} is empty: none of the 1 samples" in done.stderr
    assert "--seconds" in done.stderr
    assert done.stdout == "" and project.written() == []


def test_inlined_functions_that_perf_cannot_look_up_are_done_without(project: Profiled) -> None:
    project.with_perf()
    (project.fakes / "perf.slow").write_text("")
    done = project.run("profile", ID)
    assert done.returncode == 0
    assert project.called()[-1].endswith("--no-inline")


def test_valgrind_that_leaves_nothing(project: Profiled) -> None:
    project.with_valgrind()
    (project.fakes / "valgrind.none").write_text("")
    done = project.run("profile", ID)
    assert done.returncode == 4
    assert "left no profile" in done.stderr and project.written() == []


@pytest.mark.parametrize(
    "words, said",
    [
        ([], "which benchmark"),
        (["simd/sum/9"], "did you mean simd/sum/8?"),
        (["smid/sum/8"], "did you mean 'simd/sum/8'?"),
        (["simd"], "did you mean 'simd/sum/8'?"),
        (["simd/.*"], "no benchmark matches"),
        (["nowhere/at/all"], "there is no benchmark 'nowhere/at/all' ("),
        ([ID, "simd/sum/64"], "not both"),
        ([ID, "--with", "gprof"], "there is no profiler 'gprof'"),
        ([ID, "--with"], "--with needs a value"),
        ([ID, "--secnds", "1"], "did you mean '--seconds'?"),
        ([ID, "--seconds", "0"], "not '0'"),
        ([ID, "--seconds", "601"], "not '601'"),
        ([ID, "--seconds", "1e2"], "not '1e2'"),
        ([ID, "--seconds", "a[$(id)]"], "--seconds takes"),
        ([ID, "--out", "picture.png"], "'picture.png'"),
        ([ID, "--", "--bad"], "'--bad'"),
    ],
)
def test_wrong_words_are_refused(project: Profiled, words: list[str], said: str) -> None:
    project.with_perf()
    done = project.run("profile", *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stdout == "" and project.written() == []
    assert not any(line.startswith("perf") for line in project.called())


def test_picture_goes_where_it_is_wanted(project: Profiled, tmp_path: Path) -> None:
    project.with_perf()
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    done = project.run("profile", ID, "--out", "new/p.svg", cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    assert (elsewhere / done.stdout.splitlines()[-1]).is_file()
    assert sorted(p.name for p in (elsewhere / "new").iterdir()) == ["p.folded", "p.svg"]
    again = project.run("profile", ID, cwd=elsewhere)
    assert (elsewhere / again.stdout.splitlines()[-1]).is_file()
    assert project.run("clean", "--results").stdout == "removed reports/profiles\n"


@pytest.mark.parametrize(
    "odd", ["simd/a b;$(id)/<x>", "simd/näher/1", "simd/" + "x" * 300, "simd/1.5"]
)
def test_odd_ids_have_safe_names(project: Profiled, odd: str) -> None:
    project.with_perf()
    project.say("ids", f"{odd}\n")
    done = project.run("profile", odd)
    assert done.returncode == 0, done.stderr
    path = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"reports/profiles/simd[A-Za-z0-9_.-]{1,110}-[0-9a-f]{10}\.svg", path)
    assert titles(project.root / path)[0] == f"{odd}: where the time goes"


def test_names_of_different_ids_differ(project: Profiled) -> None:
    project.with_perf()
    odd = ["simd/a/b", "simd/a.b", "simd/a b", "simd/a:b", "simd/a=b"]
    project.say("ids", "".join(f"{name}\n" for name in odd))
    paths = {project.run("profile", name).stdout.splitlines()[-1] for name in odd}
    assert len(paths) == len(odd)


def processes_with(word: str) -> list[str]:
    """Command lines that hold the word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in line and folder.name != str(os.getpid()):
            found.append(line.replace("\0", " "))
    return found


@pytest.mark.parametrize("tool", ["perf", "valgrind"])
def test_interrupt_leaves_nothing(project: Profiled, tool: str, tmp_path: Path) -> None:
    project.with_perf()
    project.with_valgrind()
    project.say("seconds", "20")
    running = project.start("profile", ID, "--with", tool)
    for _ in range(200):
        if any("--profile-time" in line and line.startswith("simd") for line in project.called()):
            break
        time.sleep(0.05)
    time.sleep(0.2)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=10)
    assert running.returncode == 130, err
    assert out == "" and "interrupted; nothing was written" in err
    assert project.written() == []
    assert processes_with(str(tmp_path)) == []


def run_flame(*words: str | Path, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def prepare() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, str(ROOT / "reports" / "flame.py"), *map(str, words)],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=prepare,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_full_disk_leaves_the_old_picture(tmp_path: Path) -> None:
    (tmp_path / "samples").write_text(SAMPLES)
    for name in ("p.svg", "p.folded"):
        (tmp_path / name).write_text("old")
    words = ["perf", str(tmp_path / "samples"), "--id", ID, "--out", str(tmp_path / "p.svg")]
    full = run_flame(*words, limit=4096)
    assert full.returncode == 4
    assert "cannot be written" in full.stderr and len(full.stderr.splitlines()) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.folded", "p.svg", "samples"]
    assert (tmp_path / "p.svg").read_text() == "old" == (tmp_path / "p.folded").read_text()
    assert run_flame(*words).returncode == 0
    assert (tmp_path / "p.svg").read_text() != "old"


def test_a_profile_that_is_not_there(tmp_path: Path) -> None:
    done = run_flame("callgrind", tmp_path / "none", "--id", ID, "--out", tmp_path / "p.svg")
    assert done.returncode == 4 and "cannot be read" in done.stderr
    assert list(tmp_path.iterdir()) == []


def profile_for_real(tool: str, folder: Path) -> dict[str, int]:
    """The folded stacks of a benchmark of this tree; skips when the tool cannot be used here."""
    identifier = "serialization/encode_traces/protobuf_c/100"
    words = [
        "profile",
        identifier,
        "--with",
        tool,
        "--seconds",
        "1",
        "--out",
        str(folder / "p.svg"),
    ]
    done = subprocess.run(
        [ROOT / "run_benchmarks.sh", *words],
        env={**os.environ, "ASSAY_BIN_DIR": str(BUILD / "bin")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode == 4 and f"run_benchmarks: {tool} " in done.stderr:
        pytest.skip(done.stderr.strip().removeprefix("run_benchmarks: "))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(folder / "p.svg")
    assert titles(folder / "p.svg")[0].startswith(identifier)
    stacks = {}
    for line in (folder / "p.folded").read_text().splitlines():
        names, _, weight = line.rpartition(" ")
        assert names.startswith(identifier)
        stacks[names] = int(weight)
    return stacks


@pytest.mark.parametrize("tool", ["perf", "valgrind"])
def test_for_real(tool: str, tmp_path: Path) -> None:
    stacks = profile_for_real(tool, tmp_path)
    total = sum(stacks.values())
    packing = sum(weight for names, weight in stacks.items() if ";otlp_pack_spans;" in names)
    assert packing > total / 2
    seen = {name for names in stacks for name in names.split(";")}
    assert not seen & {"main", "assay_main", "run_team", "bench_run", "clock_init"}, "start-up"
    assert "fixture_make" not in seen, "setup"
    assert seen & {"bench_encode", "assay__run_encode_traces"}
    if tool == "valgrind":
        assert total > 1_000_000
