"""The client against otlp-receiver: whatever goes wrong on the way, what one side says it has delivered
is what the other side says it has accepted."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("ASSAY_BUILD", "build/release")
REQUESTS = 120
SPANS = 50


class Receiver:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.ports: dict[str, int] = json.loads(process.stdout.readline())

    def url(self, protocol: str) -> str:
        return f"http://127.0.0.1:{self.ports['grpc_port' if protocol == 'grpc' else 'http_port']}"

    def stop(self) -> Any:
        """Its counters."""
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        return json.loads(output)


@contextmanager
def receiver(*arguments: str) -> Iterator[Receiver]:
    process = subprocess.Popen(
        [str(BUILD / "bin" / "otlp-receiver"), "--grpc-port", "0", "--http-port", "0", "--stats"]
        + list(arguments),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Receiver(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def export(url: str, protocol: str, *arguments: str) -> tuple[int, int]:
    """Spans delivered, and retries."""
    done = subprocess.run(
        [str(BUILD / "probes" / "export_rate"), "--protocol", protocol, "--seconds", "60"]
        + ["--requests", str(REQUESTS), "--spans", str(SPANS), "--retry-ms", "5"]
        + [*arguments, url],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r" (\d+) spans, (\d+) retries, 0 not delivered$", done.stdout.strip())
    assert found is not None, done.stdout
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd", "br"])
@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_everything_arrives(protocol: str, compression: str) -> None:
    with receiver() as peer:
        delivered, retries = export(peer.url(protocol), protocol, "--compression", compression)
        stats = peer.stop()
    assert (delivered, retries) == (REQUESTS * SPANS, 0)
    assert stats["traces"]["items"] == delivered
    assert stats["protocol_errors"] == stats["malformed"] == stats["te_missing"] == 0
    if compression != "none":
        assert stats["traces"]["wire_bytes"] < stats["traces"]["bytes"] / 2


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize(
    "fault", ["status=503", "status=429,retry-after=1ns", "reset=before", "reset=upload"]
)
def test_faults_cost_retries_and_no_span(protocol: str, fault: str) -> None:
    with receiver("--fault", f"every=9,{fault}") as peer:
        delivered, retries = export(peer.url(protocol), protocol)
        stats = peer.stop()
    assert delivered == REQUESTS * SPANS
    assert stats["traces"]["items"] == delivered
    assert retries > 0


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_lost_answer_may_double_but_never_lose(protocol: str) -> None:
    with receiver("--fault", "every=9,reset=answer") as peer:
        delivered, _ = export(peer.url(protocol), protocol)
        stats = peer.stop()
    assert delivered == REQUESTS * SPANS
    assert stats["traces"]["items"] >= delivered


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_partial_success_is_counted_on_both_sides(protocol: str) -> None:
    with receiver("--fault", "every=4,partial=7") as peer:
        delivered, retries = export(peer.url(protocol), protocol)
        stats = peer.stop()
    assert retries == 0
    assert stats["traces"]["rejected"] == 7 * (REQUESTS // 4)
    assert delivered == REQUESTS * SPANS - stats["traces"]["rejected"]
