"""make interop without its peers: what is not there is told with its reason, and fails only when it is required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHY = "the reason that the test gives"


def run(file: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
    ]
    command += ["-o", "python_files=interop_*.py", f"tests/interop/{file}"]
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NODE", "OTELCOL", "INTEROP_REQUIRED") and not name.startswith("PYTEST_")
    }
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**kept, **environment}, timeout=60
    )


@pytest.mark.parametrize(
    ("file", "variable"),
    [("interop_grpc_server.py", "NO_NODE"), ("interop_collector.py", "NO_OTELCOL")],
)
def test_a_peer_that_is_not_there_is_skipped_with_its_reason(file: str, variable: str) -> None:
    done = run(file, **{variable: WHY})
    assert done.returncode == 0, done
    assert WHY in done.stdout
    assert " skipped in " in done.stdout
    assert "passed" not in done.stdout and "failed" not in done.stdout


@pytest.mark.parametrize(
    ("file", "variable"),
    [("interop_grpc_server.py", "NO_NODE"), ("interop_collector.py", "NO_OTELCOL")],
)
def test_a_peer_that_is_required_fails_with_its_reason(file: str, variable: str) -> None:
    done = run(file, INTEROP_REQUIRED="1", **{variable: WHY})
    assert done.returncode == 1, done
    assert f"a peer is required (INTEROP_REQUIRED=1) and not there: {WHY}" in done.stdout
    assert "passed" not in done.stdout and "skipped" not in done.stdout
