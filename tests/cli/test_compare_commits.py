"""The whole way: a commit is built, its executables run against the working tree's, and one that is
some per cent slower is found."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("ASSAY_BUILD", "build/release")
CHOSEN = ("--suite", "serialization", "--no-report", "--", "encode_traces/protobuf_c/(10|100)$")
ENCODER = Path("otlp/src/pack_spans.c")
SLOWED_ID = "serialization/encode_traces/protobuf_c/100"

# Multiplications that wait for each other, about 1 ns each, which no compiler may leave out.
WORK = """    uint32_t work = (uint32_t)data->start_unix_ns;
    for (int i = 0; i < %d; i++) {
        work = work * 1664525U + 1013904223U;
        __asm__ volatile("" : "+r"(work));
    }
"""


@dataclass
class Tree:
    """A repository of one commit: the tree as it is now, built."""

    root: Path

    def git(self, *words: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
        subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True)

    def compare(self, ref: str) -> "subprocess.CompletedProcess[str]":
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "ASSAY_BIN"))}
        return subprocess.run(
            ["./run_benchmarks.sh", "compare", ref, *CHOSEN],
            cwd=self.root,
            env={**kept, "BUILD": BUILD},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def found(self) -> dict[str, Any]:
        """The benchmarks of the latest comparison by their ids."""
        text = (self.root / "results" / "latest" / "compare.json").read_text(encoding="utf-8")
        return {benchmark["id"]: benchmark for benchmark in json.loads(text)["benchmarks"]}


@pytest.fixture(name="tree", scope="module")
def fixture_tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    root = tmp_path_factory.mktemp("commits") / "tree"
    ignored = shutil.ignore_patterns(".git", "build", "results", "html", "tests", "bin")
    shutil.copytree(ROOT, root, ignore=ignored, symlinks=True)
    # With its times, so that only what changes is compiled again.
    for folder in (BUILD, "build/gen"):
        outputs = shutil.ignore_patterns("tests", "probes", "referee", "layouts")
        shutil.copytree(ROOT / folder, root / folder, ignore=outputs, symlinks=True)
    for suite in (root / "suites").glob("*.c"):
        if suite.stem != "serialization":
            suite.unlink()
    tree = Tree(root)
    tree.git("init", "--quiet", "--initial-branch=main")
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "-m", "as it is")
    return tree


def test_what_is_unchanged_and_what_is_slower(tree: Tree) -> None:
    same = tree.compare("HEAD")
    assert same.returncode == 0, same.stdout + same.stderr
    assert "0 regressed, 0 improved" in same.stdout
    assert len(tree.found()) == 2
    (built,) = (tree.root / "build" / "refs").glob("*/complete")
    began = built.stat().st_mtime_ns

    span_ns = tree.found()[SLOWED_ID]["old"]["times_ns"]["median"] / 100
    source = (tree.root / ENCODER).read_text(encoding="utf-8")
    place = "    pb_span *span = &message->span;\n"
    assert source.count(place) == 1
    slowed = source.replace(place, place + WORK % max(round(span_ns * 0.03), 3))
    (tree.root / ENCODER).write_text(slowed, encoding="utf-8")
    tree.git("commit", "--quiet", "--all", "-m", "slower")

    slower = tree.compare("HEAD~1")
    assert slower.returncode == 1, slower.stdout + slower.stderr
    (line,) = [line for line in slower.stdout.splitlines() if line.startswith(f"{SLOWED_ID} ")]
    assert "regressed" in line
    found = tree.found()[SLOWED_ID]
    assert found["verdict"] == "regressed" and found["confirmed"]
    assert 0.008 < found["effect_ratio"]["point"] < 0.15
    assert built.stat().st_mtime_ns == began, "the commit was built twice"
