"""`run_benchmarks.sh instructions`: what it has counted, with an assay tool that notes what it is told."""

from pathlib import Path

import pytest
from door_project import Door


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "a path with spaces")


def test_the_working_tree_is_counted(door: Door) -> None:
    done = door.run("instructions")
    assert done.returncode == 0, done.stderr
    words = door.arguments()
    assert words[:2] == ["instructions", str(door.bin)] and "--against" not in words
    assert door.told("--new-name") == "working tree"
    (run,) = [path for path in (door.root / "results").iterdir() if path.is_dir()]
    assert door.told("--out") == f"results/{run.name}" and (run / "instructions.json").is_file()
    assert f"results in results/{run.name}/instructions.json" in done.stdout
    assert door.builds() == [], "nothing is compared, so no commit is built"


def test_a_pattern_and_suites_narrow_it(door: Door) -> None:
    assert door.run("instructions", "creation|clone", "--suite", "simd").returncode == 0
    assert door.arguments()[1:3] == [str(door.bin / "simd"), "creation|clone"]
    assert door.run("instructions", "--suite=simd", "--suite=e2e").returncode == 0
    assert door.arguments()[1] == str(door.bin) and door.told("--skip") == "^batching/"


def test_a_commit_is_built_and_counted_against(door: Door) -> None:
    done = door.run("instructions", "compare", "old", "b0", "--all", "--gate", "0.2%")
    assert done.returncode == 0, done.stderr
    assert door.arguments()[1:3] == [str(door.bin), "b0"]
    assert door.told("--against").startswith(f"build/refs/{door.git('rev-parse', 'old')}")
    assert door.told("--old-name") == "old" and door.told("--gate") == "0.2%"
    assert "--all" in door.arguments() and len(door.builds()) == 1


def test_a_baseline_is_counted_against(door: Door) -> None:
    door.baseline("saved", "simd", "batching", "e2e")
    assert door.run("instructions", "compare", "--baseline", "saved").returncode == 0
    assert door.told("--against") == "baselines/saved/bin"
    (door.root / "baselines" / "numbers").mkdir()
    (door.root / "baselines" / "numbers" / "simd.json").write_text("{}")
    done = door.run("instructions", "compare", "numbers")
    assert done.returncode == 4 and "has no executables to count" in done.stderr


@pytest.mark.parametrize("status", [0, 1, 4, 130])
def test_the_status_is_that_of_the_count(door: Door, status: int) -> None:
    (door.bin / "assay.status").write_text(str(status))
    assert door.run("instructions", "compare", "old", "--gate", "0").returncode == status


def test_a_run_without_a_document_leaves_no_folder(door: Door) -> None:
    (door.bin / "assay.none").touch()
    (door.bin / "assay.status").write_text("4")
    assert door.run("instructions").returncode == 4
    assert list((door.root / "results").iterdir()) == []


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["compare"], "with what?"),
        (["--all"], "--all needs compare REF"),
        (["--gate", "0"], "--gate needs compare REF"),
        (["--baseline", "saved"], "--baseline needs compare"),
        (["--gate"], "--gate needs a value"),
        (["--suit", "simd"], "did you mean '--suite'?"),
        (["a", "b"], "takes one pattern"),
        (["--suite", "smd"], "did you mean 'simd'?"),
        (["compare", "odl"], "did you mean 'old'?"),
    ],
)
def test_what_is_wrong_is_named(door: Door, words: list[str], sentence: str) -> None:
    done = door.run("instructions", *words)
    assert done.returncode == 2 and sentence in done.stderr, done
    assert not (door.root / "assay.arguments").exists()


def test_comparisons_hand_on_that_instructions_count(door: Door) -> None:
    for command in ("compare", "ci"):
        assert door.run(command, "old", "--count-instructions").returncode == 0
        assert "--count-instructions" in door.arguments()
