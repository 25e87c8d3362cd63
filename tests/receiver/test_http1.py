"""OTLP by HTTP/1.1: what is taken, what is refused and how, and input that is no HTTP."""

from __future__ import annotations

import email.utils
import gzip
import json
import socket
import subprocess
import time
import zlib
from collections.abc import Callable

import pytest
from receiver_program import (
    ONE,
    ONE_JSON,
    PROTOBUF,
    Answer,
    Receiver,
    Wire,
    logs,
    metrics,
    request,
    span,
    traces,
)

Start = Callable[..., Receiver]
JSON = "application/json"


def compressed(tool: str, data: bytes) -> bytes:
    return subprocess.run([tool, "-c"], input=data, capture_output=True, check=True).stdout


def test_each_signal_is_counted(receiver: Receiver) -> None:
    assert receiver.post(traces(span(), span(), span())).status == 200
    assert receiver.post(metrics(5), path="/v1/metrics").status == 200
    assert receiver.post(logs(7), path="/v1/logs").status == 200
    counters = receiver.stop()
    assert [counters[s]["items"] for s in ("traces", "metrics", "logs")] == [3, 5, 7]
    assert [counters[s]["requests"] for s in ("traces", "metrics", "logs")] == [1, 1, 1]
    assert counters["logs"]["bytes"] == len(logs(7))
    assert counters["http_requests"] == 3 and counters["grpc_requests"] == 0


def test_answers_are_dated(receiver: Receiver) -> None:
    for answer in (receiver.post(), receiver.post(path="/no")):
        sent = email.utils.parsedate_to_datetime(answer.fields["date"]).timestamp()
        assert abs(sent - time.time()) < 60


def test_success_in_the_encoding_of_the_request(receiver: Receiver) -> None:
    answer = receiver.post()
    assert (answer.status, answer.body) == (200, b"")
    assert answer.fields["content-type"] == PROTOBUF
    answer = receiver.post(ONE_JSON, content_type=JSON)
    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.fields["content-type"] == JSON
    assert receiver.stop()["traces"]["items"] == 2


def test_an_empty_request_is_a_success(receiver: Receiver) -> None:
    assert receiver.post(b"").status == 200
    assert receiver.post(b"{}", content_type=JSON).status == 200
    assert receiver.post(b"", content_type=JSON).status == 400
    assert receiver.stop()["traces"]["requests"] == 2


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"path": "/v1/trace"}, 404),
        ({"path": "/"}, 404),
        ({"path": "/v1/traces/"}, 404),
        ({"path": "/v1/traces?x=1"}, 200),
        ({"path": "http://somewhere:1/v1/traces"}, 200),
        ({"method": "PUT"}, 405),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": ""}, 415),
        ({"content_type": "application/x-protobuf; charset=utf-8"}, 200),
        ({"content_type": "Application/X-Protobuf ;a=b"}, 200),
        ({"content_type": "application/grpc"}, 505),
        ({"content_encoding": "compress"}, 415),
        ({"content_encoding": "gzip, gzip"}, 415),
        ({"content_encoding": "identity"}, 200),
    ],
)
def test_headers_are_judged(receiver: Receiver, fields: dict[str, str], status: int) -> None:
    answer = receiver.post(**fields)
    assert answer.status == status
    if status == 405:
        assert answer.fields["allow"] == "POST"
    if "content_encoding" in fields and status == 415:
        assert "gzip" in answer.fields["accept-encoding"]


def test_get_and_head(receiver: Receiver) -> None:
    assert receiver.post(b"", method="GET").status == 405
    with receiver.http() as wire:
        wire.send(request(b"", method="HEAD"))
        assert wire.answer(has_body=False).status == 405
        wire.send(request())
        assert wire.answer().status == 200
    answer = receiver.post(b"", path="/stats")
    assert (answer.status, answer.fields["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
        ("zstd", lambda data: compressed("zstd", data)),
    ],
)
def test_compressed_bodies(receiver: Receiver, name: str, pack: Callable[[bytes], bytes]) -> None:
    data = traces(*[span()] * 50)
    assert receiver.post(pack(data), content_encoding=name).status == 200
    counters = receiver.stop()["traces"]
    assert (counters["items"], counters["bytes"]) == (50, len(data))
    assert counters["wire_bytes"] == len(pack(data))


def test_brotli_is_read(receiver: Receiver) -> None:
    # Stored as it is: a window, one uncompressed meta-block, the empty last one (RFC 7932, 9.2).
    length = len(ONE) - 1
    bits = 0b0 | 0b0 << 1 | 0b00 << 2 | length << 4 | 1 << 20
    body = bits.to_bytes(3, "little") + ONE + b"\x03"
    assert receiver.post(body, content_encoding="br").status == 200
    assert receiver.stop()["traces"]["items"] == 1


@pytest.mark.parametrize(
    "body",
    [gzip.compress(ONE)[:-4], ONE, b"", gzip.compress(ONE) + b"x", zlib.compress(ONE)],
    ids=["cut", "plain", "empty", "more", "zlib"],
)
def test_a_lying_content_encoding(receiver: Receiver, body: bytes) -> None:
    answer = receiver.post(body, content_encoding="gzip")
    assert answer.status == 400
    assert receiver.stop()["malformed"] == 1


def test_malformed_messages(receiver: Receiver) -> None:
    for end in range(1, len(ONE)):
        assert receiver.post(ONE[:end]).status == 400, end
    answer = receiver.post(ONE_JSON[:-1], content_type=JSON)
    assert answer.status == 400
    assert answer.json()["code"] == 3 and answer.json()["message"]
    counters = receiver.stop()
    assert counters["malformed"] == len(ONE)
    assert counters["traces"]["requests"] == 0


@pytest.mark.parametrize("bad", [span(trace_id=bytes(16)), span(span_id=bytes(8)), b"\x2a\x01x"])
def test_spans_without_valid_ids_are_rejected(receiver: Receiver, bad: bytes) -> None:
    answer = receiver.post(traces(span(), bad, span()))
    assert answer.status == 200
    # ExportTracePartialSuccess in field 1, its rejected_spans in field 1.
    assert answer.body[0] == 0x0A and answer.body[2:4] == b"\x08\x01"
    counters = receiver.stop()
    assert counters["invalid_items"] == 1
    assert (counters["traces"]["items"], counters["traces"]["rejected"]) == (2, 1)


def test_json_names_what_was_rejected(receiver: Receiver) -> None:
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"no ids"}]}]}]}'
    answer = receiver.post(body, content_type=JSON)
    assert answer.status == 200
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert answer.json()["partialSuccess"]["errorMessage"]


def test_ids_of_a_wrong_length_are_malformed(receiver: Receiver) -> None:
    assert receiver.post(traces(span(trace_id=b"short"))).status == 400


def test_many_requests_on_one_connection(receiver: Receiver) -> None:
    with receiver.http() as wire:
        for _ in range(5):
            wire.send(request())
            assert wire.answer().status == 200
        wire.send(request(path="/nothing", body=b""))
        assert wire.answer().status == 404
        wire.send(request())
        assert wire.answer().status == 200
    assert receiver.stats()["connections"] == 2


def test_pipelined_requests_are_answered_in_order(receiver: Receiver) -> None:
    with receiver.http() as wire:
        wire.send(
            request() + request(b"", path="/no") + request(b"x") + request(logs(1), "/v1/logs")
        )
        assert [wire.answer().status for _ in range(4)] == [200, 404, 400, 200]
        wire.send(request() * 400)
        assert {wire.answer().status for _ in range(400)} == {200}


def test_a_request_in_single_bytes(receiver: Receiver) -> None:
    with receiver.http() as wire:
        for byte in request() + request():
            wire.send(bytes([byte]))
        assert [wire.answer().status for _ in range(2)] == [200, 200]


def chunked(*chunks: bytes, extension: str = "", trailer: str = "") -> bytes:
    head = (
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\ntransfer-encoding: Chunked\r\n"
        f"content-type: {PROTOBUF}\r\n\r\n"
    )
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(c), extension.encode(), c) for c in chunks)
    return head.encode() + body + b"0\r\n" + trailer.encode() + b"\r\n"


def test_chunked_bodies(receiver: Receiver) -> None:
    with receiver.http() as wire:
        wire.send(chunked(ONE))
        assert wire.answer().status == 200
        wire.send(chunked(*(bytes([byte]) for byte in ONE)))
        assert wire.answer().status == 200
        wire.send(chunked(ONE[:9], ONE[9:], extension=";a=b", trailer="X-Sum: 1\r\nY: 2\r\n"))
        assert wire.answer().status == 200
        for byte in chunked(ONE, trailer="x: y\r\n"):
            wire.send(bytes([byte]))
        assert wire.answer().status == 200
    assert receiver.stop()["traces"]["items"] == 4


def test_large_chunks(receiver: Receiver) -> None:
    data = traces(*[span()] * 5000)
    with receiver.http() as wire:
        wire.send(chunked(*(data[at : at + 70000] for at in range(0, len(data), 70000))))
        assert wire.answer().status == 200
    assert receiver.stop()["traces"]["items"] == 5000


BAD_CHUNKS = ["g\r\n", "\r\n", "5\n", "-1\r\n", "1" * 17 + "\r\n", "3\r\nabcd\r\n", "1" + " " * 300]


@pytest.mark.parametrize("bad", BAD_CHUNKS)
def test_bad_chunks(receiver: Receiver, bad: str) -> None:
    with receiver.http() as wire:
        wire.send(chunked(b"x")[: -len("1\r\nx\r\n0\r\n\r\n")], bad)
        answer = wire.answer()
        assert (answer.status, answer.fields["connection"]) == (400, "close")
        assert wire.is_closed()
    assert receiver.stop()["protocol_errors"] == 1


def test_expect_continue(receiver: Receiver) -> None:
    with receiver.http() as wire:
        wire.send(request(expect="100-continue")[: -len(ONE)])
        assert wire.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue"
        wire.send(ONE)
        assert wire.answer().status == 200
        wire.send(request(expect="100-continue", path="/no")[: -len(ONE)])
        assert wire.answer().status == 404
        assert wire.is_closed()
    assert receiver.post(expect="something").status == 417


def test_versions_and_keeping_alive(receiver: Receiver) -> None:
    old = request().replace(b"HTTP/1.1", b"HTTP/1.0")
    with receiver.http() as wire:
        wire.send(old)
        assert wire.answer().status == 200
        assert wire.is_closed()
    with receiver.http() as wire:
        wire.send(old.replace(b"Host: test", b"Connection: Keep-Alive"))
        assert wire.answer().status == 200
        wire.send(request(connection="x, close"))
        answer = wire.answer()
        assert (answer.status, answer.fields["connection"]) == (200, "close")
        assert wire.is_closed()
    assert receiver.ask(request().replace(b"HTTP/1.1", b"HTTP/1.2")).status == 505


GARBAGE = {
    "nothing like it": b"\x16\x03\x01\x02\x00\x01",
    "bare line feeds": b"POST /v1/traces HTTP/1.1\nhost: x\n\n",
    "no version": b"POST /v1/traces\r\n\r\n",
    "no target": b"POST  HTTP/1.1\r\nhost: x\r\n\r\n",
    "no host": b"POST /v1/traces HTTP/1.1\r\n\r\n",
    "two hosts": b"POST /v1/traces HTTP/1.1\r\nhost: x\r\nHost: x\r\n\r\n",
    "folded": b"POST /v1/traces HTTP/1.1\r\nhost: x\r\n y\r\n\r\n",
    "blank before colon": b"POST /v1/traces HTTP/1.1\r\nhost : x\r\n\r\n",
    "no colon": b"POST /v1/traces HTTP/1.1\r\nhost: x\r\nabc\r\n\r\n",
    "NUL in a value": b"POST /v1/traces HTTP/1.1\r\nhost: x\0y\r\n\r\n",
    "bare CR in a value": b"POST /v1/traces HTTP/1.1\r\nhost: x\ry\r\n\r\n",
    "signed length": b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: +1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n",
    "huge length": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
    "both lengths": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n"
    b"transfer-encoding: chunked\r\n\r\n",
    "chunked in HTTP/1.0": b"POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n",
    "tab in the line": b"POST\t/v1/traces HTTP/1.1\r\nhost: x\r\n\r\n",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_not_http(receiver: Receiver, name: str) -> None:
    with receiver.http() as wire:
        wire.send(GARBAGE[name])
        answer = wire.answer()
        assert (answer.status, answer.fields["connection"]) == (400, "close")
        assert wire.is_closed()
    counters = receiver.stop()
    assert counters["protocol_errors"] == 1
    assert counters["traces"]["requests"] == 0


def test_other_transfer_codings(receiver: Receiver) -> None:
    raw = request().replace(b"Content-Length: %d" % len(ONE), b"Transfer-Encoding: gzip, chunked")
    assert receiver.ask(raw).status == 501


def test_the_header_has_a_limit(start: Start) -> None:
    receiver = start("--header-limit", "1000")
    assert receiver.post(x_long="a" * 700).status == 200
    assert receiver.post(x_long="a" * 1000).status == 431
    assert receiver.post(path="/" + "a" * 1000).status == 414
    with receiver.http() as wire:
        wire.send(b"POST /v1/traces HTTP/1.1\r\n" + b"a: b\r\n" * 200)
        assert wire.answer().status == 431
    with receiver.http() as wire:
        wire.send(chunked(ONE, trailer="a: b\r\n" * 200))
        assert wire.answer().status == 431
    assert receiver.stop()["too_large"] == 3


def test_the_body_has_a_limit(start: Start) -> None:
    receiver = start("--body-limit", str(len(ONE)))
    assert receiver.post().status == 200
    with receiver.http() as wire:
        # It does not wait for what it will not take.
        wire.send(request(ONE + b"x")[: -len(ONE) - 1])
        answer = wire.answer()
        assert (answer.status, answer.fields["connection"]) == (413, "close")
        assert wire.is_closed()
    assert receiver.ask(chunked(ONE, b"x")).status == 413
    assert receiver.ask(chunked(ONE)).status == 200
    assert receiver.stop()["too_large"] == 2


def test_a_large_body_that_is_refused_still_gets_its_answer(start: Start) -> None:
    receiver = start("--body-limit", "1000")
    body = bytes(8 * 1024 * 1024)
    assert receiver.post(body).status == 413
    assert receiver.post(body, path="/no").status == 404


def test_the_decompressed_body_has_a_limit(start: Start) -> None:
    receiver = start("--decompressed-limit", "1000000")
    bomb = gzip.compress(bytes(100_000_000), 1)
    assert receiver.post(bomb, content_encoding="gzip").status == 413
    assert receiver.post(bytes(1_000_001)).status == 413
    zstd_bomb = compressed("zstd", bytes(10_000_000))
    assert receiver.post(zstd_bomb, content_encoding="zstd").status == 413
    counters = receiver.stop()
    assert counters["too_large"] == 3
    assert counters["buffered_bytes_peak"] < 4_000_000


def test_buffered_bytes_have_a_limit(start: Start) -> None:
    receiver = start("--buffer-limit", "300000")
    half = request(bytes(200_000))
    with receiver.http() as first, receiver.http() as second:
        first.send(half[:-1000])
        receiver.wait_for(lambda counters: counters["buffered_bytes"] >= 199_000)
        second.send(half)
        answer = second.answer()
        assert answer.status == 503
        assert answer.fields["retry-after"] == "1"
    receiver.wait_for(lambda counters: counters["buffered_bytes"] < 50_000)
    assert receiver.post(traces(*[span()] * 4000)).status == 200
    bomb = gzip.compress(bytes(400_000))
    assert receiver.post(bomb, content_encoding="gzip").status == 503
    counters = receiver.stop()
    assert counters["overloaded"] == 2
    assert counters["buffered_bytes_peak"] <= 300_000


def test_an_announced_length_takes_no_memory(receiver: Receiver) -> None:
    wires = [receiver.http() for _ in range(20)]
    for wire in wires:
        wire.send(request(content_type=PROTOBUF).replace(b"Length: 4", b"Length: 5000000")[:-9])
    counters = receiver.wait_for(lambda now: now["http_requests"] == 20)
    assert counters["buffered_bytes"] < 20 * 1024 * 1024
    for wire in wires:
        wire.close()
    counters = receiver.wait_for(lambda now: now["connections_open"] == 1)
    assert counters["protocol_errors"] == 20


def test_connections_have_a_limit(start: Start) -> None:
    receiver = start("--connections", "3")
    wires = [receiver.http() for _ in range(3)]
    for wire in wires:
        wire.send(request())
        assert wire.answer().status == 200
    with receiver.http() as refused:
        answer = refused.answer()
        assert (answer.status, answer.fields["connection"]) == (503, "close")
        assert answer.fields["retry-after"] == "1"
        assert refused.is_closed()
    wires.pop().close()
    counters = receiver.wait_until_served()
    assert counters["connections_refused"] >= 1
    for wire in wires:
        wire.send(request())
        assert wire.answer().status == 200
        wire.close()


def test_a_slow_header_is_given_up(start: Start) -> None:
    receiver = start("--header-timeout", "0.3")
    with receiver.http() as wire:
        wire.socket.settimeout(0.05)
        answer: Answer | None = None
        for byte in b"POST /v1/traces HTTP/1.1\r\nx: " + b"y" * 4000:
            wire.send(bytes([byte]))
            try:
                wire.kept += wire.socket.recv(100)
                wire.socket.settimeout(5)
                answer = wire.answer()
                break
            except TimeoutError:
                pass
        assert answer is not None and answer.status == 408
    assert receiver.stop()["timeouts"] == 1


def test_a_stuck_body_is_given_up(start: Start) -> None:
    receiver = start("--idle-timeout", "0.3")
    with receiver.http() as wire:
        wire.send(request()[:-1])
        assert wire.answer().status == 408
        assert wire.is_closed()
    assert receiver.stop()["timeouts"] == 1


def test_idle_connections_are_closed(start: Start) -> None:
    receiver = start("--idle-timeout", "0.8")
    with receiver.http() as silent, receiver.http() as used:
        used.send(request())
        assert used.answer().status == 200
        assert used.is_closed()
        assert silent.is_closed()


def test_a_client_that_does_not_read(start: Start) -> None:
    receiver = start("--idle-timeout", "0.5")
    with receiver.http() as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.socket.settimeout(3)
        with pytest.raises((TimeoutError, ConnectionError)):
            while True:
                wire.send(request(b"", path="/no") * 1000)
    counters = receiver.wait_for(lambda now: now["connections_open"] == 1)
    assert counters["buffered_bytes_peak"] < 1_000_000


def test_every_cut_of_a_request(receiver: Receiver) -> None:
    raw = chunked(ONE[:5], ONE[5:], trailer="a: b\r\n")
    for end in range(len(raw)):
        with receiver.http() as wire:
            wire.send(raw[:end])
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.is_closed(), end
    counters = receiver.wait_for(lambda now: now["connections_open"] == 1)
    assert counters["traces"]["requests"] == 0
    assert counters["protocol_errors"] == len(raw) - 1


def test_descriptors_are_given_back(receiver: Receiver) -> None:
    receiver.stats()
    before = receiver.descriptors()
    wires: list[Wire] = []
    for number in range(60):
        wire = receiver.http()
        wire.send([request(), request()[:30], b"\0", b""][number % 4])
        wires.append(wire)
    for wire in wires:
        wire.close()
    receiver.wait_for(lambda now: now["connections_open"] == 1)
    for _ in range(500):
        if receiver.descriptors() == before:
            break
        receiver.stats()
    assert receiver.descriptors() == before


def test_curl_speaks_to_it(receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.http_port}/v1/traces"
    for version in ("--http1.1", "--http2-prior-knowledge", "--http2"):
        command = [
            "curl",
            "-sS",
            version,
            "-H",
            f"content-type: {JSON}",
            "--data-binary",
            "@-",
            url,
        ]
        run = subprocess.run(command, input=ONE_JSON, capture_output=True, check=True, timeout=30)
        assert json.loads(run.stdout) == {}
    assert receiver.stop()["traces"]["items"] == 3
