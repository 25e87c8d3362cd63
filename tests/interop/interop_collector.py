"""Our client sends to a real Collector, which writes a file and sends on to our receivers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import content
import specimens
from certificates import Certificates
from collector import Collector, exporter_of
from ours import COMPRESSIONS, PROTOCOLS, Receiver, Sent, check_content, send

CASES = [(protocol, compression) for protocol in PROTOCOLS for compression in COMPRESSIONS]
TOKEN = "a-token-of-the-tests"
ANOTHER = "not-" + TOKEN


class Network:
    """The Collector, with a receiver of ours for each of its exporters."""

    def __init__(self, program: Path, folder: Path, stack: ExitStack) -> None:
        self.certificates = Certificates(folder / "certificates")
        self.receivers: dict[str, Receiver] = {}
        self.sent: dict[str, Sent] = {}
        exporters: dict[str, Any] = {}

        def add(
            name: str, protocol: str, compression: str, *options: str | Path, **more: Any
        ) -> None:
            # Receivers that get JSON write JSON lines; the others the protobuf that they get.
            receiver = Receiver(
                folder / name.replace("/", "-").replace(" ", "-"),
                *options,
                is_raw=protocol != "http/json",
            )
            self.receivers[name] = stack.enter_context(receiver)
            kind, settings = exporter_of(receiver, protocol, compression, **more)
            exporters[f"{kind}/{len(exporters)}"] = settings

        for protocol, compression in CASES:
            add(f"{protocol} {compression}", protocol, compression)
        for protocol in PROTOCOLS:
            add(
                *(f"{protocol} mtls", protocol, "none", *self.certificates.server_options()),
                tls=self.certificates.collector_client(),
            )
            add(
                *(f"{protocol} bearer", protocol, "none", "--bearer", TOKEN),
                *self.certificates.server_options(is_mutual=False),
                tls={
                    "ca_file": str(self.certificates.certificate("ca"))
                },  # Go's gRPC wants TLS for it
                auth={"authenticator": "bearertokenauth"},
            )
        self.collector = stack.enter_context(
            Collector(
                program,
                folder / "collector",
                {
                    "plain": {},
                    "mtls": {"tls": self.certificates.collector_server()},
                    "bearer": {"auth": {"authenticator": "bearertokenauth"}},
                },
                exporters,
                {"bearertokenauth": {"token": TOKEN}},
            )
        )

    def send(self, case: str, receiver: str, protocol: str, *options: str | Path) -> Sent:
        """Sends a case, once."""
        if case not in self.sent:
            scheme = "https" if receiver == "mtls" else "http"
            url = self.collector.url(receiver, protocol, scheme)
            self.sent[case] = send(
                "--protocol", protocol, "--endpoint", url, "--case", case, *options
            )
        return self.sent[case]

    def send_plain(self, protocol: str, compression: str) -> Sent:
        case = f"{protocol} {compression}"
        return self.send(case, "plain", protocol, "--compression", compression)


@pytest.fixture(scope="module", name="network")
def start_network(otelcol: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with ExitStack() as stack:
        yield Network(otelcol, tmp_path_factory.mktemp("network"), stack)


def check_delivered(sent: Sent) -> None:
    assert sent.delivered(), sent
    for result in sent.results.values():
        assert result["attempts"] == 1 and result["rejected"] == 0, result


@pytest.mark.parametrize(("protocol", "compression"), CASES)
def test_collector_writes_what_our_client_sent(
    network: Network, protocol: str, compression: str
) -> None:
    case = f"{protocol} {compression}"
    sent = network.send_plain(protocol, compression)
    check_delivered(sent)
    check_content(specimens.expected(case, sent.ids), network.collector.content, case)


@pytest.mark.parametrize("to", [f"{protocol} {compression}" for protocol, compression in CASES])
def test_receiver_gets_from_the_collector_what_our_client_sent(network: Network, to: str) -> None:
    for protocol, compression in CASES:
        case = f"{protocol} {compression}"
        sent = network.send_plain(protocol, compression)
        check_content(specimens.expected(case, sent.ids), network.receivers[to].content, case)


@pytest.mark.parametrize("security", ["mtls", "bearer"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_receiver_of_certificates_or_tokens_gets_from_the_collector(
    network: Network, protocol: str, security: str
) -> None:
    case = "grpc none"
    sent = network.send_plain("grpc", "none")
    receiver = network.receivers[f"{protocol} {security}"]
    check_content(specimens.expected(case, sent.ids), receiver.content, case)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_mutual_tls_with_the_collector(network: Network, protocol: str) -> None:
    case = f"{protocol} mtls"
    sent = network.send(case, "mtls", protocol, *network.certificates.client_options())
    check_delivered(sent)
    check_content(specimens.expected(case, sent.ids), network.collector.content, case)


@pytest.mark.parametrize("wrong", ["no certificate", "another authority", "unknown server"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_mutual_tls_that_does_not_hold(network: Network, protocol: str, wrong: str) -> None:
    case = f"{protocol} mtls {wrong}"
    options = network.certificates.wrong_client_options()[wrong]
    sent = network.send(
        case, "mtls", protocol, *options, "--signal", "logs", "--timeout-ms", "2000"
    )
    assert sent.results["logs"]["outcome"] != "delivered"
    assert sent.results["logs"]["status"] == -1
    assert network.collector.content().count(case) == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_bearer_token_with_the_collector(network: Network, protocol: str) -> None:
    case = f"{protocol} bearer"
    sent = network.send(case, "bearer", protocol, "--bearer", TOKEN)
    check_delivered(sent)
    check_content(specimens.expected(case, sent.ids), network.collector.content, case)


@pytest.mark.parametrize("options", [(), ("--bearer", ANOTHER)])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_bearer_token_that_does_not_hold(
    network: Network, protocol: str, options: tuple[str, ...]
) -> None:
    case = f"{protocol} wrong bearer {len(options)}"
    sent = network.send(case, "bearer", protocol, *options, "--signal", "traces")
    result = sent.results["traces"]
    assert result["outcome"] == "refused" and result["attempts"] == 1, result
    assert result["status"] == (16 if protocol == "grpc" else 401), result
    assert network.collector.content().count(case) == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_batch_of_265_kb_through_the_collector(network: Network, protocol: str) -> None:
    case = f"{protocol} batch"
    sent = network.send(case, "plain", protocol, "--spans", "700", "--signal", "traces")
    check_delivered(sent)
    assert sent.results["traces"]["bytes"] > 265_000
    expected = content.Content()
    expected.take(case, "traces", specimens.expected(case, sent.ids).items(case, "traces"))
    check_content(expected, network.collector.content, case)
    check_content(expected, network.receivers[f"{protocol} none"].content, case)


def test_receivers_of_the_collector_refused_nothing(network: Network) -> None:
    network.send_plain("grpc", "none")
    for name, receiver in network.receivers.items():
        counters = receiver.end()
        assert counters["traces"]["requests"] > 0, name
        for counter in ("refused", "malformed", "invalid_items", "write_failures", "te_missing"):
            assert counters[counter] == 0, (name, counters)
