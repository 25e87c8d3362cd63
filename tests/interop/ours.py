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
        file = folder / ("received.raw" if is_raw else "received.json")
        self._reader: RawFiles | JsonLines = RawFiles(file) if is_raw else JsonLines(file)
        folder.mkdir(parents=True, exist_ok=True)
        command = [BUILD / "bin" / "otlp-receiver", "--grpc-port", "0", "--http-port", "0"]
        command += ["--write-raw" if is_raw else "--write-json", file, "--stats", *options]
        super().__init__(command, folder / "receiver.log")
        ports = json.loads(self.line())
        self.http_port: int = ports["http_port"]
        self.grpc_port: int = ports["grpc_port"]

    def url(self, protocol: str, scheme: str = "http") -> str:
        port = self.grpc_port if protocol == "grpc" else self.http_port
        return f"{scheme}://127.0.0.1:{port}"

    def content(self) -> content.Content:
        return self._reader.read()

    def end(self) -> dict[str, Any]:
        """Stops it; its counters."""
        assert self.stop() == 0, self.errors()
        counters = json.loads(self.line())
        assert isinstance(counters, dict)
        return counters


class JsonLines:
    """Content of a file of JSON lines that another program writes; what was read is not read again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._content = content.Content()

    def read(self) -> content.Content:
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._offset)
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            content.read_lines(whole.decode().splitlines(keepends=True), self._content)
            self._offset += len(whole)
        return self._content


class RawFiles:
    """The same of requests in protobuf, each after its length, in a file for each signal."""

    def __init__(self, path: Path) -> None:
        self._paths = {
            signal: path.with_name(f"{path.name}.{signal}") for signal in content.SIGNALS
        }
        self._offsets = dict.fromkeys(content.SIGNALS, 0)
        self._content = content.Content()

    def read(self) -> content.Content:
        for signal, path in self._paths.items():
            with path.open("rb") as file:
                file.seek(self._offsets[signal])
                new = file.read()
            for end, message in content.delimited(new):
                request = content.request_from_protobuf(signal, message, is_strict=False)
                self._content.add(signal, request)
                self._offsets[signal] += end
        return self._content


def check_content(
    expected: content.Content, read: Callable[[], content.Content], case: str, times: int = 1
) -> None:
    """Waits until as much as is expected of a case has come, and fails unless it is the same, so many times."""
    count = expected.count(case) * times
    assert count > 0, f"nothing is expected of {case!r}"
    wait_for(lambda: read().count(case) >= count, 10)
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
    assert run.returncode in (0, 1) and "Sanitizer" not in run.stderr, run
    ids: list[dict[str, str]] = []
    results: dict[str, dict[str, Any]] = {}
    for line in run.stdout.splitlines():
        value = json.loads(line)
        if "signal" in value:
            results[value["signal"]] = value
        else:
            ids.append({"traceId": value["trace_id"], "spanId": value["span_id"]})
    return Sent(run.returncode, ids, results, run.stderr)
