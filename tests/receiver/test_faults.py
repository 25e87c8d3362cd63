"""Faults that are ordered: each of them by HTTP and by gRPC, and which requests they hit."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import pytest
from h2_wire import EXPORT, H2, call_fields, frame, message
from receiver_program import ONE, ONE_JSON, Receiver, logs, program, request, span, traces

Start = Callable[..., Receiver]
BIG = traces(*[span()] * 5000)


def statuses(receiver: Receiver, count: int) -> list[int]:
    with receiver.http() as wire:
        out = []
        for _ in range(count):
            wire.send(request())
            out.append(wire.answer().status)
        return out


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504, 599])
def test_statuses(start: Start, status: int) -> None:
    receiver = start("--fault", f"status={status},message=no, not now")
    answer = receiver.post(ONE_JSON, content_type="application/json")
    assert answer.status == status
    assert answer.json()["message"] == "no, not now"
    assert "retry-after" not in answer.fields
    counters = receiver.stop()
    assert (counters["faults"], counters["refused"]) == (1, 0)
    assert counters["traces"]["requests"] == 0


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("status=400", "3"),
        ("status=401", "16"),
        ("status=403", "7"),
        ("status=429", "8"),
        ("status=503", "14"),
        ("status=500", "13"),
        ("grpc=10", "10"),
        ("status=503,grpc=1", "1"),
    ],
)
def test_statuses_of_grpc(start: Start, rule: str, code: str) -> None:
    receiver = start("--fault", f"{rule},message=100% Käse")
    with H2(receiver.grpc_port) as h2:
        reply = h2.call(message(ONE))
        assert reply.status == code
        assert reply.header["grpc-message"] == "100%25 K%C3%A4se"
        assert "100% Käse".encode() in reply.details
        assert b"RetryInfo" not in reply.details


@pytest.mark.parametrize(("code", "status"), [(14, 503), (8, 429), (3, 400), (16, 401), (13, 500)])
def test_a_code_of_grpc_by_http(start: Start, code: int, status: int) -> None:
    assert start("--fault", f"grpc={code}").post().status == status


def test_retry_after(start: Start) -> None:
    receiver = start("--fault", "status=429,retry-after=1500ms")
    answer = receiver.post(ONE_JSON, content_type="application/json")
    assert (answer.status, answer.fields["retry-after"]) == (429, "2")
    (detail,) = answer.json()["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.RetryInfo"
    assert detail["retryDelay"][-1] == "s" and float(detail["retryDelay"][:-1]) == 1.5
    with H2(receiver.grpc_port) as h2:
        reply = h2.call(message(ONE))
        assert reply.status == "8"
        # RetryInfo.retry_delay: 1 s and 500,000,000 ns.
        assert b"google.rpc.RetryInfo" in reply.details
        assert b"\x08\x01\x10\x80\xca\xb5\xee\x01" in reply.details


def test_retry_at_once(start: Start) -> None:
    receiver = start("--fault", "status=429,retry-after=0s")
    assert receiver.post().fields["retry-after"] == "0"
    with H2(receiver.grpc_port) as h2:
        assert b"google.rpc.RetryInfo" in h2.call(message(ONE)).details


@pytest.mark.parametrize("status", [201, 202, 204])
def test_other_successes(start: Start, status: int) -> None:
    receiver = start("--fault", f"status={status}")
    with receiver.http() as wire:
        for _ in range(2):
            wire.send(request(ONE_JSON, content_type="application/json"))
            answer = wire.answer()
            assert (answer.status, answer.body) == (status, b"" if status == 204 else b"{}")
    with H2(receiver.grpc_port) as h2:
        reply = h2.call(message(ONE))
        assert (reply.header[":status"], reply.status) == ("200", "0")
    assert receiver.stop()["traces"]["items"] == 3


def test_partial_success(start: Start) -> None:
    receiver = start("--fault", "partial=2,message=too old, too late")
    body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{},{}]}]}]}'
    answer = receiver.post(body, path="/v1/logs", content_type="application/json")
    assert answer.status == 200
    partial = answer.json()["partialSuccess"]
    assert partial == {"rejectedLogRecords": "2", "errorMessage": "too old, too late"}
    with H2(receiver.grpc_port) as h2:
        reply = h2.call(message(logs(3)), call_fields(EXPORT.format("logs", "Logs")))
        assert reply.status == "0"
        assert reply.data[5:] == b"\x0a\x15\x08\x02\x12\x11too old, too late"
    counters = receiver.stop()
    assert (counters["logs"]["items"], counters["logs"]["rejected"]) == (2, 4)


def test_a_warning(start: Start) -> None:
    receiver = start("--fault", "partial=0,message=old format")
    answer = receiver.post(ONE_JSON, content_type="application/json")
    assert answer.json()["partialSuccess"]["errorMessage"] == "old format"
    assert receiver.stop()["traces"]["items"] == 1


def test_delay(start: Start) -> None:
    receiver = start("--fault", "delay=300ms")
    began = time.monotonic()
    assert receiver.post().status == 200
    with H2(receiver.grpc_port) as h2:
        assert h2.call(message(ONE)).status == "0"
    assert time.monotonic() - began >= 0.6


def test_a_deadline_that_passes(start: Start) -> None:
    receiver = start("--fault", "delay=60s")
    with H2(receiver.grpc_port) as h2:
        assert h2.call(message(ONE), call_fields(grpc_timeout="50m")).status == "4"
    assert receiver.stop()["traces"]["requests"] == 0


def test_stall(start: Start) -> None:
    receiver = start("--fault", "stall=200ms")
    with receiver.http() as wire:
        wire.send(request())
        assert wire.is_closed()
    with H2(receiver.grpc_port) as h2:
        stream = h2.begin(call_fields())
        h2.data(stream, message(ONE))
        h2.read_to_end()
        assert stream not in h2.replies
    counters = receiver.stop()
    assert (counters["faults"], counters["traces"]["requests"]) == (2, 0)


@pytest.mark.parametrize("where", ["upload", "before", "answer"])
def test_resets(start: Start, where: str) -> None:
    receiver = start("--fault", f"reset={where}")
    raw, framed = request(BIG), message(BIG)
    with receiver.http() as wire:
        got = b""
        with pytest.raises(ConnectionError):
            # For `upload` the end of the body is never sent.
            wire.send(raw[:100_000] if where == "upload" else raw)
            while part := wire.socket.recv(65536):
                got += part
        assert len(got) > 0 if where == "answer" else got == b""
        assert b"\r\n\r\n" not in got
    with H2(receiver.grpc_port) as h2:
        stream = h2.begin(call_fields())
        with pytest.raises(ConnectionError):
            h2.data(stream, framed[:100_000], ends=False)
            if where != "upload":
                h2.data(stream, framed[100_000:])
            while True:
                h2.read_frame()
        assert stream not in h2.replies or not h2.replies[stream].ended
    counters = receiver.stop()
    assert counters["traces"]["requests"] == (2 if where == "answer" else 0)


def test_a_delayed_reset(start: Start) -> None:
    receiver = start("--fault", "reset=before,delay=200ms")
    with receiver.http() as wire:
        began = time.monotonic()
        wire.send(request())
        assert wire.is_reset()
        assert time.monotonic() - began >= 0.2


def test_slow_answers(start: Start) -> None:
    receiver = start("--fault", "slow-write=400")
    with receiver.http() as wire:
        began = time.monotonic()
        wire.send(request(ONE_JSON, content_type="application/json"))
        assert wire.answer().json() == {}
        assert time.monotonic() - began >= 0.15
    with H2(receiver.grpc_port) as h2:
        began = time.monotonic()
        assert h2.call(message(ONE)).status == "0"
        assert time.monotonic() - began >= 0.15


def test_slow_reading(start: Start) -> None:
    receiver = start("--fault", "slow-read=1000000")
    with receiver.http() as wire:
        began = time.monotonic()
        wire.send(request(BIG))
        assert wire.answer().status == 200
        assert time.monotonic() - began >= len(BIG) / 1_000_000 * 0.5
    with H2(receiver.grpc_port) as h2:
        assert h2.call(message(BIG)).status == "0"


def test_the_first_requests(start: Start) -> None:
    receiver = start("--fault", "first=3,status=503")
    assert statuses(receiver, 5) == [503, 503, 503, 200, 200]


def test_every_nth_request(start: Start) -> None:
    receiver = start("--fault", "every=3,status=500")
    assert statuses(receiver, 7) == [200, 200, 500, 200, 200, 500, 200]


def test_rules_are_asked_in_turn(start: Start) -> None:
    receiver = start(
        *("--fault", "first=2,every=2,status=429"),
        *("--fault", "signal=logs,status=500"),
        *("--fault", "signal=traces,signal=metrics,first=1,status=201"),
    )
    assert statuses(receiver, 4) == [201, 429, 200, 200]
    assert receiver.post(logs(1), path="/v1/logs").status == 500


def test_a_time(start: Start) -> None:
    receiver = start("--fault", "after=60s,status=500", "--fault", "for=60s,status=503")
    assert statuses(receiver, 2) == [503, 503]
    receiver = start("--fault", "for=1ms,status=503")
    time.sleep(0.002)
    assert statuses(receiver, 2) == [200, 200]


def test_a_probability(start: Start) -> None:
    rule = ("--fault", "probability=0.3,status=503")
    first = statuses(start(*rule, "--seed", "7"), 400)
    assert first == statuses(start(*rule, "--seed", "7"), 400)
    assert first != statuses(start(*rule, "--seed", "8"), 400)
    assert 80 < first.count(503) < 160
    assert statuses(start("--fault", "probability=1,status=503"), 3) == [503] * 3


def test_refusals_are_not_hit(start: Start) -> None:
    receiver = start("--fault", "status=503", "--bearer", "x")
    assert receiver.post().status == 401
    assert receiver.post(path="/no").status == 404
    assert receiver.post(authorization="Bearer x").status == 503
    assert receiver.post(authorization="Bearer x", content_type="text/plain").status == 415
    with H2(receiver.grpc_port) as h2:
        h2.send(frame(6, 0, 0, bytes(8)))
        assert h2.call(message(ONE), call_fields("/no")).status == "12"
    assert receiver.post(path="/stats", method="GET", body=b"").status == 401


@pytest.mark.parametrize(
    "rule",
    ["", "delay", "delay=", "delay=5", "delay=-1s", "delay=1h", "delay=nans", "status=199"]
    + ["status=600", "grpc=0", "grpc=17", "first=0", "every=x", "probability=1.5", "partial=-1"]
    + ["probability=0", "signal=spans", "reset=none", "reset=", "slow-read=0", "what=1"]
    + ["status=503,", ",status=503", "status=503,,first=1", "message=" + "x" * 128],
)
def test_rules_that_are_none(rule: str) -> None:
    command = [program(), "--fault", rule]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "--fault cannot be" in done.stderr
