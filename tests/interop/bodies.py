"""Requests as bytes, for programs that send what they are given: encoded by our client, compressed by others."""

from __future__ import annotations

import ctypes
import ctypes.util
import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import content
import specimens
from ours import send

ENCODINGS = {"pb": "application/x-protobuf", "json": "application/json"}
CODINGS = ("identity", "gzip", "zstd", "br")
GRPC_PATHS = {
    signal: f"/opentelemetry.proto.collector.{package}.v1.{package.capitalize()}Service/Export"
    for signal, package in (("traces", "trace"), ("metrics", "metrics"), ("logs", "logs"))
}


def _library(name: str) -> ctypes.CDLL:
    path = ctypes.util.find_library(name)
    assert path is not None, f"there is no library {name}"
    return ctypes.CDLL(path)


def zstd(data: bytes) -> bytes:
    library = _library("zstd")
    library.ZSTD_compress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(len(data) + len(data) // 128 + 1024)
    size = library.ZSTD_compress(
        out, ctypes.c_size_t(len(out)), data, ctypes.c_size_t(len(data)), ctypes.c_int(3)
    )
    assert size <= len(out), "ZSTD_compress failed"
    return out.raw[:size]


def brotli(data: bytes) -> bytes:
    library = _library("brotlienc")
    out = ctypes.create_string_buffer(2 * len(data) + 1024)
    size = ctypes.c_size_t(len(out))
    is_good = library.BrotliEncoderCompress(
        *(ctypes.c_int(5), ctypes.c_int(22), ctypes.c_int(0), ctypes.c_size_t(len(data))),
        *(data, ctypes.byref(size), out),
    )
    assert is_good, "BrotliEncoderCompress failed"
    return out.raw[: size.value]


def coded(data: bytes, coding: str) -> bytes:
    functions: dict[str, Callable[[bytes], bytes]] = {
        "identity": bytes,
        "gzip": gzip.compress,
        "zstd": zstd,
        "br": brotli,
    }
    return functions[coding](data)


def grpc_message(data: bytes, coding: str = "identity") -> bytes:
    """A message of gRPC: a flag, a length, and the request."""
    message = coded(data, coding)
    return struct.pack(">BI", coding != "identity", len(message)) + message


class Requests:
    """One request of each signal in a folder, as files of protobuf and JSON."""

    def __init__(self, folder: Path, case: str, *options: str) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.case = case
        sent = send("--dump", folder, "--case", case, *options)
        assert sent.status == 0, sent
        self.expected: content.Content = specimens.expected(case, sent.ids)

    def only(self, signal: str) -> content.Content:
        """What is expected when one of the signals is sent alone."""
        result = content.Content()
        result.take(self.case, signal, self.expected.items(self.case, signal))
        return result

    def data(self, signal: str, encoding: str = "pb") -> bytes:
        return (self.folder / f"{signal}.{encoding}").read_bytes()

    def file(self, signal: str, encoding: str, coding: str) -> Path:
        path = self.folder / f"{signal}.{encoding}.{coding}"
        path.write_bytes(coded(self.data(signal, encoding), coding))
        return path

    def grpc_file(self, signal: str, coding: str = "identity") -> Path:
        path = self.folder / f"{signal}.grpc.{coding}"
        path.write_bytes(grpc_message(self.data(signal), coding))
        return path
