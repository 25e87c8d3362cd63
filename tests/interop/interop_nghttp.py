"""nghttp and h2load send to our receiver over HTTP/2 without TLS: gRPC as raw messages, and OTLP/HTTP."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import content
from bodies import CODINGS, GRPC_PATHS, Requests
from ours import Receiver, check_content

GRPC = ("-H", "content-type: application/grpc", "-H", "te: trailers")
WINDOW_BYTES = 65_535


@pytest.fixture(scope="module", name="receiver")
def start_receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with Receiver(tmp_path_factory.mktemp("receiver"), is_raw=True) as receiver:
        yield receiver


def run(command: list[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, timeout=60)
    text = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    assert done.returncode == 0, text
    return text


def post_grpc(nghttp: str, receiver: Receiver, signal: str, body: Path, *options: str) -> str:
    url = f"http://127.0.0.1:{receiver.grpc_port}{GRPC_PATHS[signal]}"
    return run([nghttp, "-v", "-t", "10", *GRPC, *options, "-d", body, url])


def header(trace: str, name: str) -> str | None:
    """The last header of that name that came, trailers included."""
    found = re.findall(rf"recv \(stream_id=\d+\) {re.escape(name)}: (.*)", trace)
    return found[-1].strip() if found else None


@pytest.mark.parametrize("coding", CODINGS)
def test_grpc_messages_of_every_coding(
    nghttp: str, receiver: Receiver, tmp_path: Path, coding: str
) -> None:
    requests = Requests(tmp_path / "requests", f"nghttp {coding}")
    options = [] if coding == "identity" else ["-H", f"grpc-encoding: {coding}"]
    for signal in content.SIGNALS:
        body = requests.grpc_file(signal, coding)
        trace = post_grpc(nghttp, receiver, signal, body, *options)
        assert header(trace, ":status") == "200", trace
        assert header(trace, "content-type") == "application/grpc"
        assert header(trace, "grpc-status") == "0", trace
        assert header(trace, "content-encoding") is None
    check_content(requests.expected, receiver.content, requests.case)


@pytest.mark.parametrize(
    ("message", "options", "status"),
    [
        (b"\0\0\0\0\x07nothing", (), "13 3"),
        (b"\0\0\0\0\0\0\0\0\0\0", (), "12"),
        (b"\0\0\0\0\x08nothing", (), "13"),
        (b"\x01\0\0\0\0", (), "13 12 3"),
        (b"\x01\0\0\0\x03abc", ("-H", "grpc-encoding: gzip"), "13 3"),
        (b"\x01\0\0\0\x03abc", ("-H", "grpc-encoding: snappy"), "12"),
    ],
)
def test_messages_that_are_none(
    *,
    nghttp: str,
    receiver: Receiver,
    tmp_path: Path,
    message: bytes,
    options: tuple[str, ...],
    status: str,
) -> None:
    body = tmp_path / "message"
    body.write_bytes(message)
    trace = post_grpc(nghttp, receiver, "traces", body, *options)
    assert header(trace, ":status") == "200"
    assert header(trace, "grpc-status") in status.split(), trace


def test_methods_that_are_none(nghttp: str, receiver: Receiver, tmp_path: Path) -> None:
    body = tmp_path / "message"
    body.write_bytes(b"\0\0\0\0\0")
    url = f"http://127.0.0.1:{receiver.grpc_port}/no.such.Service/Export"
    trace = run([nghttp, "-v", "-t", "10", *GRPC, "-d", body, url])
    assert header(trace, "grpc-status") == "12", trace
    url = f"http://127.0.0.1:{receiver.grpc_port}{GRPC_PATHS['traces']}"
    trace = run([nghttp, "-v", "-t", "10", "-H", "content-type: text/plain", "-d", body, url])
    assert header(trace, ":status") == "415", trace


def test_a_batch_of_265_kb_waits_for_no_window(
    nghttp: str, receiver: Receiver, tmp_path: Path
) -> None:
    requests = Requests(tmp_path / "requests", "nghttp batch", "--spans", "700")
    body = requests.grpc_file("traces")
    size = body.stat().st_size
    assert size > 265_000
    trace = post_grpc(nghttp, receiver, "traces", body)
    assert header(trace, "grpc-status") == "0", trace
    check_content(requests.only("traces"), receiver.content, requests.case)
    stream = int(
        re.findall(r"recv SETTINGS.*\n(?:.*\n)*?.*INITIAL_WINDOW_SIZE\(0x04\):(\d+)", trace)[0]
    )
    assert stream >= size, "the window of a stream is smaller than the batch"
    # What the receiver adds to the connection's window before it has got more than that one took.
    sent = 0
    added = 0
    events = re.finditer(
        r"(?P<data>send DATA frame <length=(?P<length>\d+))"
        r"|recv WINDOW_UPDATE frame <length=4, flags=0x00, stream_id=0>\s*"
        r"\(window_size_increment=(?P<increment>\d+)\)",
        trace,
    )
    for event in events:
        if event["data"]:
            sent += int(event["length"])
        elif sent <= WINDOW_BYTES:
            added += int(event["increment"])
    assert sent == size
    assert WINDOW_BYTES + added >= size, "the window of the connection is smaller than the batch"


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_many_requests_on_few_connections(
    h2load: str, receiver: Receiver, tmp_path: Path, protocol: str
) -> None:
    count = 100
    requests = Requests(tmp_path / "requests", f"h2load {protocol}")
    command: list[str | Path] = [h2load, "-n", str(count), "-c", "3", "-m", "20"]
    if protocol == "grpc":
        url = f"http://127.0.0.1:{receiver.grpc_port}{GRPC_PATHS['logs']}"
        text = run([*command, *GRPC, "-d", requests.grpc_file("logs"), url])
    else:
        url = f"http://127.0.0.1:{receiver.http_port}/v1/logs"
        body = requests.file("logs", "pb", "identity")
        text = run([*command, "-H", "content-type: application/x-protobuf", "-d", body, url])
    assert f"{count} succeeded, 0 failed, 0 errored, 0 timeout" in text, text
    assert f"status codes: {count} 2xx" in text, text
    check_content(requests.only("logs"), receiver.content, requests.case, times=count)
