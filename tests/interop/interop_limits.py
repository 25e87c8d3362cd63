"""What our client takes for success, what it refuses to read and what it refuses to send.

The servers are Python's http.server for answers over HTTP, and our receiver for large requests.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ours import PROTOCOLS, Receiver, Sent, send

MIB = 1 << 20
RETRYABLE = {429, 502, 503, 504}
HTTP = PROTOCOLS[:2]


class Handler(BaseHTTPRequestHandler):
    """Answers as the path says: /STATUS[,then,STATUS...][;field=BYTES][;chunked][;gzip]/v1/SIGNAL."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.rfile.read(length)
        statuses, *words = self.path.split("/")[1].split(";")
        seen = self.server.count(self.path)
        listed = statuses.split(",")
        status = int(listed[min(seen, len(listed)) - 1])
        options = dict(word.partition("=")[::2] for word in words)
        body = b""
        if "field" in options:
            body = unknown_field(int(options["field"]))
        self.answer(status, gzip.compress(body) if "gzip" in options else body, options)

    def answer(self, status: int, body: bytes, options: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", self.headers["Content-Type"])
        if "gzip" in options:
            self.send_header("Content-Encoding", "gzip")
        if status in (204, 304):
            self.end_headers()
            return
        try:
            if "chunked" in options:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for at in range(0, len(body), MIB):
                    part = body[at : at + MIB]
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.write(b"0\r\n\r\n")
            else:
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        except OSError:
            pass  # the client would not read on

    def log_message(self, *_: object) -> None:
        pass


def unknown_field(size: int) -> bytes:
    """A response of protobuf that is a success, with a field of so many bytes that nobody knows."""
    length = b""
    rest = size
    while rest > 0x7F:
        length += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return b"\x9a\x06" + length + bytes([rest]) + b"x" * size


class Server(ThreadingHTTPServer):
    """Counts the requests to each path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def handle_error(self, *_: object) -> None:
        pass  # a client that hangs up is no error of the test

    def count(self, path: str) -> int:
        with self._lock:
            self._counts[path] = self._counts.get(path, 0) + 1
            return self._counts[path]

    def send(self, protocol: str, answers: str, *options: str) -> Sent:
        url = f"http://127.0.0.1:{self.server_port}/{answers}"
        return send(
            *("--protocol", protocol, "--endpoint", url, "--signal", "logs"),
            *("--retry-first-ms", "10", *options),
        )


@pytest.fixture(name="server")
def start_server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(name="receiver")
def start_receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path / "receiver") as receiver:
        yield receiver


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
@pytest.mark.parametrize("protocol", HTTP)
def test_any_2xx_is_a_success(server: Server, protocol: str, status: int) -> None:
    sent = server.send(protocol, str(status))
    result = sent.results["logs"]
    assert (result["outcome"], result["status"], result["attempts"]) == ("delivered", status, 1)


@pytest.mark.parametrize(
    "status", [301, 304, 307, 400, 401, 403, 404, 408, 413, 415, 500, 501, 505]
)
@pytest.mark.parametrize("protocol", HTTP)
def test_what_is_not_retried(server: Server, protocol: str, status: int) -> None:
    sent = server.send(protocol, f"{status},200")
    result = sent.results["logs"]
    assert (result["outcome"], result["status"], result["attempts"]) == ("refused", status, 1)


@pytest.mark.parametrize("status", sorted(RETRYABLE))
@pytest.mark.parametrize("protocol", HTTP)
def test_what_is_retried(server: Server, protocol: str, status: int) -> None:
    sent = server.send(protocol, f"{status},{status},201")
    result = sent.results["logs"]
    assert (result["outcome"], result["status"], result["attempts"]) == ("delivered", 201, 3)


@pytest.mark.parametrize("form", ["", ";chunked", ";gzip", ";gzip;chunked"])
def test_a_response_above_4_mib_is_refused(server: Server, form: str) -> None:
    small = server.send("http/protobuf", f"200;field={3 * MIB}{form}").results["logs"]
    assert (small["outcome"], small["attempts"]) == ("delivered", 1), small
    large = server.send("http/protobuf", f"200;field={5 * MIB}{form}").results["logs"]
    assert (large["outcome"], large["attempts"]) == ("refused", 1), large


def test_a_bomb_in_a_response_is_refused(server: Server) -> None:
    sent = server.send("http/protobuf", f"200;field={300 * MIB};gzip", "--timeout-ms", "30000")
    result = sent.results["logs"]
    assert (result["outcome"], result["attempts"]) == ("refused", 1), result


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_request_above_64_mib_is_not_sent(
    receiver: Receiver, protocol: str, compression: str
) -> None:
    sent = send(
        *("--protocol", protocol, "--endpoint", receiver.url(protocol), "--signal", "logs"),
        *("--compression", compression, "--padding", str(64 * MIB)),
    )
    result = sent.results["logs"]
    assert result["bytes"] > 64 * MIB
    assert (result["outcome"], result["attempts"]) == ("refused", 0), result
    counters = receiver.end()
    assert counters["http_requests"] == counters["grpc_requests"] == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_request_of_almost_64_mib_arrives(tmp_path: Path, protocol: str) -> None:
    with Receiver(tmp_path / "receiver", is_raw=True) as receiver:
        sent = send(
            *("--protocol", protocol, "--endpoint", receiver.url(protocol), "--signal", "logs"),
            *("--padding", str(64 * MIB - 100_000), "--timeout-ms", "30000"),
        )
        assert sent.delivered(), sent
        counters = receiver.end()
        assert counters["logs"]["items"] == sent.results["logs"]["items"]
        assert counters["logs"]["bytes"] == sent.results["logs"]["bytes"]
