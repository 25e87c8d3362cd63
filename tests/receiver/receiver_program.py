"""Runs otlp-receiver as a user would, and speaks to it by bare sockets."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("ASSAY_BUILD", "build/release")
PROTOBUF = "application/x-protobuf"
SECONDS = 20.0  # after which a test gives up waiting for what should be there at once


def field_bytes(number: int, content: bytes) -> bytes:
    """A length-delimited field of protobuf."""
    length = len(content)
    out = bytearray([number << 3 | 2])
    while length > 127:
        out.append(length & 127 | 128)
        length >>= 7
    out.append(length)
    return bytes(out) + content


def span(trace_id: bytes = bytes(range(1, 17)), span_id: bytes = bytes(range(1, 9))) -> bytes:
    return field_bytes(1, trace_id) + field_bytes(2, span_id) + field_bytes(5, b"GET /")


def traces(*spans: bytes) -> bytes:
    """An ExportTraceServiceRequest."""
    return field_bytes(1, field_bytes(2, b"".join(field_bytes(2, one) for one in spans)))


def logs(count: int) -> bytes:
    return field_bytes(1, field_bytes(2, field_bytes(2, field_bytes(3, b"INFO")) * count))


def metrics(points: int) -> bytes:
    """A gauge."""
    gauge = field_bytes(5, field_bytes(1, b"") * points)
    return field_bytes(1, field_bytes(2, field_bytes(2, field_bytes(1, b"m") + gauge)))


ONE = traces(span())
SPAN_JSON = {"traceId": "0102030405060708090A0b0c0d0e0f10", "spanId": "0102030405060708"}
ONE_JSON = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [SPAN_JSON]}]}]}).encode()


@dataclass
class Answer:
    """An answer by HTTP/1.1."""

    status: int
    fields: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A connection that says exactly what it is told."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
        self.kept = b""

    def send(self, *parts: bytes | str) -> None:
        for part in parts:
            self.socket.sendall(part.encode() if isinstance(part, str) else part)

    def read_until(self, end: bytes) -> bytes:
        while end not in self.kept:
            got = self.socket.recv(65536)
            if not got:
                raise EOFError(f"closed after {self.kept!r}")
            self.kept += got
        head, _, self.kept = self.kept.partition(end)
        return head

    def read_bytes(self, count: int) -> bytes:
        while len(self.kept) < count:
            got = self.socket.recv(65536)
            if not got:
                raise EOFError(f"closed after {self.kept!r}")
            self.kept += got
        out, self.kept = self.kept[:count], self.kept[count:]
        return out

    def answer(self, has_body: bool = True) -> Answer:
        lines = self.read_until(b"\r\n\r\n").decode().split("\r\n")
        status = int(lines[0].split()[1])
        fields = {
            name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])
        }
        length = int(fields.get("content-length", "0")) if has_body else 0
        return Answer(status, fields, self.read_bytes(length))

    def is_closed(self) -> bool:
        """Waits for the other side's end; False when something else comes."""
        return not self.kept and self.socket.recv(1) == b""

    def is_reset(self) -> bool:
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            return True
        return False

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def request(
    body: bytes = ONE,
    path: str = "/v1/traces",
    method: str = "POST",
    content_type: str = PROTOBUF,
    **fields: str,
) -> bytes:
    """A request of HTTP/1.1; fields in the form content_encoding="gzip"."""
    head = f"{method} {path} HTTP/1.1\r\nHost: test\r\n"
    if content_type:
        head += f"Content-Type: {content_type}\r\n"
    for name, value in fields.items():
        head += f"{name.replace('_', '-')}: {value}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass
class Receiver:
    """A running otlp-receiver."""

    process: subprocess.Popen[str]
    grpc_port: int
    http_port: int
    lines: list[str] = field(default_factory=list)

    def http(self) -> Wire:
        return Wire(self.http_port)

    def ask(self, raw: bytes) -> Answer:
        with self.http() as wire:
            wire.send(raw)
            return wire.answer()

    def post(self, body: bytes = ONE, **fields: Any) -> Answer:
        return self.ask(request(body, **fields))

    def stats(self) -> dict[str, Any]:
        counters: dict[str, Any] = self.ask(request(b"", path="/stats", method="GET")).json()
        return counters

    def wait_for(self, is_there: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Waits until the counters are so."""
        end = time.monotonic() + SECONDS
        while True:
            counters = self.stats()
            if is_there(counters):
                return counters
            assert time.monotonic() < end, counters
            time.sleep(0.01)

    def wait_until_served(self) -> dict[str, Any]:
        """The counters, as soon as there is room for a connection."""
        end = time.monotonic() + SECONDS
        while True:
            answer = self.ask(request(b"", path="/stats", method="GET"))
            if answer.status == 200:
                counters: dict[str, Any] = answer.json()
                return counters
            assert time.monotonic() < end
            time.sleep(0.01)

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self, number: int = signal.SIGTERM) -> dict[str, Any]:
        """Stops it, which must go well; the counters at the end."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0, err
        assert err == "", err
        counters: dict[str, Any] = json.loads(out.splitlines()[-1])
        assert counters["buffered_bytes"] == 0
        assert counters["connections_open"] == 0
        return counters


def program() -> str:
    path = BUILD / "bin" / "otlp-receiver"
    assert path.exists(), f"{path} is not there: build it first, or set ASSAY_BUILD"
    return str(path)


def start(*arguments: str) -> Receiver:
    """Starts it on free ports."""
    ports = () if "--grpc-port" in arguments else ("--grpc-port", "0", "--http-port", "0")
    process = subprocess.Popen(
        [program(), *ports, "--stats", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    line = process.stdout.readline()
    assert line, process.stderr.read()
    about = json.loads(line)
    assert about["pid"] == process.pid
    return Receiver(process, about["grpc_port"], about["http_port"], [line])


def running(*arguments: str) -> Iterator[Receiver]:
    """For fixtures: stops it and looks whether it ended well."""
    receiver = start(*arguments)
    try:
        yield receiver
        if receiver.process.poll() is None:
            receiver.stop()
    finally:
        if receiver.process.poll() is None:
            receiver.process.kill()
        receiver.process.communicate()
