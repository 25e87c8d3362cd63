"""--counters: what is counted an iteration, and what is said where nothing can be."""

import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from suite_program import BUILD, FAST, Bench, Run, assert_one_line, by_id, read_document, tree

PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")
SOFTWARE = "page-faults,context-switches,task-clock"
NOBODY = 65534

Metric = dict[str, Any]


def metrics_of(benchmark: dict[str, Any]) -> dict[str, Metric]:
    metrics = {m["name"]: m for m in benchmark["metrics"] if m["source"] == "perf"}
    for metric in metrics.values():
        figures = [metric[key] for key in ("value", "lower", "upper")]
        if metric["state"] == "unavailable":
            assert figures == [None] * 3 and metric["reason"], metric
        else:
            assert figures[1] <= figures[0] <= figures[2] and figures[1] >= 0, metric
    return metrics


def count(bench: Bench, names: str, *arguments: str, suite: str = "counting") -> dict[str, Any]:
    """The benchmarks of a run that ended well."""
    run = bench.run(suite, "--counters", names, "--results-dir", "out", *arguments)
    assert run.status == 0, run
    return by_id(bench.result(suite, "out"))


def exactly(metric: Metric, value: float) -> bool:
    figures = [metric[key] for key in ("value", "lower", "upper", "scale")]
    return bool(metric["state"] == "measured" and figures == [value, value, value, 1])


@pytest.fixture(name="needs_events")
def check_events(bench: Bench) -> None:
    """Tests that count software events need a kernel that lets them."""
    faults = metrics_of(count(bench, "page-faults", "quiet")["quiet"])["page-faults"]
    if faults["state"] == "unavailable":
        pytest.skip(f"software events are not available here: {faults['reason']}")


counts_events = pytest.mark.usefixtures("needs_events")


@counts_events
@pytest.mark.parametrize("more", [[], ["--in-process"]])
def test_page_faults_are_exact(bench: Bench, more: list[str]) -> None:
    found = {
        name: metrics_of(b)["page-faults"]
        for name, b in count(bench, SOFTWARE, "faults", "quiet", *more).items()
    }
    expected = {
        "faults/threads:1": 1,
        "faults/threads:2": 1,
        "faults/threads:4": 1,
        "faults_of_setup": 1,
        "faults_paused": 2,
        "faults_recorded": 1,
        "quiet": 0,
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert exactly(found[name], value), (name, found[name])
        assert found[name]["unit"] is None


@counts_events
def test_context_switches(bench: Bench) -> None:
    benchmarks = count(bench, SOFTWARE, "quiet", "sleeps")
    sleeps = metrics_of(benchmarks["sleeps"])["context-switches"]
    quiet = metrics_of(benchmarks["quiet"])["context-switches"]
    # On a busy machine one or the other sleep is over before the thread has left its CPU.
    assert sleeps["value"] >= 0.9
    # A busy machine takes the CPU away at times, in one lap of thousands of iterations or another.
    assert quiet["state"] == "measured" and quiet["lower"] == 0 and quiet["value"] < sleeps["value"]


@counts_events
def test_task_clock_is_the_time_of_the_cpu(bench: Bench) -> None:
    benchmarks = count(bench, "task-clock,cpu-clock", "busy", "sleeps")
    for name in ("task-clock", "cpu-clock"):
        busy = metrics_of(benchmarks["busy"])[name]
        assert busy["unit"] == "ns"
        # It spins until its thread has had 100 us.
        assert 99e3 < busy["value"], busy


@counts_events
def test_no_sample_is_counted(bench: Bench) -> None:
    """While an iteration of warm-up or of a sample runs, no counter is open."""
    watched = count(bench, SOFTWARE, "watched")["watched"]
    told = {c["name"]: c["value"] for c in watched["counters"]}
    samples = watched["samples"]["iterations"]
    assert told["watched"] > 10
    assert told["unwatched"] >= watched["warm_up"]["iterations"] + sum(samples)
    assert 10 <= len(samples)


@counts_events
def test_samples_outlive_counting_that_does_not_end(bench: Bench) -> None:
    found = count(bench, SOFTWARE, "hangs_when_counted", "--max-time", "2")["hangs_when_counted"]
    assert found["status"] == "measured" and len(found["samples"]["time_ns"]) >= 10
    metrics = metrics_of(found)
    assert set(metrics) == set(SOFTWARE.split(","))
    for metric in metrics.values():
        assert metric["reason"] == "--max-time left no time for counting"


def test_slow_benchmarks_are_counted_few_times(bench: Bench) -> None:
    slow = count(bench, SOFTWARE, "slow")["slow"]
    told = {c["name"]: c["value"] for c in slow["counters"]}
    assert told["watched"] == 7
    assert exactly(metrics_of(slow)["page-faults"], 0)


def test_without_counters_nothing_is_counted(bench: Bench) -> None:
    run = bench.run("counting", "watched", "quiet", "--results-dir", "out")
    assert run.status == 0
    benchmarks = by_id(bench.result("counting", "out"))
    told = {c["name"]: c["value"] for c in benchmarks["watched"]["counters"]}
    assert told["watched"] == 0
    for benchmark in benchmarks.values():
        assert not [m for m in benchmark.get("metrics", []) if m["source"] == "perf"]


@counts_events
def test_a_failure_while_counting_is_a_failure(bench: Bench) -> None:
    run = bench.run("counting", "fails_when", "quiet", "--counters", SOFTWARE, "--results-dir", "o")
    assert run.status == 3, run
    benchmarks = by_id(bench.result("counting", "o"))
    failed = benchmarks["fails_when_counted"]
    assert (failed["status"], failed["reason"]) == ("failed", "it was counted")
    assert benchmarks["quiet"]["status"] == "measured"


@counts_events
def test_every_benchmark_of_good_can_be_counted(bench: Bench) -> None:
    for benchmark in count(bench, SOFTWARE, suite="good").values():
        assert all(m["state"] == "measured" for m in metrics_of(benchmark).values()), benchmark


@counts_events
def test_verbose_tells_them(bench: Bench) -> None:
    run = bench.run("counting", "faults_paused", "--counters", "page-faults", "--verbose")
    assert run.status == 0
    assert re.search(r"^    page-faults \(perf\): 2( |$)", run.out, re.M), run.out


def test_hardware_is_counted_or_says_why(bench: Bench) -> None:
    names = "instructions,cycles,branches,branch-misses,L1-dcache-load-misses"
    run = bench.run("counting", "quiet", "faults_p", "--counters", names, "--results-dir", "out")
    assert run.status == 0, run
    benchmarks = by_id(bench.result("counting", "out"))
    metrics = metrics_of(benchmarks["quiet"])
    assert list(metrics) == [*names.split(","), "instructions_per_cycle", "branch_miss_rate"]
    if metrics["instructions"]["state"] != "unavailable":
        # 64 times an addition, a store, a load and what the loop costs.
        assert 150 < metrics["instructions"]["value"] < 1000
        assert metrics["instructions"]["upper"] < 1.05 * metrics["instructions"]["lower"]
        pytest.skip("this machine has a PMU: that it has none is tested elsewhere")
    reasons = {m["reason"] for m in metrics.values()}
    assert len(reasons) == 1
    # Once a run, not once a benchmark.
    assert run.err.count("not counted") == 1
    assert f"assay: not counted: {names.replace(',', ', ')}: {reasons.pop()}\n" in run.err
    quiet = bench.run("counting", "quiet", "--counters", names, "--quiet", "--discard-baseline")
    assert (quiet.status, quiet.err) == (0, "")


def deny(bench: Bench, number: int, *arguments: str, program: Path | None = None) -> Run:
    """Runs the suite with perf_event_open refused."""
    suite = str(program or BUILD / "probes" / "counting")
    launcher = str((program.parent if program else BUILD / "probes") / "deny_perf")
    run = bench.run_command([launcher, str(number), suite, *FAST, *arguments])
    if run.status == 77:
        pytest.skip(f"no seccomp filter can be set here: {run.err}")
    return run


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.EPERM, r"perf_event_open was refused \(Operation not permitted\).*seccomp filter\?"),
        (errno.EACCES, r"perf_event_open was refused \(Permission denied\).*seccomp filter\?"),
        (errno.ENOSYS, r"there is no perf_event_open: .* seccomp filter hides it"),
        (errno.EMFILE, r"too many files are open: raise the limit \(ulimit -n\)"),
        (errno.ENOENT, r"this kernel cannot count it"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--in-process"]])
def test_denied_by_seccomp(bench: Bench, number: int, sentence: str, more: list[str]) -> None:
    if os.geteuid() != 0 and number in (errno.EPERM, errno.EACCES):
        sentence = r"perf_event_paranoid|seccomp filter\?"
    names = "page-faults,context-switches,cycles,instructions"
    arguments = ["quiet", "faults/", "--counters", names, "--results-dir", "out", *more]
    run = deny(bench, number, *arguments)
    assert run.status == 0, run
    benchmarks = by_id(bench.result("counting", "out"))
    assert {b["status"] for b in benchmarks.values()} == {"measured"}
    for benchmark in benchmarks.values():
        metrics = metrics_of(benchmark)
        assert list(metrics) == [*names.split(","), "instructions_per_cycle"]
        assert {m["state"] for m in metrics.values()} == {"unavailable"}
        assert re.search(sentence, metrics["page-faults"]["reason"]), metrics
        assert len(benchmark["samples"]["iterations"]) >= 10
    assert run.err.count("page-faults") == 1


@pytest.fixture(name="public")
def make_public() -> Iterator[Path]:
    """A folder with the programs that any user may run."""
    folder = Path(tempfile.mkdtemp(prefix="assay-counters-"))
    try:
        folder.chmod(0o755)
        for name in ("counting", "deny_perf"):
            shutil.copy(BUILD / "probes" / name, folder / name)
            (folder / name).chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def paranoid(value: int) -> Iterator[None]:
    """Sets the sysctl, alone, and sets it back."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root, with setpriv, can set perf_event_paranoid and run as another user")
    try:
        lock = PARANOID.open("r+")
    except OSError as error:
        pytest.skip(f"perf_event_paranoid cannot be set here: {error}")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = PARANOID.read_text()
        try:
            PARANOID.write_text(f"{value}\n")
        except OSError as error:
            pytest.skip(f"perf_event_paranoid cannot be set here: {error}")
        try:
            yield
        finally:
            PARANOID.write_text(before)


def as_nobody(bench: Bench, public: Path, *arguments: str, number: int = 0) -> dict[str, Metric]:
    """The metrics of `counting/quiet`, counted by a user without rights."""
    program = [str(public / "counting"), *FAST, "quiet", "--discard-baseline", *arguments]
    launcher = [str(public / "deny_perf"), str(number)] if number else []
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    run = bench.run_command([*user, *launcher, *program, "--output-format", "json"], cwd="/")
    if number and run.status == 77:
        pytest.skip(f"no seccomp filter can be set here: {run.err}")
    assert run.status == 0, run
    return metrics_of(by_id(read_document(run.out))["quiet"])


def test_paranoid_3_for_a_user(bench: Bench, public: Path) -> None:
    """What the kernel allows is counted and says what it leaves out, the rest says what to do."""
    names = "page-faults,context-switches,page-faults:k,cycles:k"
    with paranoid(3):
        metrics = as_nobody(bench, public, "--counters", names)
    for name in ("page-faults:k", "cycles:k"):
        assert metrics[name]["state"] == "unavailable"
        assert "sysctl kernel.perf_event_paranoid=1" in metrics[name]["reason"]
    # Kernels with Debian's patch deny all at 3; others let a user count the own code.
    switches, faults = metrics["context-switches"], metrics["page-faults"]
    assert switches["state"] == "unavailable"
    assert "as root: sysctl kernel.perf_event_paranoid=" in switches["reason"]
    if faults["state"] == "unavailable":
        assert "perf_event_paranoid is 3" in faults["reason"]
    else:
        assert exactly(faults, 0)
        assert "the program's own code only" in faults["reason"]


def test_paranoid_3_that_denies_all(bench: Bench, public: Path) -> None:
    """As on kernels with Debian's patch."""
    with paranoid(3):
        metrics = as_nobody(bench, public, "--counters", SOFTWARE, number=errno.EACCES)
    for metric in metrics.values():
        assert metric["state"] == "unavailable"
        assert metric["reason"] == (
            "perf_event_paranoid is 3, which denies it to this user; "
            "as root: sysctl kernel.perf_event_paranoid=2"
        )


def test_kernel_events_are_no_zeros_without_the_kernel(bench: Bench) -> None:
    metrics = metrics_of(count(bench, "context-switches:u,cpu-migrations:u", "sleeps")["sleeps"])
    assert {m["state"] for m in metrics.values()} == {"unavailable"}


def test_unknown_names(bench: Bench) -> None:
    for name, near in (("cycels", "cycles"), ("L1-dcache-load-mises", "L1-dcache-load-misses")):
        run = bench.run("counting", "--counters", f"page-faults,{name}")
        assert_one_line(run, 2, f'"{name}"', f"did you mean {near}?")
    run = bench.run("counting", "--counters", "no-such-event-anywhere")
    assert_one_line(run, 2, '"no-such-event-anywhere"')
    assert_one_line(bench.run("counting", "--counters", "cycles,,cs"), 2, "an empty name")
    assert_one_line(bench.run("counting", "--counters", "cs,cs"), 2, "cs stands there twice")
    assert tree(bench.folder) == {}


def test_without_libpfm4(bench: Bench) -> None:
    """A library that cannot be loaded: general names work, others are refused with all of these."""
    folder = bench.folder / "lib"
    folder.mkdir()
    (folder / "libpfm.so.4").write_bytes(b"")
    env = {**bench.env, "LD_LIBRARY_PATH": str(folder)}
    run = bench.run("counting", "--counters", "INST_RETIRED:ANY_P", env=env)
    assert_one_line(run, 2, '"INST_RETIRED:ANY_P"', "libpfm4", "only these names", "page-faults")
    run = bench.run("counting", "quiet", "--counters", "page-faults,cycles", env=env)
    assert run.status == 0, run


def test_another_library_of_that_name(bench: Bench) -> None:
    folder = bench.folder / "lib"
    folder.mkdir()
    shutil.copy(BUILD / "lib" / "libassay.so", folder / "libpfm.so.4")
    env = {**bench.env, "LD_LIBRARY_PATH": str(folder)}
    run = bench.run("counting", "--counters", "INST_RETIRED:ANY_P", env=env)
    assert_one_line(run, 2, "libpfm4", "only these names")


def test_names_of_libpfm4(bench: Bench) -> None:
    """perf::CONTEXT-SWITCHES is a name of libpfm4 on every machine."""
    run = bench.run("counting", "sleeps", "--counters", "perf::PAGE-FAULTS", "--results-dir", "out")
    if run.status == 2 and "only these names" in run.err:
        pytest.skip("built or run without libpfm4")
    assert run.status == 0, run
    (metric,) = metrics_of(by_id(bench.result("counting", "out"))["sleeps"]).values()
    assert metric["name"] == "perf::PAGE-FAULTS"
    assert metric["state"] == "unavailable" or metric["value"] == 0


def test_gate_of_a_counter(bench: Bench) -> None:
    """Counts go through baselines as other metrics do."""
    arguments = ["faults_paused", "--counters", "page-faults", "--discard-baseline"]
    assert bench.run("counting", *arguments, "--save-baseline", "main").status == 0
    run = bench.run("counting", *arguments, "--baseline", "main", "--gate", "page-faults=0")
    assert run.status == 0, run
    stored = bench.baseline("counting")
    text = stored.read_text()
    if '"unavailable"' in text:
        pytest.skip("software events are not available here")
    stored.chmod(stored.stat().st_mode | stat.S_IWUSR)
    figures = '"value": 2, "lower": 2, "upper": 2'
    assert figures in text
    stored.write_text(text.replace(figures, '"value": 1, "lower": 1, "upper": 1'))
    run = bench.run("counting", *arguments, "--baseline", "main", "--gate", "page-faults=0")
    assert run.status == 1, run
