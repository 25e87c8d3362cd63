"""run_benchmarks.sh from outside: a copy of it in a folder of its own, with suites that do as told."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from door_project import ROOT, Project, wait_for


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "a path with spaces")


@pytest.mark.parametrize(
    "word, meant",
    [("qiuck", "quick"), ("perf", "performance"), ("comparee", "compare"), ("lst", "list")],
)
def test_unknown_command_is_named_with_the_nearest(project: Project, word: str, meant: str) -> None:
    done = project.run(word)
    assert done.returncode == 2
    assert f"'{word}'" in done.stderr and f"'{meant}'" in done.stderr
    assert done.stdout == ""


def test_unknown_command_without_a_near_one_suggests_nothing(project: Project) -> None:
    done = project.run("xyzzyxyzzy")
    assert done.returncode == 2
    assert "did you mean" not in done.stderr


def test_no_command_shows_the_usage_and_is_refused(project: Project) -> None:
    done = project.run()
    assert done.returncode == 2
    assert done.stdout == "" and "Usage:" in done.stderr


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
def test_help_names_every_command(project: Project, word: str) -> None:
    done = project.run(word)
    assert done.returncode == 0 and done.stderr == ""
    script = (ROOT / "run_benchmarks.sh").read_text()
    commands = re.search(r"^readonly COMMANDS=\(([^)]*)\)", script, re.MULTILINE)
    assert commands is not None and len(commands[1].split()) > 10
    for command in commands[1].split():
        assert re.search(rf"^  {command}\b", done.stdout, re.MULTILINE), command


def test_version_is_the_headers(project: Project) -> None:
    header = (ROOT / "framework" / "assay.h").read_text()
    version = re.search(r'#define ASSAY_VERSION "([^"]+)"', header)
    assert version is not None
    assert project.run("--version").stdout == f"run_benchmarks.sh {version[1]}\n"


def test_list_gives_ids_in_the_order_of_the_groups(project: Project) -> None:
    for name in ("zeta", "e2e", "simd", "span_creation"):
        project.suite(name, benchmarks=1)
    done = project.run("list")
    assert done.returncode == 0
    assert done.stdout.split() == ["span_creation/b0", "simd/b0", "e2e/b0", "zeta/b0"]


def test_list_takes_a_pattern(project: Project) -> None:
    project.suite("simd", benchmarks=3)
    project.suite("e2e", benchmarks=3)
    assert project.run("list", "simd/b[01]").stdout.split() == ["simd/b0", "simd/b1"]
    nothing = project.run("list", "nowhere")
    assert nothing.returncode == 2 and "'nowhere'" in nothing.stderr


def test_last_line_is_the_path_of_the_report(project: Project) -> None:
    project.suite("simd")
    done = project.run("all")
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last == "reports/html/index.html"
    assert (project.root / last).is_file()


def test_report_path_is_usable_from_another_folder(project: Project, tmp_path: Path) -> None:
    project.suite("simd")
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    done = project.run("all", cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    assert (elsewhere / done.stdout.splitlines()[-1]).is_file()
    assert list(elsewhere.iterdir()) == []


def test_run_folder_is_named_after_time_and_commit_and_is_the_latest(project: Project) -> None:
    project.suite("simd")
    project.run("all")
    project.run("all")
    runs = project.runs()
    assert len(runs) == 2
    for run in runs:
        assert re.fullmatch(r"\d{8}T\d{6}Z-nogit(-2)?", run.name)
        assert (run / "simd.json").is_file()
    latest = project.root / "results" / "latest"
    assert latest.is_symlink() and latest.resolve() == runs[-1].resolve()
    names = {p.name for p in (project.root / "results").iterdir()}
    assert names == {"latest", *(run.name for run in runs)}


def test_commit_is_in_the_name_of_the_run(project: Project) -> None:
    project.suite("simd")
    git = ["git", "-C", str(project.root), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "first"], check=True)
    commit = subprocess.run(
        [*git, "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    project.run("all")
    assert [run.name.split("-", 1)[1] for run in project.runs()] == [commit]


def test_a_repository_around_the_copy_gives_no_commit(project: Project) -> None:
    project.suite("simd")
    git = ["git", "-C", str(project.root.parent), "-c", "user.name=t", "-c", "user.email=t@local"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "first"], check=True)
    project.run("all")
    assert [run.name.split("-", 1)[1] for run in project.runs()] == ["nogit"]


@pytest.mark.parametrize(
    "statuses, expected",
    [
        ((0, 0), 0),
        ((0, 5), 5),
        ((5, 1), 1),
        ((1, 3), 3),
        ((3, 4), 4),
        ((4, 2), 2),
        ((2, 130), 130),
        ((3, 0), 3),
        ((11, 0), 3),
    ],
)
def test_gravest_status_wins_and_the_others_still_run(
    project: Project, statuses: tuple[int, int], expected: int
) -> None:
    project.suite("batching", status=statuses[0])
    project.suite("simd", status=statuses[1])
    done = project.run("all")
    assert done.returncode == expected, done.stderr
    assert project.measured() == ["batching", "simd"]


def test_a_failed_suite_is_named_and_the_report_is_written(project: Project) -> None:
    project.suite("batching", status=3)
    project.suite("simd")
    done = project.run("all")
    assert done.returncode == 3
    assert "batching: a benchmark failed" in done.stdout
    assert done.stdout.splitlines()[-1] == "reports/html/index.html"


def test_a_crashed_suite_is_said_to_have_crashed(project: Project) -> None:
    project.suite("simd", status=11)
    done = project.run("all")
    assert done.returncode == 3
    assert "simd ended with status 139" in done.stderr


def test_without_results_there_is_no_report_and_no_folder(project: Project) -> None:
    project.suite("simd", status=4)
    done = project.run("all")
    assert done.returncode == 4
    assert "no results were written" in done.stderr and "could not run here" in done.stderr
    assert project.runs() == [] and not (project.root / "results" / "latest").exists()


def test_a_report_that_fails_leaves_the_results_and_status_4(project: Project) -> None:
    project.suite("simd", status=1)
    (project.root / "reports" / "report.py").write_text("raise SystemExit('no')")
    done = project.run("all")
    assert done.returncode == 4
    assert "the report could not be written" in done.stderr
    assert len(project.runs()) == 1


def test_group_runs_what_exists_of_it(project: Project) -> None:
    for name in ("batching", "serialization", "simd", "e2e"):
        project.suite(name)
    assert project.run("core").returncode == 0
    assert project.measured() == ["batching", "serialization"]


def test_group_without_a_suite_is_refused(project: Project) -> None:
    project.suite("simd")
    done = project.run("core")
    assert done.returncode == 2
    assert "'core'" in done.stderr and project.runs() == []


def test_suites_are_chosen_by_name(project: Project) -> None:
    for name in ("batching", "simd", "e2e"):
        project.suite(name)
    assert project.run("suite", "e2e", "batching", "e2e").returncode == 0
    assert project.measured() == ["e2e", "batching"]
    unknown = project.run("suite", "batchnig")
    assert unknown.returncode == 2
    assert "'batchnig'" in unknown.stderr and "'batching'" in unknown.stderr
    assert project.run("suite").returncode == 2


def test_quick_shares_the_time_by_the_number_of_benchmarks(project: Project) -> None:
    project.suite("batching", benchmarks=30)
    project.suite("simd", benchmarks=10)
    assert project.run("quick").returncode == 0
    lines = [line for line in project.called() if "--results-dir" in line]
    assert all("--quick" in line for line in lines)
    shares = [float(re.findall(r"--time-budget (\S+)", line)[0]) for line in lines]
    # 50 s for 40 benchmarks; the second gets what the first, which took no time, left over.
    assert 36 <= shares[0] <= 37.5
    assert 48 <= shares[1] <= 50


def test_words_after_two_dashes_go_to_the_suites(project: Project) -> None:
    project.suite("simd")
    assert project.run("all", "--", "--sample-size", "20").returncode == 0
    assert any(line.endswith("--sample-size 20") for line in project.called())


def test_suites_without_a_match_are_left_out(project: Project) -> None:
    project.suite("batching")
    project.suite("simd")
    assert project.run("all", "--", "simd/b0").returncode == 0
    assert project.measured() == ["simd"]


def test_a_filter_or_option_that_no_suite_takes_is_an_error(project: Project) -> None:
    project.suite("batching")
    for word, said in (("nowhere", "no benchmark matches"), ("--bad", "unknown option '--bad'")):
        done = project.run("all", "--", word)
        assert done.returncode == 2
        assert said in done.stderr and word in done.stderr
    assert project.measured() == [] and project.runs() == []


def test_words_before_two_dashes_are_not_swallowed(project: Project) -> None:
    project.suite("simd")
    done = project.run("all", "simd")
    assert done.returncode == 2 and "'simd'" in done.stderr


@pytest.mark.parametrize(
    "name", ["", "../up", ".hidden", "-x", "a/b", "a b", "a;b", "$(id)", "x" * 65, "näher", "a\nb"]
)
def test_wrong_baseline_names_are_refused(project: Project, name: str) -> None:
    project.suite("simd")
    for words in (["baseline", "save"], ["baseline", "remove"], ["compare", "--baseline"]):
        done = project.run(*words, name)
        assert done.returncode == 2, words
        assert "name" in done.stderr or "option" in done.stderr
    assert project.called() == []


@pytest.mark.parametrize("name", ["main", "v1.2-rc_3", "_", "9", "x" * 64])
def test_baseline_is_saved_under_a_good_name(project: Project, name: str) -> None:
    project.suite("simd")
    assert project.run("baseline", "save", name).returncode == 0
    assert [c for c in project.called() if c.endswith(f"--save-baseline {name}")]


def test_baseline_list_and_remove_are_the_tools(project: Project) -> None:
    assert project.run("baseline", "list").stdout == "assay baseline list\n"
    assert project.run("baseline", "remove", "main").stdout == "assay baseline remove main\n"
    unknown = project.run("baseline", "sve", "main")
    assert unknown.returncode == 2 and "'save'" in unknown.stderr


def test_compare_and_save_take_suites(project: Project) -> None:
    (project.root / "baselines" / "main").mkdir(parents=True)
    project.suite("batching")
    project.suite("simd")
    assert project.run("compare", "main", "--suite", "simd").returncode == 0
    assert project.run("baseline", "save", "main", "--suite=batching").returncode == 0
    assert project.measured() == ["simd", "batching"]
    assert project.run("compare", "main", "--suite", "nosuch").returncode == 2


def test_compare_with_a_missing_baseline_names_those_there_are(project: Project) -> None:
    project.suite("simd")
    (project.root / "baselines" / "v1").mkdir(parents=True)
    done = project.run("compare", "main")
    assert done.returncode == 4
    assert "'main'" in done.stderr and "v1" in done.stderr
    assert project.measured() == []
    assert project.run("compare").returncode == 2
    assert project.run("compare", "v1", "--baseline", "v2").returncode == 2


def test_report_is_of_the_latest_run_or_of_the_folder_named(project: Project) -> None:
    missing = project.run("report")
    assert missing.returncode == 4 and "no results yet" in missing.stderr
    project.suite("simd")
    project.run("all")
    shutil.rmtree(project.root / "reports" / "html")
    done = project.run("report")
    assert done.returncode == 0 and done.stdout == "reports/html/index.html\n"
    inside = project.root / "results"
    named = project.run("report", project.runs()[0].name, cwd=inside)
    assert named.returncode == 0, named.stderr
    assert (inside / named.stdout.strip()).is_file()
    assert project.run("report", "nowhere").returncode == 2


def test_doctor_asks_a_suite(project: Project) -> None:
    project.suite("simd")
    assert project.run("doctor").stdout == "doctor of simd\n"


def test_clean_says_what_it_removed_and_leaves_baselines(project: Project) -> None:
    project.suite("simd")
    project.run("all")
    (project.root / "build").mkdir()
    (project.root / "baselines" / "main").mkdir(parents=True)
    partly = project.run("clean", "--results")
    assert partly.returncode == 0
    assert partly.stdout.splitlines() == ["removed results", "removed reports/html"]
    assert (project.root / "build").is_dir()
    assert project.run("clean").stdout == "removed build\n"
    assert project.run("clean").stdout == "nothing to remove\n"
    assert (project.root / "baselines" / "main").is_dir()
    assert (project.root / "reports" / "report.py").is_file()


def test_there_is_no_colour_in_a_pipe(project: Project) -> None:
    project.suite("batching", status=3)
    project.suite("simd", status=11)
    for words in (["all"], ["help"], ["nonsense"]):
        done = project.run(*words)
        assert "\x1b" not in done.stdout + done.stderr


def on_a_terminal(project: Project, **environment: str) -> str:
    """What `run_benchmarks.sh nonsense` writes to a terminal."""
    ours, theirs = os.openpty()
    env = {**project.environment(), "TERM": "xterm", **environment}
    env = {k: v for k, v in env.items() if k != "NO_COLOR" or k in environment}
    script = str(project.root / "run_benchmarks.sh")
    subprocess.run([script, "nonsense"], env=env, stdout=theirs, stderr=theirs, timeout=30)
    os.close(theirs)
    text = os.read(ours, 4096).decode()
    os.close(ours)
    return text


def test_colour_is_for_terminals_that_want_it(project: Project) -> None:
    assert "\x1b[31m" in on_a_terminal(project)
    assert "\x1b" not in on_a_terminal(project, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(project, TERM="dumb")


@pytest.mark.parametrize("whole_group", [True, False])
def test_interrupt_keeps_what_was_measured_and_starts_nothing(
    project: Project, whole_group: bool
) -> None:
    project.suite("batching")
    project.suite("compression", tenths=100)
    project.suite("e2e")
    running = project.start("all")
    for _ in range(100):
        if len(project.measured()) == 2:
            break
        time.sleep(0.05)
    time.sleep(0.2)
    if whole_group:
        os.killpg(running.pid, signal.SIGINT)
    else:
        running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=8)
    assert running.returncode == 130
    assert project.measured() == ["batching", "compression"]
    (run,) = project.runs()
    assert {p.name for p in run.iterdir()} == {"batching.json", "compression.json"}
    assert "interrupted" in err and f"results/{run.name}" in err
    assert not (project.root / "reports" / "html").exists()


def test_a_suite_that_says_interrupted_ends_the_run(project: Project) -> None:
    project.suite("batching", status=130)
    project.suite("simd")
    done = project.run("all")
    assert done.returncode == 130
    assert project.measured() == ["batching"]
    assert "interrupted" in done.stderr


def test_termination_reaches_the_suite(project: Project) -> None:
    project.suite("batching", tenths=100)
    running = project.start("all")
    wait_for(project.calls)
    time.sleep(0.3)
    began = time.monotonic()
    running.terminate()
    running.communicate(timeout=8)
    assert running.returncode == 130
    assert time.monotonic() - began < 5


def test_missing_folder_of_suites_is_said(project: Project) -> None:
    shutil.rmtree(project.bin)
    done = project.run("all")
    assert done.returncode == 4
    assert "ASSAY_BIN_DIR" in done.stderr


def test_build_failure_shows_makes_output(project: Project) -> None:
    (project.root / "scripts" / "setup.sh").write_text("#!/bin/bash\n")
    (project.root / "Makefile").write_text("all:\n\t@echo 'the compiler says'; false\n")
    env = {k: v for k, v in project.environment().items() if k != "ASSAY_BIN_DIR"}
    (project.root / "suites").mkdir()
    (project.root / "suites" / "simd.c").write_text("")
    done = subprocess.run(
        [project.root / "run_benchmarks.sh", "all"], env=env, capture_output=True, text=True
    )
    assert done.returncode == 4
    assert "the compiler says" in done.stderr and "the build failed" in done.stderr
