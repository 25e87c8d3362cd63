"""`run_benchmarks.sh compare` and `ci`: what they compare, with an assay tool that notes what it is told."""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from door_project import MAKEFILE, REPORT, Door, wait_for


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "a path with spaces")


def test_a_commit_is_built_and_compared_with_the_working_tree(door: Door) -> None:
    done = door.run("compare", "old")
    assert done.returncode == 0, done.stderr
    assert "simd of old" in door.compared()
    old, new = door.arguments()[1:3]
    commit = door.git("rev-parse", "old")
    assert old.startswith(f"build/refs/{commit}") and new == str(door.bin)
    assert door.told("--old-name") == "old" and door.told("--new-name") == "working tree"
    assert commit.startswith(door.told("--old-commit")) and len(door.told("--old-commit")) == 12
    assert door.git("rev-parse", "HEAD").startswith(door.told("--new-commit"))
    (run,) = door.runs()
    assert door.told("--out") == f"results/{run.name}" and (run / "compare.json").is_file()
    assert (door.root / "results" / "latest").resolve() == run.resolve()
    assert done.stdout.splitlines()[-1] == "reports/html/index.html"


def test_every_way_to_name_a_commit(door: Door) -> None:
    door.git("update-ref", "refs/remotes/origin/older", "old")
    for ref in ("HEAD~1", "main~1", "refs/tags/old", "origin/older"):
        assert door.run("compare", ref).returncode == 0
        assert "simd of old" in door.compared() and door.told("--old-name") == ref


def test_a_commit_is_built_once(door: Door) -> None:
    for ref in ("old", "HEAD~1", door.git("rev-parse", "old")):
        assert door.run("compare", ref).returncode == 0
    assert len(door.builds()) == 1
    assert door.run("compare", "HEAD").returncode == 0
    assert len(door.builds()) == 2


def test_other_flags_are_another_build(door: Door) -> None:
    assert door.run("compare", "old").returncode == 0
    door.more = {"CFLAGS": "-DX='a b'", "CC": "gcc", "VARIANT": "asan"}
    assert door.run("compare", "old").returncode == 0
    assert door.builds()[1] == "asan gcc -DX='a b'"
    assert len(door.refs()) == 2
    door.more = {}
    assert door.run("compare", "old").returncode == 0
    assert len(door.builds()) == 2


def test_a_half_build_is_made_again(door: Door) -> None:
    assert door.run("compare", "old").returncode == 0
    (place,) = door.refs()
    (place / "complete").unlink()
    (place / "tree" / "rest").touch()
    assert door.run("compare", "old").returncode == 0
    assert len(door.builds()) == 2 and not (place / "tree" / "rest").exists()
    (place / "complete").write_text("another compiler\n")
    assert door.run("compare", "old").returncode == 0
    assert len(door.builds()) == 3


def test_a_commit_that_cannot_be_built(door: Door) -> None:
    lines = "".join(f"\t@echo line {i}\n" for i in range(50))
    (door.root / "Makefile").write_text(f"suites:\n{lines}\t@false\n")
    door.commit("broken")
    (door.root / "Makefile").write_text(MAKEFILE)
    door.commit("good")
    done = door.run("compare", "HEAD~1")
    assert done.returncode == 4
    assert "line 49\n" in done.stderr and "line 10\n" not in done.stderr
    assert "HEAD~1 cannot be built" in done.stderr
    (place,) = door.refs()
    log = f"build/refs/{place.name}/build.log"
    assert log in done.stderr and "line 10\n" in (door.root / log).read_text()
    assert not (door.root / "assay.arguments").exists() and not (door.root / "results").exists()


def test_uncommitted_changes_are_said(door: Door) -> None:
    (door.root / "untracked").touch()
    done = door.run("compare", "old")
    assert "--new-dirty" not in door.arguments() and "not committed" not in done.stderr
    (door.root / "stubs" / "simd").write_text("changed\n")
    done = door.run("compare", "old")
    assert "--new-dirty" in door.arguments() and "not committed" in done.stderr


def test_the_users_repository_is_not_disturbed(door: Door) -> None:
    hook = door.root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ntouch "$BUILD_LOG.hook"\n')
    hook.chmod(0o755)
    (door.root / "stubs" / "simd").write_text("staged\n")
    door.git("add", "stubs/simd")
    looks = (
        "status --porcelain -uno",
        "branch -a",
        "log -1 --format=%H",
        "diff --cached",
        "stash list",
    )
    before = [door.git(*look.split()) for look in looks]
    index = (door.root / ".git" / "index").read_bytes()
    # As in a hook: git tells its repository and index by the environment.
    git_dir = door.root / ".git"
    door.more = {"GIT_DIR": str(git_dir), "GIT_INDEX_FILE": str(git_dir / "index")}
    assert door.run("compare", "old").returncode == 0
    assert (door.root / ".git" / "index").read_bytes() == index
    assert [door.git(*look.split()) for look in looks] == before
    assert not Path(f"{door.log}.hook").exists()


def test_lost_worktrees_are_forgotten_but_not_those_of_the_user(door: Door, tmp_path: Path) -> None:
    door.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "mine"))
    shutil.move(tmp_path / "mine", tmp_path / "unplugged")
    assert door.run("compare", "old").returncode == 0
    assert len(door.worktrees()) == 3
    shutil.rmtree(door.root / "build")
    assert door.run("compare", "old").returncode == 0
    assert len(door.worktrees()) == 3 and len(door.builds()) == 2
    assert door.run("clean").returncode == 0
    assert len(door.worktrees()) == 2


def test_the_newest_builds_and_those_in_use_are_kept(door: Door) -> None:
    for i in range(7):
        door.commit(f"number {i}")
    for i in range(7):
        assert door.run("compare", f"HEAD~{i}").returncode == 0
        if i == 0:
            (first,) = door.refs()
            user = (first / "in-use").open()
            fcntl.flock(user, fcntl.LOCK_SH)
    left = {p.name[:40] for p in door.refs()}
    newest = {door.git("rev-parse", f"HEAD~{i}") for i in range(2, 7)}
    assert left == newest | {first.name[:40]}
    assert len(door.worktrees()) == 1 + len(left)
    user.close()


def test_two_runs_at_once_build_once(door: Door) -> None:
    slow = MAKEFILE.replace("suites all:\n", "suites all:\n\t@sleep 1\n")
    (door.root / "Makefile").write_text(slow)
    door.commit("slow")
    runs = [door.start("compare", "HEAD", "--no-report") for _ in range(3)]
    for run in runs:
        out, err = run.communicate(timeout=20)
        assert run.returncode == 0, err
    assert len(door.builds()) == 1


def test_a_lock_that_is_held_too_long(door: Door) -> None:
    lock = door.root / "build" / "refs" / ".lock"
    lock.parent.mkdir(parents=True)
    door.more = {"ASSAY_LOCK_SECONDS": "1"}
    with lock.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        done = door.run("compare", "old")
        assert done.returncode == 4
        assert "another run" in done.stderr and door.builds() == []
    assert door.run("compare", "old").returncode == 0


def test_layouts_are_linked_on_the_old_side(door: Door) -> None:
    assert door.run("compare", "old", "--layouts", "3", "--suite", "simd").returncode == 0
    assert door.told("--layouts") == "3"
    assert door.builds()[1] == "layouts 3 simd"
    door.baseline("main", "simd")
    done = door.run("compare", "main", "--layouts=3")
    assert done.returncode == 2 and "--layouts" in done.stderr
    for wrong in ("0", "-1", "x", "1000"):
        assert door.run("compare", "old", "--layouts", wrong).returncode == 2


def test_a_baseline_is_run_again(door: Door) -> None:
    door.baseline("before", "simd", "batching")
    done = door.run("compare", "before")
    assert done.returncode == 0, done.stderr
    assert door.arguments()[:3] == ["compare", "baselines/before/bin", str(door.bin)]
    assert door.told("--old-name") == "before" and "--old-commit" not in door.arguments()
    assert door.builds() == [] and door.measured() == []


def test_a_baseline_knows_its_commit(door: Door) -> None:
    door.baseline("before", "simd")
    text = (
        '{\n  "suite": "simd",\n  "commit": {"id": "0123456789ab", "dirty": true},\n  "x": 1\n}\n'
    )
    (door.root / "baselines" / "before" / "simd.json").write_text(text)
    door.run("compare", "before")
    assert door.told("--old-commit") == "0123456789ab" and "--old-dirty" in door.arguments()
    other = text.replace("0123456789ab", "ffffffffffff")
    (door.root / "baselines" / "before" / "e2e.json").write_text(other)
    door.run("compare", "before")
    assert "--old-commit" not in door.arguments()


def test_a_baseline_goes_before_a_ref(door: Door) -> None:
    door.baseline("main", "simd")
    done = door.run("compare", "main")
    assert done.returncode == 0 and "refs/heads/main" in done.stderr
    assert "simd of baseline main" in door.compared()
    done = door.run("compare", "--baseline", "main")
    assert "refs/heads/main" not in done.stderr and "of baseline" in door.compared()
    assert door.run("compare", "refs/heads/main").returncode == 0
    assert "simd of new" in door.compared()
    missing = door.run("compare", "--baseline", "old")
    assert missing.returncode == 4 and "no baseline 'old'" in missing.stderr


def test_an_unknown_ref_is_refused_with_the_nearest(door: Door) -> None:
    door.baseline("release-7", "simd")
    door.git("branch", "feature/parser")
    door.git("update-ref", "refs/remotes/origin/develop", "old")
    for wrong, meant in (
        ("mian", "'main'"),
        ("relaese-7", "'release-7'"),
        ("feature/parsr", "'feature/parser'"),
        ("develop", "'origin/develop'"),
    ):
        done = door.run("compare", wrong)
        assert done.returncode == 2, wrong
        assert f"'{wrong}'" in done.stderr and meant in done.stderr
    assert "did you mean" not in door.run("compare", "HEAD~9").stderr


def test_what_is_no_ref_is_refused(door: Door) -> None:
    for word in ("-x", "--upload-pack=id", "", "a\nb", "old;id", "$(id)", "old:Makefile", "a..b"):
        done = door.run("compare", word)
        assert done.returncode == 2, word
        assert "run_benchmarks:" in done.stderr
    assert not (door.root / "build").exists()


def test_arguments_that_contradict_or_lack(door: Door) -> None:
    for words in (
        [],
        ["old", "main"],
        ["old", "--baseline", "x"],
        ["old", "--time-budget"],
        ["old", "--time-budget="],
        ["old", "--suite", "nosuch"],
        ["old", "--opne"],
    ):
        done = door.run("compare", *words)
        assert done.returncode == 2, words
    assert "--no-report" in door.run("compare", "old", "--no-reprot").stderr


def test_without_a_repository(door: Door) -> None:
    shutil.rmtree(door.root / ".git")
    done = door.run("compare", "main")
    assert done.returncode == 4 and "'main'" in done.stderr and "no git repository" in done.stderr
    outer = ["git", "-C", str(door.root.parent), "init", "--quiet"]
    subprocess.run(outer, check=True)
    door.more = {"GIT_CEILING_DIRECTORIES": "/"}
    done = door.run("compare", "HEAD")
    assert done.returncode == 4 and "inside another repository" in done.stderr
    door.baseline("main", "simd")
    assert door.run("compare", "main").returncode == 0
    assert "--new-commit" not in door.arguments()


def test_in_a_shallow_clone(door: Door) -> None:
    deep = door.root / "deep"
    door.git("clone", "--quiet", "--bare", str(door.root), str(deep))
    shutil.rmtree(door.root / ".git")
    shallow = door.root / "shallow"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{deep}", shallow],
        check=True,
        capture_output=True,
    )
    (shallow / ".git").rename(door.root / ".git")
    done = door.run("compare", "origin/main")
    assert done.returncode == 0, done.stderr
    done = door.run("compare", "HEAD~1")
    assert done.returncode == 2
    assert "shallow clone" in done.stderr and "git fetch --depth=1" in done.stderr


def test_suites_are_chosen(door: Door) -> None:
    assert door.run("compare", "old", "--suite", "simd").returncode == 0
    old, new = door.arguments()[1:3]
    assert old.endswith("/bin/simd") and new == str(door.bin / "simd")
    assert door.run("compare", "old", "--suite=simd", "--suite", "e2e").returncode == 0
    assert door.told("--skip") == "^batching/" and door.arguments().count("--skip") == 1
    door.baseline("before", "simd")
    done = door.run("compare", "before", "--suite", "e2e")
    assert done.returncode == 4 and "'e2e'" in done.stderr


def test_both_sides_are_built_and_what_has_no_source_is_left_out(door: Door) -> None:
    (door.root / "scripts" / "setup.sh").write_text("#!/bin/sh\n")
    (door.root / "suites").mkdir()
    for name in ("simd", "e2e"):
        (door.root / "suites" / f"{name}.c").touch()
    shutil.copytree(door.bin, door.root / "build" / "release" / "bin")
    door.more = {"ASSAY_BIN_DIR": ""}
    assert door.run("compare", "old", "--layouts", "2").returncode == 0
    told = (door.root / "build" / "release" / "assay.arguments").read_text().splitlines()
    assert told[2] == "build/release/bin" and told[told.index("--skip") + 1] == "^batching/"
    assert told.count("--skip") == 1
    assert [line.split() for line in door.builds()[2:]] == 2 * [["layouts", "2"]]


def test_options_reach_assay(door: Door, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    words = "--time-budget 30s --skip-identical --require-verdict --max-inconclusive=2".split()
    files = ("--markdown", "a b.md", f"--junit={tmp_path}/c.xml")
    done = door.run("compare", *words, *files, "old", "--", "simd/b0", "--seed", "7", cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    assert door.told("--time-budget") == "30s" and door.told("--max-inconclusive") == "2"
    assert {"--skip-identical", "--require-verdict"} <= set(door.arguments())
    assert door.arguments()[-3:] == ["simd/b0", "--seed", "7"]
    assert (elsewhere / "a b.md").is_file() and (tmp_path / "c.xml").is_file()
    assert (elsewhere / done.stdout.splitlines()[-1]).is_file()


def test_the_status_is_that_of_assay(door: Door) -> None:
    door.baseline("main", "simd")
    page = door.root / "reports" / "html" / "index.html"
    for command, status in (*(("compare", s) for s in (0, 1, 3, 4, 5)), ("ci", 1), ("ci", 5)):
        (door.bin / "assay.status").write_text(str(status))
        page.unlink(missing_ok=True)
        assert door.run(command, "--baseline", "main").returncode == status
        assert page.is_file()


def test_a_crash_of_assay_is_no_verdict(door: Door) -> None:
    door.baseline("before", "simd")
    (door.bin / "assay.status").write_text("11")
    done = door.run("compare", "before")
    assert done.returncode == 4 and "status 139" in done.stderr


def test_without_a_document_nothing_is_left(door: Door) -> None:
    door.baseline("before", "simd")
    (door.bin / "assay.none").touch()
    (door.bin / "assay.status").write_text("4")
    for command in ("compare", "ci"):
        assert door.run(command, "before").returncode == 4
    assert list((door.root / "results").iterdir()) == []


def test_a_page_that_fails_hides_no_verdict(door: Door) -> None:
    door.baseline("before", "simd")
    (door.root / "reports" / "report.py").write_text("raise SystemExit('no')")
    for command, status, ends in (
        ("compare", 0, 4),
        ("compare", 1, 1),
        ("ci", 0, 0),
        ("ci", 1, 1),
    ):
        (door.bin / "assay.status").write_text(str(status))
        done = door.run(command, "before")
        assert done.returncode == ends, command
        assert "could not be written" in done.stderr
    (door.root / "reports" / "report.py").write_text(REPORT)
    done = door.run("compare", "before", "--no-report")
    assert not (door.root / "reports" / "html").exists()


def test_ci_leaves_files_for_the_pipeline(door: Door, tmp_path: Path) -> None:
    summary = tmp_path / "summary of the step"
    summary.write_text("before\n")
    door.more = {"GITHUB_STEP_SUMMARY": str(summary)}
    (door.bin / "assay.status").write_text("1")
    done = door.run("ci", "old")
    assert done.returncode == 1
    (run,) = door.runs()
    assert {p.name for p in run.iterdir()} == {"compare.json", "compare.md", "compare.xml"}
    assert summary.read_text() == "before\n# what changed\n"
    assert done.stdout.splitlines()[-1] == "ci: exit status 1: a regression was confirmed"
    assert door.told("--time-budget") == "600"
    assert "--quiet" in door.arguments() and "--require-verdict" not in door.arguments()
    door.run("ci", "old", "--time-budget", "5", "--markdown", "mine.md")
    assert door.told("--time-budget") == "5" and (door.root / "mine.md").is_file()
    assert summary.read_text() == "before\n" + 2 * "# what changed\n"


def test_ci_says_what_its_status_means_whatever_happens(door: Door) -> None:
    (door.root / "baselines" / "numbers").mkdir(parents=True)
    for words, status in ((["old"], 0), (["nowhere"], 2), (["--bad"], 2), (["numbers"], 4)):
        done = door.run("ci", *words)
        assert done.returncode == status, words
        assert done.stdout.splitlines()[-1].startswith(f"ci: exit status {status}: ")
    door.more = {"GITHUB_STEP_SUMMARY": str(door.root / "no" / "such")}
    done = door.run("ci", "old")
    assert done.returncode == 0 and "could not be added" in done.stderr


@pytest.mark.parametrize("whole_group", [True, False])
def test_an_interrupted_comparison_keeps_what_was_measured(door: Door, whole_group: bool) -> None:
    (door.bin / "assay.tenths").write_text("100")
    running = door.start("compare", "old")
    wait_for(door.root / "assay.arguments")
    time.sleep(0.3)
    if whole_group:
        os.killpg(running.pid, signal.SIGINT)
    else:
        running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=8)
    assert running.returncode == 130
    (run,) = door.runs()
    assert (run / "compare.json").is_file() and f"results/{run.name}" in err
    assert not (door.root / "reports" / "html").exists()


def test_an_interrupted_build_leaves_no_lock(door: Door) -> None:
    slow = MAKEFILE.replace(
        "suites all:\n", 'suites all:\n\t@touch "$$BUILD_LOG.began"; sleep 30\n'
    )
    (door.root / "Makefile").write_text(slow)
    door.commit("slow")
    running = door.start("compare", "HEAD")
    wait_for(Path(f"{door.log}.began"))
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=8)
    assert running.returncode == 130 and "interrupted while HEAD was built" in err
    assert door.refs() == [] and len(door.worktrees()) == 1
    door.more = {"ASSAY_LOCK_SECONDS": "1"}
    assert door.run("compare", "old").returncode == 0


def test_save_keeps_the_executables(door: Door) -> None:
    assert door.run("baseline", "save", "before").returncode == 0
    kept = door.root / "baselines" / "before" / "bin"
    assert {p.name for p in kept.iterdir()} == {"simd", "batching", "e2e"}
    assert (kept / "simd").read_bytes() == (door.bin / "simd").read_bytes()
    assert os.access(kept / "simd", os.X_OK)
    for name in ("simd", "e2e"):
        with (door.bin / name).open("a", encoding="utf-8") as program:
            program.write("# changed\n")
    assert door.run("baseline", "save", "before", "--suite", "simd").returncode == 0
    assert (kept / "simd").read_bytes() == (door.bin / "simd").read_bytes()
    assert (kept / "e2e").read_bytes() != (door.bin / "e2e").read_bytes()
    assert {p.name for p in kept.iterdir()} == {"simd", "batching", "e2e"}
    assert door.run("compare", "before").returncode == 0


def test_an_executable_is_kept_only_with_its_numbers(door: Door) -> None:
    door.suite("simd", status=4)
    assert door.run("baseline", "save", "before").returncode == 4
    kept = door.root / "baselines" / "before" / "bin"
    assert {p.name for p in kept.iterdir()} == {"batching", "e2e"}


def test_executables_that_cannot_be_kept_are_said(door: Door) -> None:
    (door.root / "baselines" / "before").mkdir(parents=True)
    (door.root / "baselines" / "before" / "bin").touch()
    done = door.run("baseline", "save", "before")
    assert done.returncode == 4 and "were not kept" in done.stderr
    assert (door.root / "baselines" / "before" / "simd.json").is_file()


@pytest.mark.parametrize("words", [["main"], ["--baseline=main"]])
def test_numbers_alone_are_history(door: Door, words: list[str]) -> None:
    (door.root / "baselines" / "main").mkdir(parents=True)
    (door.bin / "e2e.load").write_text("4")
    done = door.run("compare", *words, "--junit", "x.xml", "--", "b0")
    assert done.returncode == 0, done.stderr
    assert "no executables" in done.stderr and "left out: --junit" in done.stderr
    assert "simd/b0 as stored in main" in done.stdout
    assert done.stdout.count("stored numbers, history only, no verdict") == 3
    assert door.measured() == ["batching", "simd", "e2e"]
    assert not [call for call in door.called() if " --baseline" in call]
    assert not (door.root / "assay.arguments").exists() and not (door.root / "x.xml").exists()
    assert done.stdout.splitlines()[-1] == "reports/html/index.html"
