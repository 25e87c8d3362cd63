"""Our own programs: the receiver, and the client that sends specimens."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import content
from processes import Process, wait_for

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build/release")
CLIENT = BUILD / "probes" / "interop_send"

PROTOCOLS = ("http/protobuf", "http/json", "grpc")
COMPRESSIONS = ("none", "gzip", "zstd")


class Receiver(Process):  # type: ignore[misc]
    """otlp-receiver on free ports, writing what it receives: as JSON lines, or as the protobuf that it is."""

    def __init__(self, folder: Path, *options: str | Path, is_raw: bool = False) -> None:
        self.is_raw = is_raw
        self.file = folder / ("received.raw" if is_raw else "received.json")
        folder.mkdir(parents=True, exist_ok=True)
        command = [BUILD / "bin" / "otlp-receiver", "--grpc-port", "0", "--http-port", "0"]
        command += ["--write-raw" if is_raw else "--write-json", self.file, "--stats", *options]
        super().__init__(command, folder / "receiver.log")
        ports = json.loads(self.line())
        self.http_port: int = ports["http_port"]
        self.grpc_port: int = ports["grpc_port"]

    def url(self, protocol: str, scheme: str = "http") -> str:
        port = self.grpc_port if protocol == "grpc" else self.http_port
        return f"{scheme}://127.0.0.1:{port}"

    def content(self) -> content.Content:
        return read_raw(self.file) if self.is_raw else read_file(self.file)

    def end(self) -> dict[str, Any]:
        """Stops it; its counters."""
        assert self.stop() == 0, self.errors()
        counters = json.loads(self.line())
        assert isinstance(counters, dict)
        return counters


def read_file(path: Path) -> content.Content:
    if not path.exists():
        return content.Content()
    with path.open(encoding="utf-8", newline="\n") as lines:
        return content.read_lines(lines)


def read_raw(path: Path) -> content.Content:
    """Requests of protobuf, each after its length, in a file for each signal."""
    result = content.Content()
    for signal in content.SIGNALS:
        for message in content.delimited(path.with_name(f"{path.name}.{signal}").read_bytes()):
            result.add(signal, content.request_from_protobuf(signal, message, is_strict=False))
    return result


def check_content(
    expected: content.Content, read: Callable[[], content.Content], case: str, times: int = 1
) -> None:
    """Waits until as much as is expected of a case has come, and fails unless it is the same, so many times."""
    count = expected.count(case) * times
    assert count > 0, f"nothing is expected of {case!r}"
    wait_for(lambda: read().count(case) >= count, 5)
    got = read()
    told = []
    for signal in content.SIGNALS:
        items = content.repeated(expected.items(case, signal), times)
        if text := content.difference(items, got.items(case, signal)):
            told.append(f"{signal}: {text}")
    if told:
        pytest.fail(f"{case}\n" + "\n".join(told), pytrace=False)


@dataclass
class Sent:
    """What the client said."""

    status: int
    ids: list[dict[str, str]]
    results: dict[str, dict[str, Any]]
    errors: str

    def delivered(self) -> bool:
        return self.status == 0 and len(self.results) > 0


def send(*options: str | Path, seconds: float = 60) -> Sent:
    run = subprocess.run(
        [CLIENT, *options], capture_output=True, text=True, encoding="utf-8", timeout=seconds
    )
    assert run.returncode in (0, 1), run
    ids: list[dict[str, str]] = []
    results: dict[str, dict[str, Any]] = {}
    for line in run.stdout.splitlines():
        value = json.loads(line)
        if "signal" in value:
            results[value["signal"]] = value
        else:
            ids.append({"traceId": value["trace_id"], "spanId": value["span_id"]})
    return Sent(run.returncode, ids, results, run.stderr)
