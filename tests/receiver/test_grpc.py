"""OTLP by gRPC: messages, statuses, limits, and HTTP/2 that is not as it should be."""

from __future__ import annotations

import gzip
import random
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from h2_wire import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    EXPORT,
    GOAWAY,
    H2,
    HEADERS,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    TRACES,
    block,
    call_fields,
    frame,
    message,
)
from receiver_program import (
    BUILD,
    ONE,
    ONE_JSON,
    PROTOBUF,
    Receiver,
    Wire,
    logs,
    metrics,
    span,
    traces,
)

Start = Callable[..., Receiver]


def test_each_signal_is_counted(receiver: Receiver) -> None:
    with H2(receiver.grpc_port) as h2:
        for path, body in (
            (TRACES, traces(span(), span())),
            (EXPORT.format("metrics", "Metrics"), metrics(3)),
            (EXPORT.format("logs", "Logs"), logs(4)),
        ):
            reply = h2.call(message(body), call_fields(path))
            assert reply.header[":status"] == "200"
            assert reply.header["content-type"] == "application/grpc"
            assert reply.data == message(b"")
            assert reply.trailer == {"grpc-status": "0"}
    counters = receiver.stop()
    assert [counters[s]["items"] for s in ("traces", "metrics", "logs")] == [2, 3, 4]
    assert counters["grpc_requests"] == 3 and counters["te_missing"] == 0


def test_the_windows_are_wide(receiver: Receiver) -> None:
    with H2(receiver.grpc_port) as h2:
        while h2.window <= 65535:
            h2.read_frame()
        assert h2.window >= 1 << 24
        assert h2.settings[4] >= 1 << 24
        assert h2.settings[6] == 8192


def test_a_large_message_needs_no_window_update(receiver: Receiver) -> None:
    body = traces(*[span()] * 100_000)
    assert len(body) > 3_000_000
    with H2(receiver.grpc_port) as h2:
        assert h2.call(message(body)).status == "0"
    assert receiver.stop()["traces"]["items"] == 100_000


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_a_message_over_many_frames(receiver: Receiver, size: int) -> None:
    with H2(receiver.grpc_port) as h2:
        assert h2.call(message(ONE), size=size).status == "0"
        stream = h2.begin(call_fields())
        h2.data(stream, b"", ends=False)
        h2.data(stream, message(ONE), ends=False, size=size)
        h2.data(stream, b"")
        assert h2.reply(stream).status == "0"


def test_streams_at_once(receiver: Receiver) -> None:
    with H2(receiver.grpc_port) as h2:
        streams = [h2.begin(call_fields()) for _ in range(50)]
        for part in (message(ONE)[:3], message(ONE)[3:20], message(ONE)[20:]):
            for stream in streams:
                h2.data(stream, part, ends=False)
        for stream in reversed(streams):
            h2.data(stream, b"")
        assert {h2.reply(stream).status for stream in streams} == {"0"}
    assert receiver.stop()["traces"]["items"] == 50


WRONG_BODIES = {
    "no message": (b"", "12"),
    "part of a prefix": (b"\0\0\0", "13"),
    "part of a message": (message(ONE)[:-1], "13"),
    "two messages": (message(ONE) + message(ONE), "12"),
    "a flag that is none": (message(ONE, 2), "13"),
    "compressed without an encoding": (message(gzip.compress(ONE), 1), "13"),
    "no protobuf": (message(b"\x0a\x05a"), "3"),
    "more than is permitted": (b"\0\x7f\xff\xff\xff", "8"),
}


@pytest.mark.parametrize("name", WRONG_BODIES)
def test_wrong_bodies(receiver: Receiver, name: str) -> None:
    body, status = WRONG_BODIES[name]
    with H2(receiver.grpc_port) as h2:
        reply = h2.call(body)
        assert reply.status == status
        assert reply.blocks == 1 and reply.data == b""  # Trailers-Only
        assert reply.header[":status"] == "200"
        assert reply.header["grpc-message"]
        assert reply.details[:2] == bytes([8, int(status)])
        assert h2.call(message(ONE)).status == "0"
    counters = receiver.stop()
    assert (counters["refused"], counters["traces"]["requests"]) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"path": "/no.such.Service/Export"}, "12"),
        ({"path": TRACES.lower()}, "12"),
        ({"path": TRACES + "?a=b"}, "12"),
        ({"content_type": "application/grpc+proto"}, "0"),
        ({"te": None}, "0"),
        ({"grpc_timeout": "10S"}, "0"),
        ({"grpc_timeout": "123456789S"}, "13"),
        ({"grpc_timeout": "10x"}, "13"),
        ({"grpc_encoding": "snappy"}, "12"),
        ({"grpc_encoding": "identity"}, "0"),
        ({"grpc_encoding": "gzip"}, "0"),
        ({"user_agent": "OTel-OTLP-Exporter-C/1", "x_bin": "AAA"}, "0"),
    ],
)
def test_headers_are_judged(receiver: Receiver, fields: dict[str, str | None], status: str) -> None:
    with H2(receiver.grpc_port) as h2:
        reply = h2.call(message(ONE), call_fields(**fields))
        assert reply.status == status
        if fields.get("grpc_encoding") == "snappy":
            assert "gzip" in reply.header["grpc-accept-encoding"]
        assert h2.call(message(ONE)).status == "0"
    assert receiver.stop()["te_missing"] == (1 if "te" in fields else 0)


@pytest.mark.parametrize("content_type", ["application/json", "application/grpc+json", PROTOBUF])
def test_other_media_types(receiver: Receiver, content_type: str) -> None:
    with H2(receiver.grpc_port) as h2:
        reply = h2.call(message(ONE), call_fields(content_type=content_type))
        assert (reply.header[":status"], reply.status) == ("415", "none")


def test_other_methods(receiver: Receiver) -> None:
    fields = [(n, "GET" if n == ":method" else v) for n, v in call_fields()]
    with H2(receiver.grpc_port) as h2:
        reply = h2.call(message(ONE), fields)
        assert (reply.header[":status"], reply.header["allow"]) == ("405", "POST")


def test_http1_on_the_port_of_grpc(receiver: Receiver) -> None:
    with Wire(receiver.grpc_port) as wire:
        wire.send("POST /v1/traces HTTP/1.1\r\nhost: x\r\n\r\n")
        assert wire.answer().status == 415


@pytest.mark.parametrize("tool", ["gzip", "zstd"])
def test_compressed_messages(receiver: Receiver, tool: str) -> None:
    body = subprocess.run([tool, "-c"], input=ONE, capture_output=True, check=True).stdout
    with H2(receiver.grpc_port) as h2:
        assert h2.call(message(body, 1), call_fields(grpc_encoding=tool)).status == "0"
        assert h2.call(message(body[:-4], 1), call_fields(grpc_encoding=tool)).status == "3"
    assert receiver.stop()["traces"]["bytes"] == len(ONE)


def test_sizes_have_limits(start: Start) -> None:
    receiver = start("--body-limit", "1000", "--decompressed-limit", "2000")
    with H2(receiver.grpc_port) as h2:
        assert h2.call(message(bytes(1001))).status == "8"
        assert b"RetryInfo" not in h2.replies[1].details
        bomb = gzip.compress(bytes(100_000))
        assert h2.call(message(bomb, 1), call_fields(grpc_encoding="gzip")).status == "8"
        # It answers without waiting for the end, and the rest is not wanted.
        stream = h2.begin(call_fields())
        h2.data(stream, message(bytes(5000))[:9], ends=False)
        assert h2.reply(stream).status == "8"
        while h2.replies[stream].reset is None:
            h2.read_frame()
        assert h2.replies[stream].reset == 0
        assert h2.call(message(ONE)).status == "0"
    assert receiver.stop()["too_large"] == 3


def test_buffered_bytes_have_a_limit(start: Start) -> None:
    receiver = start("--buffer-limit", "300000")
    with H2(receiver.grpc_port) as h2:
        first = h2.begin(call_fields())
        h2.data(first, message(bytes(200_000))[:-1], ends=False)
        receiver.wait_for(lambda now: now["buffered_bytes"] >= 199_000)
        reply = h2.call(message(bytes(200_000)))
        assert reply.status == "14"
        assert b"google.rpc.RetryInfo" in reply.details
    assert receiver.stop()["buffered_bytes_peak"] <= 300_000


@pytest.mark.parametrize("is_split", [False, True])
def test_the_header_has_a_limit(receiver: Receiver, is_split: bool) -> None:
    fields = [*call_fields(), *((f"x-{n}", "y" * 500) for n in range(40))]
    with H2(receiver.grpc_port) as h2:
        if is_split:
            parts = block(fields)
            h2.send(frame(HEADERS, END_STREAM, 1, parts[:9000]))
            h2.send(frame(CONTINUATION, END_HEADERS, 1, parts[9000:]))
            h2.next_id = 3
            reply = h2.reply(1)
        else:
            reply = h2.call(message(ONE), [*fields[:6], ("x", "y" * 9000)])
        assert reply.status == "8"
        assert h2.call(message(ONE)).status == "0"
    assert receiver.stop()["too_large"] == 1


def test_a_field_that_may_come_once(receiver: Receiver) -> None:
    with H2(receiver.grpc_port) as h2:
        twice = [*call_fields(), ("content-type", "application/grpc")]
        assert h2.call(message(ONE), twice).status == "13"


def test_a_bearer_token(start: Start) -> None:
    receiver = start("--bearer", "s3cret")
    with H2(receiver.grpc_port) as h2:
        assert h2.call(message(ONE)).status == "16"
        for wrong in ("Bearer s3cre", "Bearer s3cret1", "Basic s3cret", "Bearer", "s3cret"):
            assert h2.call(message(ONE), call_fields(authorization=wrong)).status == "16"
        assert h2.call(message(ONE), call_fields(authorization="bearer s3cret")).status == "0"
    assert receiver.post().status == 401
    assert receiver.post().fields["www-authenticate"] == "Bearer"
    assert receiver.post(authorization="Bearer s3cret").status == 200


def test_partial_success(receiver: Receiver) -> None:
    with H2(receiver.grpc_port) as h2:
        reply = h2.call(message(traces(span(), span(trace_id=bytes(16)))))
        assert reply.status == "0"
        assert reply.data[5] == 0x0A and reply.data[7:9] == b"\x08\x01"
        assert int.from_bytes(reply.data[1:5], "big") == len(reply.data) - 5


def test_otlp_by_http2(receiver: Receiver) -> None:
    fields = call_fields("/v1/traces", content_type="application/json", te=None)
    with H2(receiver.http_port) as h2:
        reply = h2.call(ONE_JSON, fields)
        assert (reply.header[":status"], reply.data) == ("200", b"{}")
        reply = h2.call(ONE_JSON, call_fields("/v1/nothing", content_type="application/json"))
        assert (reply.header[":status"], b'"code":12' in reply.data) == ("404", True)
        head = [(n, "HEAD" if n == ":method" else v) for n, v in fields]
        stream = h2.begin(head, ends=True)
        assert (h2.reply(stream).header[":status"], h2.reply(stream).data) == ("405", b"")
        assert h2.call(message(ONE)).status == "0"
    assert receiver.stop()["traces"]["items"] == 2


def test_streams_that_are_given_up(receiver: Receiver) -> None:
    with H2(receiver.grpc_port) as h2:
        for _ in range(20):
            stream = h2.begin(call_fields())
            h2.data(stream, message(ONE)[:20], ends=False)
            h2.send(frame(RST_STREAM, 0, stream, (8).to_bytes(4, "big")))
        assert h2.call(message(ONE)).status == "0"
        assert receiver.stats()["buffered_bytes"] == 0
    assert receiver.stop()["traces"]["requests"] == 1


HOSTILE = {
    "DATA on stream 0": frame(DATA, 0, 0, b"abc"),
    "DATA on an idle stream": frame(DATA, 0, 5, b"abc"),
    "HEADERS on an even stream": frame(HEADERS, END_HEADERS, 2, block(call_fields())),
    "CONTINUATION alone": frame(CONTINUATION, END_HEADERS, 1, b""),
    "no CONTINUATION": frame(HEADERS, 0, 1, b"") + frame(DATA, 0, 1, b""),
    "a frame that is too large": b"\xff\xff\xff\0\0\0\0\0\x01",
    "SETTINGS of a wrong length": frame(SETTINGS, 0, 0, b"abc"),
    "a window of nothing": frame(8, 0, 0, bytes(4)),
    "header compression that is none": frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_frames_end_the_connection(receiver: Receiver, name: str) -> None:
    with H2(receiver.grpc_port) as h2:
        h2.send(HOSTILE[name])
        h2.read_to_end()
        assert h2.goaway is not None and h2.goaway[1] != 0
    assert receiver.stop()["protocol_errors"] == 1


def test_hostile_headers_end_the_stream(receiver: Receiver) -> None:
    good = call_fields()
    with H2(receiver.grpc_port) as h2:
        for bad in (
            good[1:],
            [*good, (":path", "/late")],
            [*good, ("Upper", "x")],
            [*good, ("connection", "close")],
            [*good, ("x", "a\r\nb")],
            [*good, ("te", "gzip")],
        ):
            stream = h2.begin(bad, ends=True)
            assert h2.reply(stream).reset == 1
        assert h2.call(message(ONE)).status == "0"


def test_every_cut_of_a_call(receiver: Receiver) -> None:
    raw = PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, block(call_fields()))
    raw += frame(DATA, END_STREAM, 1, message(ONE))
    for end in range(0, len(raw), 3):
        with Wire(receiver.grpc_port) as wire:
            wire.send(raw[:end])
            wire.socket.shutdown(socket.SHUT_WR)
            while wire.socket.recv(65536):
                pass
    counters = receiver.wait_for(lambda now: now["connections_open"] == 1)
    assert counters["traces"]["requests"] == 0


def test_random_damage(receiver: Receiver) -> None:
    draw = random.Random(11)
    good = frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, block(call_fields()))
    good += frame(DATA, END_STREAM, 1, message(ONE))
    for _ in range(300):
        bad = bytearray(good)
        for _ in range(draw.randint(1, 6)):
            bad[draw.randrange(len(bad))] = draw.randrange(256)
        with Wire(receiver.grpc_port) as wire:
            wire.send(PREFACE, bytes(bad))
            wire.socket.shutdown(socket.SHUT_WR)
            try:
                while wire.socket.recv(65536):
                    pass
            except ConnectionResetError:
                pass
    with H2(receiver.grpc_port) as h2:
        assert h2.call(message(ONE)).status == "0"
    receiver.wait_for(lambda now: now["connections_open"] == 1)


def test_goaway_when_it_is_stopped(start: Start) -> None:
    receiver = start("--fault", "delay=300ms")
    with H2(receiver.grpc_port) as h2, H2(receiver.grpc_port) as idle:
        stream = h2.begin(call_fields())
        h2.data(stream, message(ONE))
        receiver.wait_for(lambda now: now["grpc_requests"] == 1)
        receiver.process.terminate()
        while h2.goaway is None:
            h2.read_frame()
        assert h2.goaway == (stream, 0)
        assert h2.reply(stream).status == "0"
        h2.read_to_end()
        idle.read_to_end()
        assert idle.goaway == (0, 0)
    assert receiver.process.wait(timeout=20) == 0


def test_a_slow_stream_is_given_up(start: Start) -> None:
    receiver = start("--idle-timeout", "0.6")
    with H2(receiver.grpc_port) as h2:
        stream = h2.begin(call_fields())
        h2.data(stream, message(ONE)[:9], ends=False)
        h2.read_to_end()
        assert h2.goaway is not None
        assert h2.replies[stream].reset is not None
    assert receiver.stop()["timeouts"] == 1


def test_a_preface_that_does_not_come(start: Start) -> None:
    receiver = start("--header-timeout", "0.5")
    with Wire(receiver.grpc_port) as wire:
        wire.send(PREFACE[:10])
        assert wire.is_closed()
    with Wire(receiver.grpc_port) as wire:
        wire.send(PREFACE, frame(SETTINGS, 0, 0), frame(HEADERS, 0, 1, block(call_fields())))
        while wire.socket.recv(65536):
            pass
    assert receiver.stop()["timeouts"] == 2


def test_connections_have_a_limit(start: Start) -> None:
    receiver = start("--connections", "1")
    with H2(receiver.grpc_port) as h2:
        assert h2.call(message(ONE)).status == "0"
        with Wire(receiver.grpc_port) as refused:
            head = refused.read_bytes(9)
            assert head[3] == SETTINGS
            assert refused.read_bytes(9)[3] == GOAWAY
            assert refused.read_bytes(8) == (0).to_bytes(4, "big") + (11).to_bytes(4, "big")
            assert refused.is_closed()
        assert h2.call(message(ONE)).status == "0"


def test_h2load_speaks_to_it(receiver: Receiver, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(message(traces(*[span()] * 500)))
    url = f"http://127.0.0.1:{receiver.grpc_port}{TRACES}"
    command = ["h2load", "-n", "400", "-c", "4", "-m", "10", "-d", str(body)]
    command += ["-H", "content-type: application/grpc", "-H", "te: trailers", url]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "400 succeeded, 0 failed" in run.stdout
    assert receiver.stop()["traces"]["items"] == 400 * 500


def test_large_batches_take_little_memory(receiver: Receiver, tmp_path: Path) -> None:
    batch = tmp_path / "batch"
    for port, path, content_type, body in (
        (receiver.http_port, "/v1/traces", PROTOBUF, traces(*[span()] * 7000)),
        (receiver.grpc_port, TRACES, "application/grpc", message(traces(*[span()] * 7000))),
    ):
        assert len(body) > 250_000
        batch.write_bytes(body)
        command = ["h2load", "-n", "500", "-c", "8", "-m", "4", "-d", str(batch)]
        command += ["-H", f"content-type: {content_type}", f"http://127.0.0.1:{port}{path}"]
        command += ["--h1"] if port == receiver.http_port else []
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert "500 succeeded" in run.stdout
    status = Path(f"/proc/{receiver.process.pid}/status").read_text()
    peak_kib = int(status.split("VmHWM:")[1].split()[0])
    if "san" not in BUILD.name:  # a sanitizer takes memory of its own
        assert peak_kib < 64 * 1024
    assert receiver.stop()["traces"]["items"] == 1000 * 7000


def test_requests_are_answered_while_others_wait(start: Start) -> None:
    receiver = start("--fault", "first=1,stall=60s", "--drain", "0")
    with H2(receiver.grpc_port) as h2:
        stalled = h2.begin(call_fields())
        h2.data(stalled, message(ONE))
        assert h2.call(message(ONE)).status == "0"
        assert stalled not in h2.replies
    assert receiver.stop()["traces"]["requests"] == 1
