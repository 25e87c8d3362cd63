"""Every command of README.md is run, as it stands but for what would make it take minutes."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("ASSAY_BUILD", "build/release")

# These two are what everything else rests on: the one is run by CI, both by scripts/try-fresh.sh.
WHOLE = ["make bench", "make test"]

# A few benchmarks of each suite show what a command does.
SKIPPED = {
    "compression": "gzip|brotli|zstd_[19]|dictionary|MiB|adaptive",
    "span_creation": "events|links|log|counter|histogram|sampling|attributes|deep/10",
}


def commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def measures(command: str) -> bool:
    words = shlex.split(command)
    return words[0] == "./run_benchmarks.sh" and (
        words[1] in ("suite", "compare") or words[1:3] == ["baseline", "save"]
    )


def shortened(command: str) -> str:
    if not measures(command):
        return command
    options = "--quick --time-budget 2"
    if "--sample-size" in command:
        options = "--warm-up-time 0.01 --measurement-time 0.02 --nresamples 1000"
    return f"{command} {options}" if " -- " in command else f"{command} -- {options}"


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    # A comparison may call a change on a busy machine: 1 is an answer, not a failure.
    allowed = (0, 1) if " compare " in command else (0,)
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in allowed, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(name="tree", scope="module")
def fixture_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as it is now, with what was built in it."""
    tree = tmp_path_factory.mktemp("readme") / "tree"
    ignored = shutil.ignore_patterns(".git", "build", "results", "html", "__pycache__")
    shutil.copytree(ROOT, tree, ignore=ignored, symlinks=True)
    (tree / "build").mkdir()
    (tree / "build" / "release").symlink_to(BUILD)
    return tree


def test_the_two_commands_come_first() -> None:
    assert commands()[:2] == WHOLE


def test_commands_for_everyday_use(tree: Path, tmp_path: Path) -> None:
    suites = tmp_path / "suites"
    suites.mkdir()
    (suites / "assay").symlink_to(BUILD / "bin" / "assay")
    for name, skipped in SKIPPED.items():
        start = (
            f'#!/bin/sh\nexec {shlex.quote(str(BUILD / "bin" / name))} --skip "{skipped}" "$@"\n'
        )
        (suites / name).write_text(start, encoding="utf-8")
        (suites / name).chmod(0o755)
    environment = {"ASSAY_BIN_DIR": str(suites)}
    chosen = [c for c in commands() if c.startswith(("./run_benchmarks.sh", "build/release/bin"))]
    assert len(chosen) >= 10
    for command in chosen:
        environment["TMPDIR"] = str(tmp_path)
        output = run(shortened(command), tree, environment)
        if command.endswith(("report", "suite compression")):
            assert output.splitlines()[-1].endswith("reports/html/index.html")
    assert not (tree / "baselines" / "main").exists()


def test_commands_for_another_project(tree: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "usr"
    environment = {
        "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig"),
        "LD_LIBRARY_PATH": str(prefix / "lib"),
    }
    install, compile_it, start = [
        c for c in commands() if c.startswith(("make install", "cc ", "./minimal"))
    ]
    run(install.replace("/usr/local", str(prefix)), tree, environment)
    run(compile_it, tree, environment)
    output = run(f"{start} --quick --discard-baseline", tree, environment)
    assert "text/length/4096" in output
    run(
        install.replace("install", "uninstall").replace("/usr/local", str(prefix)),
        tree,
        environment,
    )
    assert not [path for path in prefix.rglob("*") if not path.is_dir()]


def test_no_command_is_left_out() -> None:
    known = ("./run_benchmarks.sh", "build/release/bin", "make install", "cc ", "./minimal")
    assert [c for c in commands() if not c.startswith(known)] == WHOLE
