"""What the interoperability tests share: peers, which are skipped with their reason when they are not there.

INTEROP_REQUIRED=1 makes a peer that is not there a failure. scripts/run-interop.sh says in OTELCOL and
NODE where they are, or in NO_OTELCOL and NO_NODE why they are not.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("INTEROP_REQUIRED") == "1":
        pytest.fail(
            f"a peer is required (INTEROP_REQUIRED=1) and not there: {reason}", pytrace=False
        )
    pytest.skip(reason)


@pytest.fixture(scope="session", name="otelcol")
def otelcol_program() -> Path:
    path = os.environ.get("OTELCOL")
    if not path:
        unavailable(os.environ.get("NO_OTELCOL") or "OTELCOL does not say where a Collector is")
    return Path(path)


@pytest.fixture(scope="session", name="node")
def node_program() -> str:
    path = os.environ.get("NODE")
    if not path:
        unavailable(os.environ.get("NO_NODE") or "NODE does not say where Node.js is")
    return path


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        unavailable(f"{name} is not installed")
    return path


@pytest.fixture(scope="session", name="curl")
def curl_program() -> str:
    return program("curl")


@pytest.fixture(scope="session", name="nghttp")
def nghttp_program() -> str:
    return program("nghttp")


@pytest.fixture(scope="session", name="h2load")
def h2load_program() -> str:
    return program("h2load")
