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


# And one is enough to show how executables are compared.
COMPARED = "trace_id_creation"

# In the place of a commit's own build: what was built here.
MAKEFILE = """suites:
\tmkdir -p $(BUILD)/bin
\tcp {programs} $(BUILD)/bin
"""


def commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def compares(command: str) -> bool:
    """Whether it runs executables again, or keeps them for that."""
    return bool(re.match(r"./run_benchmarks.sh (compare|ci|baseline save|instructions) ", command))


def shortened(command: str) -> str:
    filtered = " -- " in command
    options = "--quick --time-budget 2"
    if " instructions " in command:
        return f"{command} {COMPARED}" if " compare " in command else command
    if " baseline save " in command:
        options = f"--quick --time-budget 1 {COMPARED}"
    elif compares(command):
        options = "--pairs 6 --confirm-pairs 9 --no-canaries" + ("" if filtered else f" {COMPARED}")
    elif not command.startswith("./run_benchmarks.sh suite "):
        return command
    elif "--sample-size" in command:
        options = "--warm-up-time 0.01 --measurement-time 0.02 --nresamples 1000"
    return f"{command} {options}" if filtered else f"{command} -- {options}"


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(name="tree", scope="module")
def fixture_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as it is now, with what was built in it."""
    tree = tmp_path_factory.mktemp("readme") / "tree"
    ignored = shutil.ignore_patterns(".git", "build", "results", "html", "profiles", "__pycache__")
    shutil.copytree(ROOT, tree, ignore=ignored, symlinks=True)
    (tree / "build").mkdir()
    (tree / "build" / "release").symlink_to(BUILD)
    return tree


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def add_history(tree: Path, folder: Path) -> None:
    """Makes the tree a repository with commits that are quick to build."""
    folder.mkdir()
    programs = [str(BUILD / "bin" / path.stem) for path in (ROOT / "suites").glob("*.c")]
    (folder / "Makefile").write_text(MAKEFILE.format(programs=shlex.join(programs)))
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "Makefile")
    for message in ("first", "second"):
        git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    (folder / ".git").rename(tree / ".git")


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
    add_history(tree, tmp_path / "history")
    chosen = [c for c in commands() if c.startswith(("./run_benchmarks.sh", "build/release/bin"))]
    assert len(chosen) >= 10
    for command in chosen:
        programs = BUILD / "bin" if compares(command) else suites
        environment = {"ASSAY_BIN_DIR": str(programs), "TMPDIR": str(tmp_path)}
        output = run(shortened(command), tree, environment)
        if (
            command.endswith(("report", "suite compression"))
            or "run_benchmarks.sh compare " in command
        ):
            page = tree / output.splitlines()[-1]
            assert page.is_file() and page.parent == tree / "reports" / "html"
        if " profile " in command:
            picture = tree / output.splitlines()[-1]
            assert picture.is_file() and picture.parent == tree / "reports" / "profiles"
    assert not (tree / "baselines" / "before").exists()


def test_commands_for_another_project(tree: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "usr"
    environment = {
        "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig"),
        "LD_LIBRARY_PATH": str(prefix / "lib"),
    }
    install, compile_it, start, client = [
        c for c in commands() if c.startswith(("make install", "cc ", "./minimal"))
    ]
    assert client == "make install-otlp PREFIX=/usr/local"
    run(install.replace("/usr/local", str(prefix)), tree, environment)
    run(compile_it, tree, environment)
    output = run(f"{start} --quick --discard-baseline", tree, environment)
    assert "text/length/4096" in output
    assert not (prefix / "include" / "otlp.h").exists()
    run(client.replace("/usr/local", str(prefix)), tree, environment)
    assert (prefix / "include" / "otlp.h").is_file()
    run(
        install.replace("install", "uninstall").replace("/usr/local", str(prefix)),
        tree,
        environment,
    )
    assert not [path for path in prefix.rglob("*") if not path.is_dir()]


def test_no_command_is_left_out() -> None:
    known = ("./run_benchmarks.sh", "build/release/bin", "make install", "cc ", "./minimal")
    assert [c for c in commands() if not c.startswith(known)] == WHOLE
