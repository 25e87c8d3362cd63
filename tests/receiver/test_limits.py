"""What a client may make the receiver hold and do, and for how long."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from h2_wire import (
    ACK,
    END_HEADERS,
    END_STREAM,
    H2,
    HEADERS,
    PREFACE,
    SETTINGS,
    block,
    call_fields,
    frame,
    message,
)
from receiver_program import ONE, Receiver, Wire, field_bytes, request

Start = Callable[..., Receiver]
STATS = request(b"", path="/stats", method="GET", content_type="")


def memory_peak(receiver: Receiver) -> int:
    status = Path(f"/proc/{receiver.process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def test_an_answer_that_no_window_lets_through(start: Start) -> None:
    receiver = start("--idle-timeout", "1")
    with Wire(receiver.grpc_port) as wire:
        wire.socket.settimeout(6)
        no_window = frame(SETTINGS, 0, 0, bytes([0, 4, 0, 0, 0, 0]))
        wire.send(PREFACE, no_window, frame(SETTINGS, ACK, 0))
        wire.send(frame(HEADERS, END_HEADERS, 1, block(call_fields())))
        wire.send(frame(0, END_STREAM, 1, message(ONE)))
        while wire.socket.recv(65536):
            pass
    assert receiver.stop()["timeouts"] == 1


def test_pipelined_answers_wait_for_their_reader(receiver: Receiver) -> None:
    before = memory_peak(receiver)
    wires = []
    for _ in range(20):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        one.connect(("127.0.0.1", receiver.http_port))
        one.setblocking(False)
        try:
            one.send(b"GET /stats HTTP/1.1\r\nHost:\r\n\r\n" * 6000)
        except BlockingIOError:
            pass
        wires.append(one)
    for _ in range(20):
        receiver.stats()
    grown = memory_peak(receiver) - before
    for one in wires:
        one.close()
    assert grown < 20 * 1024 * 1024


def test_all_pipelined_answers_come(receiver: Receiver) -> None:
    with receiver.http() as wire:
        wire.send(b"GET /stats HTTP/1.1\r\nHost:\r\n\r\n" * 2000)
        for _ in range(2000):
            assert wire.answer().status == 200


def test_what_cannot_be_written_is_not_taken(start: Start, tmp_path: Path) -> None:
    receiver = start("--write-json", str(tmp_path / "out"), "--buffer-limit", "8388608")
    body = field_bytes(1, field_bytes(3, b"a" * 1_000_000))
    assert receiver.post(body, path="/v1/logs").status == 503
    assert receiver.post().status == 200
    counters = receiver.stop()
    assert (counters["logs"]["requests"], counters["traces"]["requests"]) == (0, 1)


@pytest.mark.parametrize("limit", ["536870912", "41943040"])
def test_many_small_items_in_json(start: Start, limit: str) -> None:
    receiver = start("--buffer-limit", limit)
    record = {
        "timeUnixNano": "1700000000000000000",
        "severityNumber": 9,
        "body": {"stringValue": "hi"},
    }
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record] * 8193}]}]}
    point = {"timeUnixNano": "1700000000000000000", "asInt": "1"}
    gauge = {"name": "m", "gauge": {"dataPoints": [point] * 16385}}
    metrics = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [gauge]}]}]}
    for path, body in (("/v1/logs", logs), ("/v1/metrics", metrics)):
        text = json.dumps(body, separators=(",", ":")).encode()
        assert receiver.post(text, path=path, content_type="application/json").status == 200


def test_references_to_a_long_field(receiver: Receiver) -> None:
    long_field = b"\x40\x01x\x7f\xa1\x1e" + b"a" * 4000
    with H2(receiver.grpc_port) as h2:
        ends = END_HEADERS | END_STREAM
        h2.send(frame(HEADERS, ends, 1, block(call_fields()) + long_field))
        h2.send(frame(HEADERS, ends, 3, block(call_fields()) + b"\xbe" * 16000))
        while True:
            try:
                h2.read_frame()
            except EOFError:
                break
        assert h2.goaway is not None and h2.goaway[1] == 11
    assert receiver.stop()["protocol_errors"] == 1


def test_each_pipelined_header_has_its_own_time(start: Start) -> None:
    receiver = start("--header-timeout", "2")
    half = len(STATS) // 2
    with receiver.http() as wire:
        wire.send(STATS[:half])
        wire.socket.settimeout(20)
        for _ in range(30):
            wire.send(STATS[half:] + STATS[:half])
            assert wire.answer().status == 200
            with socket.create_connection(("127.0.0.1", receiver.http_port)) as other:
                other.settimeout(0.1)
                try:
                    other.recv(1)
                except TimeoutError:
                    pass


def test_a_query_without_a_path(receiver: Receiver) -> None:
    assert receiver.post(path="http://h?x=/v1/traces").status == 404
    assert receiver.post(path="http://h#/v1/traces").status == 404


def test_what_follows_the_size_of_a_chunk(receiver: Receiver) -> None:
    head = request(b"", transfer_encoding="chunked").replace(b"Content-Length: 0\r\n", b"")
    assert receiver.ask(head + b"0 6zz\r\n\r\n").status == 400
    assert receiver.ask(head + b"0 \t;x\r\n\r\n").status == 200


@pytest.mark.parametrize("status", [205, 304])
def test_statuses_without_content(start: Start, status: int) -> None:
    receiver = start("--fault", f"status={status}")
    with receiver.http() as wire:
        wire.send(request(), request())
        for _ in range(2):
            answer = wire.answer(has_body=status == 205)
            assert (answer.status, answer.body) == (status, b"")
            assert answer.fields.get("content-length", "0") == "0"
