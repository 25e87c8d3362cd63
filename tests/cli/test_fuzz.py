"""What scripts/fuzz.sh says about its arguments; the fuzzers themselves need clang and time."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts" / "fuzz.sh"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def fake_fuzzer(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def test_usage() -> None:
    nothing: list[str] = []
    for arguments in (nothing, ["/nowhere"]):
        done = fuzz(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("usage:")


def test_unknown_target(tmp_path: Path) -> None:
    done = fuzz(str(tmp_path), "nonsense")
    assert done.returncode == 2
    assert "'nonsense'" in done.stderr


def test_every_corpus_has_its_fuzzer_run(tmp_path: Path) -> None:
    names = sorted(path.name for path in (ROOT / "tests" / "fuzz" / "corpus").iterdir())
    for name in names:
        fake_fuzzer(tmp_path, name, "echo stat::number_of_executed_units: 42")
    done = fuzz(str(tmp_path))
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == names
    assert all(" 42 runs" in line for line in done.stdout.splitlines())


def test_what_broke_is_told(tmp_path: Path) -> None:
    fake_fuzzer(tmp_path, "json", "echo ERROR: it broke; exit 77")
    done = fuzz(str(tmp_path), "json")
    assert done.returncode == 1
    assert "it broke" in done.stderr
