"""The same samples give the same figures, to the last bit, whichever compiler built the analysis."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPILERS = ("gcc", "clang")
FAST = (
    *("--warm-up-time", "0.01", "--measurement-time", "0.05", "--sample-size", "20"),
    *("--nresamples", "20000", "--seed", "4711"),
)


def build_of(compiler: str) -> Path:
    return ROOT / "build" / f"tests-{compiler}"


def run(*command: str | Path) -> bytes:
    # Make must not hear of the variables of a make that runs the tests.
    environment = {
        k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "BUILD", "VARIANT")
    }
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, env=environment)
    assert done.returncode in (0, 1), f"{command}\n{done.stderr.decode()}"
    return done.stdout


@pytest.fixture(name="builds", scope="module", autouse=True)
def fixture_builds() -> None:
    for compiler in COMPILERS:
        folder = build_of(compiler).relative_to(ROOT)
        targets = (f"{folder}/bin/assay", f"{folder}/probes/kernels")
        run("make", "-j2", f"BUILD={folder}", f"CC={compiler}", *targets)


@pytest.fixture(name="documents", scope="module")
def fixture_documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What a probe writes: alone, compared with a baseline, and sampled flat without a slope."""
    folder = tmp_path_factory.mktemp("results")
    probe = build_of("gcc") / "probes" / "kernels"
    baselines = ("--baselines-dir", folder / "baselines")
    extra: dict[str, tuple[str | Path, ...]] = {
        "alone": ("--save-baseline", "old"),
        "compared": ("--baseline", "old", "--significance-level", "0.01"),
        "flat": ("--sampling-mode", "flat", "--confidence-level", "0.9", "chain_200"),
    }
    documents = {}
    for name, arguments in extra.items():
        run(probe, *FAST, *baselines, "--results-dir", folder / name, *arguments)
        documents[name] = folder / name / "kernels.json"
    return documents


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", ["alone", "compared", "flat"])
def test_reanalysed_is_what_was_written(
    documents: dict[str, Path], compiler: str, name: str
) -> None:
    again = run(build_of(compiler) / "bin" / "assay", "reanalyse", documents[name])
    written = documents[name].read_bytes()
    if again != written:
        lines = zip(written.splitlines(), again.splitlines(), strict=False)
        first = next(((old, new) for old, new in lines if old != new), None)
        pytest.fail(f"{len(written)} and {len(again)} bytes; first other line: {first}")


def test_documents_have_what_is_compared(documents: dict[str, Path]) -> None:
    """The test above would pass on empty documents."""
    read: dict[str, Any] = {n: json.loads(p.read_text()) for n, p in documents.items()}
    alone = read["alone"]["benchmarks"]
    assert len(alone) >= 3
    assert all(b["status"] == "measured" and b["comparison"] is None for b in alone)
    assert any(b["estimates"]["slope_ns"] for b in alone)
    compared = [b["comparison"] for b in read["compared"]["benchmarks"]]
    assert any(c and c["baseline"]["samples"]["time_ns"] and c["change"] for c in compared)
    (flat,) = read["flat"]["benchmarks"]
    assert flat["sampling"] == "flat" and flat["estimates"]["slope_ns"] is None


@pytest.mark.parametrize("compiler", COMPILERS)
def test_another_seed_gives_other_intervals(
    documents: dict[str, Path], compiler: str, tmp_path: Path
) -> None:
    """The figures are computed again, not copied."""
    document = json.loads(documents["flat"].read_text())
    document["seed"] = 4712
    document["benchmarks"][0]["estimates"] = {}
    changed = tmp_path / "kernels.json"
    changed.write_text(json.dumps(document))
    again = json.loads(run(build_of(compiler) / "bin" / "assay", "reanalyse", changed))
    old = json.loads(documents["flat"].read_text())["benchmarks"][0]["estimates"]["mean_ns"]
    new = again["benchmarks"][0]["estimates"]["mean_ns"]
    assert new["point"] == old["point"]
    assert new["standard_error"] != old["standard_error"]
