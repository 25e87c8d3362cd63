"""Our gRPC client against @grpc/grpc-js as a server, which answers as each request asks it to."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import content
import specimens
from ours import Sent, send
from processes import Process, wait_for

JS = Path(__file__).resolve().parent / "js"
RETRYABLE = {1, 4, 10, 11, 14, 15}
UNTIDY_TEXT = "kůň 100 % a%zz\n"


class GrpcServer(Process):  # type: ignore[misc]
    def __init__(self, node: str, folder: Path) -> None:
        super().__init__([node, JS / "server.mjs"], folder / "server.log")
        self.port = int(self.line())
        self._requests: list[dict[str, Any]] = []

    def send(self, case: str, answers: list[dict[str, Any]], *options: str) -> Sent:
        """Sends to it, telling it how to answer each attempt."""
        return send(
            *("--protocol", "grpc", "--endpoint", f"http://127.0.0.1:{self.port}"),
            *("--case", case, "--header", f"interop-case={case}"),
            *("--header", f"interop-answers={json.dumps(answers)}"),
            *("--retry-first-ms", "10", *options),
        )

    def requests(self, case: str, count: int) -> list[dict[str, Any]]:
        """The requests of a case, of which there must be so many, as the server printed them."""
        wait_for(lambda: len(self._of(case)) >= count, 5)
        requests = self._of(case)
        assert len(requests) == count
        return requests

    def _of(self, case: str) -> list[dict[str, Any]]:
        self._requests += [json.loads(line) for line in self.lines_so_far()]
        return [request for request in self._requests if request["name"] == case]


@pytest.fixture(scope="module", name="server")
def start_server(node: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GrpcServer]:
    with GrpcServer(node, tmp_path_factory.mktemp("grpc")) as server:
        yield server


def received(requests: list[dict[str, Any]]) -> content.Content:
    result = content.Content()
    for request in requests:
        data = base64.b64decode(request["body"])
        signal = request["signal"]
        result.add(signal, content.request_from_protobuf(signal, data))
    return result


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_every_signal_arrives_whole(server: GrpcServer, compression: str) -> None:
    case = f"success {compression}"
    sent = server.send(case, [{}], "--compression", compression)
    assert sent.delivered(), sent
    requests = server.requests(case, 3)
    expected = specimens.expected(case, sent.ids)
    for signal in content.SIGNALS:
        assert sent.results[signal]["status"] == 0 and sent.results[signal]["attempts"] == 1
        assert sent.results[signal]["rejected"] == 0
        got = received(requests).items(case, signal)
        assert content.difference(expected.items(case, signal), got) == ""
    for request in requests:
        assert str(request["metadata"]["user-agent"]).startswith("OTel-OTLP-Exporter-C")
        assert request["deadline"] is not None, "no grpc-timeout was sent"


@pytest.mark.parametrize("rejected", [0, 3])
def test_partial_success_is_delivered_and_told(server: GrpcServer, rejected: int) -> None:
    case = f"partial {rejected}"
    answer = {"rejected": rejected, "message": "some were bad"}
    sent = server.send(case, [answer], "--signal", "logs")
    assert sent.delivered(), sent
    assert sent.results["logs"]["rejected"] == rejected
    assert sent.results["logs"]["message"] == "some were bad"
    assert len(server.requests(case, 1)) == 1


@pytest.mark.parametrize("headers_first", [False, True])
@pytest.mark.parametrize("code", range(1, 17))
def test_codes_are_retried_or_not(server: GrpcServer, code: int, headers_first: bool) -> None:
    case = f"code {code} {'headers' if headers_first else 'trailers'}"
    answer = {"code": code, "message": UNTIDY_TEXT, "headersFirst": headers_first}
    sent = server.send(case, [answer, {}], "--signal", "traces")
    result = sent.results["traces"]
    attempts = 2 if code in RETRYABLE else 1
    assert len(server.requests(case, attempts)) == result["attempts"] == attempts
    if code in RETRYABLE:
        assert (result["outcome"], result["status"]) == ("delivered", 0)
    else:
        assert (result["outcome"], result["status"]) == ("refused", code)
        assert UNTIDY_TEXT.strip() in result["message"]


@pytest.mark.parametrize("code", [8, 14])
def test_a_delay_that_the_server_asks_for_is_kept(server: GrpcServer, code: int) -> None:
    case = f"retry info {code}"
    answer = {"code": code, "message": "later", "retryMs": 300}
    sent = server.send(case, [answer, {}], "--signal", "traces")
    assert sent.results["traces"]["outcome"] == "delivered", sent
    first, second = server.requests(case, 2)
    assert second["ms"] - first["ms"] >= 300
    assert first["body"] == second["body"]


def test_exhaustion_with_a_delay_of_nothing_is_retried(server: GrpcServer) -> None:
    sent = server.send("zero", [{"code": 8, "retryMs": 0}, {}], "--signal", "traces")
    assert sent.results["traces"]["outcome"] == "delivered", sent
    assert len(server.requests("zero", 2)) == 2


def test_a_delay_does_not_make_a_bad_request_retryable(server: GrpcServer) -> None:
    sent = server.send("bad", [{"code": 3, "retryMs": 1}, {}], "--signal", "traces")
    assert sent.results["traces"]["outcome"] == "refused", sent
    assert len(server.requests("bad", 1)) == 1


def test_attempts_and_time_end(server: GrpcServer) -> None:
    options = ("--signal", "traces", "--attempts", "3")
    sent = server.send("ends", [{"code": 14}], *options)
    assert sent.results["traces"]["outcome"] == "unavailable", sent
    assert len(server.requests("ends", 3)) == sent.results["traces"]["attempts"] == 3
    answer = {"code": 14, "retryMs": 60000}
    sent = server.send("too late", [answer], "--signal", "traces", "--timeout-ms", "2000")
    assert sent.results["traces"]["outcome"] == "timed out", sent
    assert len(server.requests("too late", 1)) == 1


def test_a_response_above_4_mib_is_refused(server: GrpcServer) -> None:
    sent = server.send("large", [{"padding": 5 << 20}], "--signal", "traces")
    assert sent.results["traces"]["outcome"] == "refused", sent
    assert len(server.requests("large", 1)) == 1
    sent = server.send("less", [{"padding": 3 << 20}], "--signal", "traces")
    assert sent.delivered(), sent
    assert len(server.requests("less", 1)) == 1


def test_a_batch_of_265_kb_arrives_whole(server: GrpcServer) -> None:
    sent = server.send("batch", [{}], "--signal", "traces", "--spans", "700")
    assert sent.delivered() and sent.results["traces"]["bytes"] > 265_000, sent
    expected = specimens.expected("batch", sent.ids).items("batch", "traces")
    got = received(server.requests("batch", 1)).items("batch", "traces")
    assert content.difference(expected, got) == ""
