"""HTTP/2 frame by frame: what a well-behaved library would not send can be sent."""

from __future__ import annotations

import base64
import ctypes
from collections.abc import Iterable
from dataclasses import dataclass, field

from receiver_program import Wire

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0,
    1,
    3,
    4,
    6,
    7,
    8,
    9,
)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
EXPORT = "/opentelemetry.proto.collector.{}.v1.{}Service/Export"
TRACES = EXPORT.format("trace", "Trace")

Fields = list[tuple[str, str]]


class _Field(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.POINTER(ctypes.c_uint8)),
        ("value", ctypes.POINTER(ctypes.c_uint8)),
        ("name_len", ctypes.c_size_t),
        ("value_len", ctypes.c_size_t),
        ("flags", ctypes.c_uint8),
    ]


class Inflater:
    """Header compression, by the library that the receiver uses."""

    def __init__(self) -> None:
        self.library = ctypes.CDLL("libnghttp2.so.14")
        self.library.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t
        self.library.nghttp2_hd_inflate_hd2.argtypes = [
            ctypes.c_void_p,
            ctypes.POINTER(_Field),
            ctypes.POINTER(ctypes.c_int),
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_int,
        ]
        self.state = ctypes.c_void_p()
        assert self.library.nghttp2_hd_inflate_new(ctypes.byref(self.state)) == 0

    def fields(self, block: bytes) -> Fields:
        out: Fields = []
        while True:
            one, flags = _Field(), ctypes.c_int()
            used = self.library.nghttp2_hd_inflate_hd2(
                self.state, ctypes.byref(one), ctypes.byref(flags), block, len(block), 1
            )
            assert used >= 0
            block = block[used:]
            if flags.value & 2:
                name = ctypes.string_at(one.name, one.name_len).decode()
                out.append((name, ctypes.string_at(one.value, one.value_len).decode()))
            if flags.value & 1 or (not block and not flags.value):
                self.library.nghttp2_hd_inflate_end_headers(self.state)
                return out


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


def block(fields: Iterable[tuple[str, str]]) -> bytes:
    """Literals without indexing."""
    out = b""
    for name, value in fields:
        for text in (name, value):
            raw = text.encode()
            out += b"\0" if text is name else b""
            if len(raw) < 127:
                out += bytes([len(raw)])
            else:
                rest, digits = len(raw) - 127, [127]
                while rest > 127:
                    digits.append(rest & 127 | 128)
                    rest >>= 7
                out += bytes([*digits, rest])
            out += raw
    return out


def call_fields(path: str = TRACES, **more: str | None) -> Fields:
    """The header of a gRPC call; names with _ for -, None to leave one out."""
    fields: dict[str, str] = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": "test",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    for name, value in more.items():
        name = name.replace("_", "-")
        if value is None:
            fields.pop(name)
        else:
            fields[name] = value
    return list(fields.items())


def message(data: bytes, flag: int = 0) -> bytes:
    return bytes([flag]) + len(data).to_bytes(4, "big") + data


@dataclass
class Reply:
    """What came on a stream."""

    header: dict[str, str] = field(default_factory=dict)
    data: bytes = b""
    trailer: dict[str, str] = field(default_factory=dict)
    reset: int | None = None
    ended: bool = False
    blocks: int = 0

    @property
    def status(self) -> str:
        return {**self.header, **self.trailer}.get("grpc-status", "none")

    @property
    def details(self) -> bytes:
        text = self.header["grpc-status-details-bin"]
        return base64.b64decode(text + "=" * (-len(text) % 4))


class H2:
    """A connection by HTTP/2, after both prefaces."""

    def __init__(self, port: int) -> None:
        self.wire = Wire(port)
        self.inflater = Inflater()
        self.replies: dict[int, Reply] = {}
        self.settings: dict[int, int] = {}
        self.window = 65535
        self.goaway: tuple[int, int] | None = None
        self.next_id = 1
        self.wire.send(PREFACE, frame(SETTINGS, 0, 0))
        while not self.settings:
            self.read_frame()

    def read_frame(self) -> int:
        head = self.wire.read_bytes(9)
        payload = self.wire.read_bytes(int.from_bytes(head[:3], "big"))
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
        reply = self.replies.setdefault(stream, Reply())
        if kind == HEADERS:
            target = reply.trailer if reply.blocks else reply.header
            reply.blocks += 1
            target.update(self.inflater.fields(payload))
        elif kind == DATA:
            reply.data += payload
        elif kind == RST_STREAM:
            reply.reset = int.from_bytes(payload, "big")
        elif kind == GOAWAY:
            self.goaway = (int.from_bytes(payload[:4], "big"), int.from_bytes(payload[4:8], "big"))
        elif kind == WINDOW_UPDATE and stream == 0:
            self.window += int.from_bytes(payload, "big")
        elif kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                number = int.from_bytes(payload[at : at + 2], "big")
                self.settings[number] = int.from_bytes(payload[at + 2 : at + 6], "big")
            self.wire.send(frame(SETTINGS, ACK, 0))
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            reply.ended = True
        return kind

    def begin(self, fields: Fields, ends: bool = False) -> int:
        stream, self.next_id = self.next_id, self.next_id + 2
        self.wire.send(
            frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), stream, block(fields))
        )
        return stream

    def data(self, stream: int, payload: bytes, ends: bool = True, size: int = 16384) -> None:
        pieces = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
        for number, piece in enumerate(pieces):
            last = ends and number == len(pieces) - 1
            self.wire.send(frame(DATA, END_STREAM if last else 0, stream, piece))

    def reply(self, stream: int) -> Reply:
        """Waits until the stream has ended."""
        while True:
            reply = self.replies.get(stream)
            if reply is not None and (reply.ended or reply.reset is not None):
                return reply
            self.read_frame()

    def call(self, body: bytes, fields: Fields | None = None, size: int = 16384) -> Reply:
        """A call with a body that is framed already."""
        stream = self.begin(fields or call_fields())
        self.data(stream, body, size=size)
        return self.reply(stream)

    def read_to_end(self) -> None:
        """Everything until the other side closes."""
        try:
            while True:
                self.read_frame()
        except (EOFError, ConnectionResetError):
            pass

    def send(self, *parts: bytes) -> None:
        self.wire.send(*parts)

    def __enter__(self) -> H2:
        return self

    def __exit__(self, *_: object) -> None:
        self.wire.close()
