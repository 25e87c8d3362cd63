"""--doctor: what it finds on machines that a test makes up, and the grade of this one."""

import json
import os
import re
import signal

import pytest
from suite_program import FAST, Bench, by_id, read_document, write_json

CPU = "sys/devices/system/cpu"
NAMES = [
    *("clock source", "TSC", "CPU governor", "turbo", "SMT", "CPU quota", "allowed CPUs"),
    *("steal", "other work", "memory and swap", "ASLR", "huge pages (THP)", "perf events"),
    *("build of the suite", "build of Assay"),
]
QUIET_SERVER = {
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc",
    "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet acpi_pm",
    "proc/cpuinfo": "processor : 0\nflags\t\t: fpu constant_tsc rep_good nonstop_tsc avx2",
    f"{CPU}/online": "0-3",
    f"{CPU}/cpu0/cpufreq/scaling_governor": "performance",
    f"{CPU}/cpu1/cpufreq/scaling_governor": "performance",
    f"{CPU}/cpu2/cpufreq/scaling_governor": "performance",
    f"{CPU}/cpu3/cpufreq/scaling_governor": "performance",
    f"{CPU}/intel_pstate/no_turbo": "1",
    f"{CPU}/smt/active": "0",
    f"{CPU}/cpu0/topology/thread_siblings_list": "0",
    "proc/self/cgroup": "0::/user.slice/one.scope",
    "sys/fs/cgroup/user.slice/one.scope/cpu.max": "max 100000",
    "sys/fs/cgroup/user.slice/cpu.max": "max 100000",
    "proc/self/status": "Name:\tx\nCpus_allowed_list:\t0-3",
    "proc/stat": "cpu  1000 0 500 90000 10 0 0 1 0 0",
    "proc/loadavg": "0.10 0.05 0.01 1/100 4242",
    "proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0",
    "proc/pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0",
    "proc/meminfo": "MemTotal: 16000000 kB\nMemAvailable: 15000000 kB\nSwapTotal: 0 kB\n"
    "SwapFree: 0 kB",
    "proc/self/personality": "00000000",
    "proc/sys/kernel/randomize_va_space": "2",
    "proc/sys/kernel/perf_event_paranoid": "1",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
}


class Finding:
    """One check: how it is marked, what was found, what to do."""

    def __init__(self, mark: str, text: str, advice: str) -> None:
        self.mark = mark
        self.text = text
        self.advice = advice


def examine(bench: Bench, changes: dict[str, str | None], *arguments: str) -> dict[str, Finding]:
    """What the doctor says of a quiet server with these files changed, or taken away (None)."""
    root = bench.folder / "machine"
    for name, content in (QUIET_SERVER | changes).items():
        if content is not None:
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content + "\n")
    run = bench.run("doctor", str(root), *arguments, fast=False)
    assert (run.status, run.err) == (0, "")
    lines = run.lines()
    found = {}
    for line, advice in zip(lines[::2], lines[1::2]):
        match = re.fullmatch(r"([ !-]) (.{20}) (.+)", line)
        assert match is not None, line
        assert advice.startswith(" " * 22 + " -> "), advice
        found[match[2].strip()] = Finding(match[1], match[3], advice.split("-> ", 1)[1])
    assert list(found) == NAMES
    return found


def test_nothing_to_do_on_a_quiet_server(bench: Bench) -> None:
    for name, finding in examine(bench, {}).items():
        if name == "build of Assay" and finding.mark == "!":
            continue  # a library under a sanitizer or without optimisation says so
        assert (finding.mark, finding.advice) == (" ", "nothing to do"), name


@pytest.mark.parametrize(
    ("changes", "name", "mark", "text", "advice"),
    [
        (
            {"sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet"},
            *("clock source", "-", "hpet (available: tsc hpet acpi_pm)", "echo tsc >"),
        ),
        (
            {"proc/cpuinfo": "flags : fpu constant_tsc_not nonstop_tsc"},
            *("TSC", "-", "constant_tsc no, nonstop_tsc yes", "CLOCK_MONOTONIC"),
        ),
        (
            {f"{CPU}/cpu3/cpufreq/scaling_governor": "powersave"},
            *("CPU governor", "!", "performance on 3 of 4 CPUs, powersave on 1 of 4 CPUs"),
            "cpupower frequency-set -g performance",
        ),
        (
            {f"{CPU}/intel_pstate/no_turbo": "0"},
            *("turbo", "-", "on", f"echo 1 > /{CPU}/intel_pstate/no_turbo"),
        ),
        (
            {f"{CPU}/intel_pstate/no_turbo": None, f"{CPU}/cpufreq/boost": "1"},
            *("turbo", "-", "on", f"echo 0 > /{CPU}/cpufreq/boost"),
        ),
        (
            {f"{CPU}/smt/active": "1", f"{CPU}/cpu0/topology/thread_siblings_list": "0,2"},
            *("SMT", "-", "on: CPU 0 shares its core (CPUs 0,2)", "sibling"),
        ),
        (
            {"sys/fs/cgroup/user.slice/cpu.max": "150000 100000"},
            *("CPU quota", "!", "1.5 CPUs, set by /sys/fs/cgroup/user.slice/cpu.max", "raise"),
        ),
        (
            {
                "sys/fs/cgroup/user.slice/cpu.max": "400000 100000",
                "sys/fs/cgroup/user.slice/one.scope/cpu.max": "50000 100000",
            },
            *("CPU quota", "!", "0.5 CPUs", "a cgroup stops"),
        ),
        (
            {
                "proc/self/cgroup": "11:memory:/a\n4:cpu,cpuacct:/a/b\n0::/",
                "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "20000",
                "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "10000",
                "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us": "100000",
            },
            *("CPU quota", "!", "2 CPUs, set by /sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us"),
            "cgroup",
        ),
        (
            {"proc/self/status": "Cpus_allowed_list:\t2"},
            *("allowed CPUs", "-", "2 of 0-3 online", "second one"),
        ),
        (
            {"proc/stat": "cpu  1000 0 500 90000 10 0 0 500 0 0"},
            *("steal", "!", "25.0 % of the busy time", "less busy host"),
        ),
        (
            {"proc/pressure/cpu": "some avg10=40.00 avg60=0 avg300=0 total=0"},
            *("other work", "!", "waited for a CPU in 40 %", "wait for it to end"),
        ),
        (
            {"proc/pressure/cpu": None, "proc/loadavg": "7.50 1 1 1/1 1"},
            *("other work", "!", "load 7.50 over the last minute on 4 CPUs", "wait for it to end"),
        ),
        (
            {"proc/meminfo": "MemTotal: 100000 kB\nMemAvailable: 1000 kB"},
            *("memory and swap", "!", "available", "swapped out"),
        ),
        (
            {"proc/pressure/memory": "some avg10=30.00 avg60=0 avg300=0 total=0"},
            *("memory and swap", "!", "waited for memory", "swapoff"),
        ),
        (
            {"proc/self/personality": "00040000"},
            *("ASLR", "-", "off for this process", "setarch"),
        ),
        (
            {"proc/sys/kernel/randomize_va_space": "0"},
            *("ASLR", "-", "off on this machine", "sysctl kernel.randomize_va_space=2"),
        ),
        (
            {"sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never"},
            *("huge pages (THP)", "-", "[always]", "echo madvise >"),
        ),
        (
            {"proc/sys/kernel/perf_event_paranoid": "3"},
            *("perf events", "-", "paranoid 3", "sysctl kernel.perf_event_paranoid=2"),
        ),
        (
            {"proc/sys/kernel/perf_event_paranoid": None},
            *("perf events", "-", "not built into this kernel", "CONFIG_PERF_EVENTS"),
        ),
    ],
)
def test_each_finding_says_what_to_do(
    bench: Bench, changes: dict[str, str | None], name: str, mark: str, text: str, advice: str
) -> None:
    finding = examine(bench, changes)[name]
    assert finding.mark == mark
    assert text in finding.text
    assert advice in finding.advice


def test_smt_is_looked_up_for_the_pinned_cpu(bench: Bench) -> None:
    changes: dict[str, str | None] = {f"{CPU}/cpu3/topology/thread_siblings_list": "1,3"}
    assert "CPU 3 shares its core (CPUs 1,3)" in examine(bench, changes, "3")["SMT"].text
    assert examine(bench, changes, "0")["SMT"].mark == " "


def test_what_cannot_be_read_says_so(bench: Bench) -> None:
    """A folder without a single file: no check invents a value."""
    found = examine(bench, {name: None for name in QUIET_SERVER})
    for name, finding in found.items():
        if not name.startswith("build"):
            assert re.search("cannot be read|not built into", finding.text), (name, finding.text)
            assert finding.mark != "!"


def test_this_machine(bench: Bench) -> None:
    run = bench.run("good", "--doctor", "--doctor-time", "1.6", fast=False)
    assert (run.status, run.err) == (0, "")
    for name in NAMES:
        assert re.search(rf"^[ !-] {re.escape(name)} ", run.out, re.M), name
    assert re.search(
        r"^perf events|software event: (works|not |refused).*; hardware event: ", run.out, re.M
    )
    grade = re.search(
        r"^stability: grade [A-E] \(.+\): [0-9.]+ % of ([0-9]+) observations in ", run.out, re.M
    )
    assert grade is not None, run.out
    assert int(grade[1]) > 10
    assert run.lines()[-1].lstrip().startswith("-> ")


def test_a_short_look_is_not_graded(bench: Bench) -> None:
    run = bench.run("good", "--doctor", "--doctor-time", "50ms", fast=False)
    assert run.status == 0
    assert "\nstability: not graded: too short" in run.out
    run = bench.run("good", "--doctor", "--doctor-time", "0", fast=False)
    assert run.status == 0
    assert "stability" not in run.out


def test_the_time_is_of_the_doctor_alone(bench: Bench) -> None:
    run = bench.run("good", "--doctor-time", "1", fast=False)
    assert run.status == 2
    assert "--doctor-time needs --doctor" in run.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_the_doctor(bench: Bench, number: signal.Signals) -> None:
    process = bench.start("good", "--doctor", fast=False)
    assert process.stdout is not None and process.stderr is not None
    with process.stdout, process.stderr:
        assert process.stdout.readline() != b""
        os.kill(process.pid, number)
        assert process.wait(timeout=10) == 130
        assert b"stability" not in process.stdout.read()
        assert process.stderr.read() == b""


def test_every_result_has_a_grade_or_says_why_not(bench: Bench) -> None:
    run = bench.run("good", "plain")
    assert run.status == 0, run
    stability = bench.result("good")["environment"]["stability"]
    assert stability["grade"] is None and stability["variation"] is None
    assert stability["observations"] >= 10
    assert run.err.count("assay: machine: not graded: too short") == 1


def test_a_longer_run_is_graded(bench: Bench) -> None:
    arguments = ("--warm-up-time", "0.02", "--measurement-time", "0.4", "--target-precision", "0")
    run = bench.run("good", "plain", "copy", *arguments, "--nresamples", "1000", fast=False)
    assert run.status == 0, run
    stability = bench.result("good")["environment"]["stability"]
    assert stability["grade"] in ("A", "B", "C", "D", "E")
    assert stability["observations"] >= 40
    assert f"assay: machine: grade {stability['grade']} (" in run.err


def test_threads_and_latencies_are_not_observed(bench: Bench) -> None:
    run = bench.run("good", "parallel/threads:2", "told")
    assert run.status == 0, run
    assert bench.result("good")["environment"]["stability"]["observations"] == 0


def test_a_loaded_baseline_keeps_its_grade(bench: Bench) -> None:
    assert bench.run("good", "plain", "--save-baseline", "main").status == 0
    file = bench.baseline("good")
    document = json.loads(file.read_bytes())
    document["environment"]["stability"] |= {
        **{"grade": "B", "slowed_share": 0.01, "slowed_10_share": 0.0, "variation": 0.008},
        **{"observations": 4321, "seconds": 12.5},
    }
    write_json(file, document)
    run = bench.run("good", "plain", "--load-baseline", "main", "--output-format", "json")
    assert run.status == 0, run
    kept = read_document(run.out)["environment"]["stability"]
    assert kept == document["environment"]["stability"]
    del document["environment"]["stability"]  # as older versions wrote it
    write_json(file, document)
    run = bench.run("good", "plain", "--load-baseline", "main", "--output-format", "json")
    assert run.status == 0, run
    assert "stability" not in read_document(run.out)["environment"]
    assert by_id(read_document(run.out))["plain"]["status"] == "measured"
