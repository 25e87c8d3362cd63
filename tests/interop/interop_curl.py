"""curl sends to our receiver: HTTP/1.1 and HTTP/2, every coding, chunked, and what is to be refused."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import content
from bodies import CODINGS, ENCODINGS, Requests
from certificates import Certificates
from ours import Receiver, check_content

MakeRequests = Callable[..., Requests]
LIMIT = 200_000


@pytest.fixture(scope="module", name="receiver")
def start_receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with Receiver(tmp_path_factory.mktemp("receiver"), "--body-limit", str(LIMIT)) as receiver:
        yield receiver


@pytest.fixture(name="requests_of")
def make_requests(tmp_path: Path) -> MakeRequests:
    numbers = itertools.count()

    def make(case: str, *options: str) -> Requests:
        return Requests(tmp_path / str(next(numbers)), case, *options)

    return make


@dataclass
class Answer:
    status: int
    type: str
    body: bytes
    version: str
    trace: str


def curl_once(curl: str, *options: str | Path) -> Answer:
    """One request; the answer with what curl tells about it."""
    told = '\n{"status": %{http_code}, "type": "%{content_type}", "version": "%{http_version}"}'
    command = [curl, "--silent", "--verbose", "--max-time", "10", "--noproxy", "*", "-w", told]
    run = subprocess.run([*command, *options], capture_output=True, timeout=30)
    trace = run.stderr.decode(errors="replace")
    assert run.returncode == 0, trace
    body, _, last = run.stdout.rpartition(b"\n")
    answer = json.loads(last)
    return Answer(answer["status"], answer["type"], body, answer["version"], trace)


def post(
    curl: str, receiver: Receiver, signal: str, encoding: str, body: str | Path, *options: str
) -> Answer:
    source = f"@{body}" if isinstance(body, Path) else body
    return curl_once(
        *(curl, "-H", f"Content-Type: {ENCODINGS[encoding]}", "--data-binary", source),
        *(*options, f"http://127.0.0.1:{receiver.http_port}/v1/{signal}"),
    )


def check_success(answer: Answer, encoding: str) -> None:
    assert answer.status == 200, answer
    assert answer.type == ENCODINGS[encoding]
    assert json.loads(answer.body) == {} if encoding == "json" else answer.body == b""


def test_what_our_client_encodes_is_what_it_recorded(requests_of: MakeRequests) -> None:
    """Nothing is sent here. Both encodings, strictly; the other tests send these bytes."""
    requests = requests_of("encodings")
    for signal in content.SIGNALS:
        encodings = (
            content.request_from_protobuf(signal, requests.data(signal)),
            content.request_from_json(
                signal, content.loads(requests.data(signal, "json").decode())
            ),
        )
        for request in encodings:
            read = content.Content()
            read.add(signal, request)
            got = read.items(requests.case, signal)
            assert content.difference(requests.expected.items(requests.case, signal), got) == ""


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_bodies_of_every_encoding_and_coding(
    curl: str,
    receiver: Receiver,
    requests_of: MakeRequests,
    encoding: str,
    coding: str,
    version: str,
) -> None:
    requests = requests_of(f"curl {encoding} {coding} {version}")
    options = [version] if coding == "identity" else [version, "-H", f"Content-Encoding: {coding}"]
    for signal in content.SIGNALS:
        body = requests.file(signal, encoding, coding)
        answer = post(curl, receiver, signal, encoding, body, *options)
        check_success(answer, encoding)
        assert answer.version == ("1.1" if version == "--http1.1" else "2")
    check_content(requests.expected, receiver.content, requests.case)


def test_chunked_body(curl: str, receiver: Receiver, requests_of: MakeRequests) -> None:
    requests = requests_of("curl chunked", "--spans", "100")
    body = requests.file("traces", "pb", "identity")
    answer = post(curl, receiver, "traces", "pb", body, "-H", "Transfer-Encoding: chunked")
    check_success(answer, "pb")
    assert "Content-Length" not in answer.trace.split("< HTTP")[0]
    check_content(requests.only("traces"), receiver.content, requests.case)


def test_expectation_of_100_continue(
    curl: str, receiver: Receiver, requests_of: MakeRequests
) -> None:
    requests = requests_of("curl expect", "--spans", "100")
    body = requests.file("traces", "json", "identity")
    options = ("-H", "Expect: 100-continue", "--expect100-timeout", "8", "--http1.1")
    answer = post(curl, receiver, "traces", "json", body, *options)
    check_success(answer, "json")
    assert "< HTTP/1.1 100 Continue" in answer.trace
    check_content(requests.only("traces"), receiver.content, requests.case)


def test_what_is_too_large_is_refused_before_it_is_sent(
    curl: str, receiver: Receiver, requests_of: MakeRequests
) -> None:
    requests = requests_of("curl large", "--padding", str(LIMIT))
    body = requests.file("traces", "pb", "identity")
    options = ("-H", "Expect: 100-continue", "--expect100-timeout", "8", "--http1.1")
    answer = post(curl, receiver, "traces", "pb", body, *options)
    assert answer.status == 413
    assert "100 Continue" not in answer.trace
    assert receiver.content().count(requests.case) == 0


def test_a_connection_is_kept(curl: str, receiver: Receiver, requests_of: MakeRequests) -> None:
    requests = requests_of("curl kept")
    body = requests.file("logs", "pb", "identity")
    url = f"http://127.0.0.1:{receiver.http_port}/v1/logs"
    command = [curl, "--silent", "--max-time", "10", "--noproxy", "*", "-w", "%{num_connects}\n"]
    command += ["-H", f"Content-Type: {ENCODINGS['pb']}", "--data-binary", f"@{body}", url, url]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert run.stdout.split() == ["1", "0"], run
    check_content(requests.only("logs"), receiver.content, requests.case, times=2)


def test_an_empty_request_is_a_success(curl: str, receiver: Receiver) -> None:
    check_success(post(curl, receiver, "traces", "pb", ""), "pb")
    check_success(post(curl, receiver, "traces", "json", "{}"), "json")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd", "br"])
def test_what_cannot_be_decoded_is_400(
    curl: str, receiver: Receiver, coding: str, encoding: str
) -> None:
    options = ("-H", f"Content-Encoding: {coding}")
    answer = post(curl, receiver, "traces", encoding, "this is nothing", *options)
    assert answer.status == 400
    assert answer.type == ENCODINGS[encoding]
    assert len(answer.body) > 0


def test_methods_paths_types_and_codings_that_are_none(
    curl: str, receiver: Receiver, requests_of: MakeRequests
) -> None:
    body = requests_of("curl refused").file("traces", "pb", "identity")
    base = f"http://127.0.0.1:{receiver.http_port}"
    data = ("--data-binary", f"@{body}")
    assert curl_once(curl, f"{base}/v1/traces").status == 405
    assert curl_once(curl, *data, f"{base}/v1/nothing").status == 404
    assert (
        curl_once(curl, *data, "-H", "Content-Type: text/plain", f"{base}/v1/traces").status == 415
    )
    answer = post(curl, receiver, "traces", "pb", body, "-H", "Content-Encoding: compress")
    assert answer.status in (400, 415)
    assert receiver.content().count("curl refused") == 0
    parameters = ("-H", "Content-Type: application/json; charset=utf-8", "--data-binary", "{}")
    assert curl_once(curl, *parameters, f"{base}/v1/logs").status == 200


@pytest.fixture(scope="module", name="certificates")
def make_certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls") / "certificates")


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_mutual_tls(
    curl: str,
    certificates: Certificates,
    requests_of: MakeRequests,
    tmp_path: Path,
    version: str,
) -> None:
    requests = requests_of(f"curl mtls {version}")
    body = requests.file("traces", "json", "gzip")
    with Receiver(tmp_path / "receiver", *certificates.server_options()) as receiver:
        options: list[str | Path] = [version, "--cacert", certificates.certificate("ca")]
        options += ["-H", "Content-Type: application/json", "-H", "Content-Encoding: gzip"]
        options += ["--data-binary", f"@{body}", receiver.url("http/json", "https") + "/v1/traces"]
        client = ("--cert", certificates.certificate("client"), "--key", certificates.key("client"))
        answer = curl_once(curl, *client, *options)
        check_success(answer, "json")
        assert answer.version == ("1.1" if version == "--http1.1" else "2")
        command = [curl, "--silent", "--max-time", "10", "--noproxy", "*", *options]
        assert subprocess.run(command, capture_output=True, timeout=30).returncode != 0
        check_content(requests.only("traces"), receiver.content, requests.case)
        counters = receiver.end()
        assert counters["traces"]["requests"] == 1 and counters["tls_failures"] == 1


def test_bearer_token(curl: str, requests_of: MakeRequests, tmp_path: Path) -> None:
    requests = requests_of("curl bearer")
    body = requests.file("logs", "pb", "identity")
    with Receiver(tmp_path / "receiver", "--bearer", "a-token") as receiver:
        for option in ((), ("-H", "Authorization: Bearer not-a-token")):
            assert post(curl, receiver, "logs", "pb", body, *option).status == 401
        good = ("-H", "Authorization: Bearer a-token")
        check_success(post(curl, receiver, "logs", "pb", body, *good), "pb")
        check_content(requests.only("logs"), receiver.content, requests.case)
        assert receiver.end()["unauthenticated"] == 2
