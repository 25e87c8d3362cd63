"""Every field of OTLP, from Python's protobuf library by curl to our receiver and to a Collector: all say the same."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import content
import filled
from bodies import ENCODINGS
from collector import Collector
from ours import Receiver, check_content


@pytest.fixture(scope="module", name="lines")
def start_receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with Receiver(tmp_path_factory.mktemp("lines")) as receiver:
        yield receiver


@pytest.fixture(scope="module", name="collector")
def start_collector(otelcol: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with Collector(otelcol, tmp_path_factory.mktemp("collector"), {"plain": {}}, {}) as collector:
        yield collector


def expected(signal: str, case: str) -> content.Content:
    result = content.Content()
    data = filled.request(signal, case).SerializeToString()
    result.add(signal, content.request_from_protobuf(signal, data))
    return result


def post(curl: str, url: str, signal: str, encoding: str, case: str) -> None:
    message = filled.request(signal, case)
    body = message.SerializeToString()
    if encoding == "json":
        body = json.dumps(filled.to_json(message)).encode()
    command = [curl, "--silent", "--max-time", "10", "--noproxy", "*", "--fail-with-body"]
    command += ["-H", f"Content-Type: {ENCODINGS[encoding]}", "--data-binary", "@-"]
    run = subprocess.run(
        [*command, f"{url}/v1/{signal}"], input=body, capture_output=True, timeout=30
    )
    assert run.returncode == 0, run


@pytest.mark.parametrize("signal", content.SIGNALS)
def test_requests_have_every_field(signal: str) -> None:
    message = filled.request(signal, "")
    assert filled.names_of(message) == filled.all_names(message.DESCRIPTOR)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("signal", content.SIGNALS)
def test_receiver_keeps_every_field(curl: str, lines: Receiver, signal: str, encoding: str) -> None:
    case = f"{signal} {encoding}"
    post(curl, lines.url("http/json"), signal, encoding, case)
    check_content(expected(signal, case), lines.content, case)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("signal", content.SIGNALS)
def test_collector_says_the_same(
    curl: str, collector: Collector, signal: str, encoding: str
) -> None:
    case = f"{signal} {encoding}"
    post(curl, collector.url("plain", "http/json"), signal, encoding, case)
    check_content(expected(signal, case), collector.content, case)
