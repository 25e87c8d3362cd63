"""OpenTelemetry's JavaScript exporters send to our receiver, and to a Collector for comparison."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import content
from collector import Collector
from ours import PROTOCOLS, Receiver, check_content

JS = Path(__file__).resolve().parent / "js"
CASES = [(protocol, compression) for protocol in PROTOCOLS for compression in ("none", "gzip")]


class Run:
    """One run of the program: every case sent to the receiver and, if there is one, to the Collector."""

    def __init__(self, receiver: Receiver, collector: Collector | None) -> None:
        self.receiver = receiver
        self.collector = collector
        self.says = content.Content()
        self.answers: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def urls(self, protocol: str) -> list[str]:
        urls = [self.receiver.url(protocol)]
        if self.collector is not None:
            urls.append(self.collector.url("plain", protocol))
        return urls

    def send(self, node: str) -> None:
        plan = [
            {
                "name": f"{protocol} {compression}",
                "protocol": protocol,
                "compression": compression,
                "urls": self.urls(protocol),
            }
            for protocol, compression in CASES
        ]
        command = [node, str(JS / "send.mjs"), json.dumps(plan)]
        run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
        assert run.stdout, run.stderr
        for line in run.stdout.splitlines():
            told = json.loads(line)
            signal = told["signal"]
            self.says.add(signal, content.request_from_json(signal, told["says"]))
            self.answers[told["name"], signal] = told["answers"]


@pytest.fixture(scope="module", name="collector")
def start_collector(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collector | None]:
    try:
        program = request.getfixturevalue("otelcol")
    except pytest.skip.Exception:
        yield None  # the receiver is tested without; what needs both asks for it again
        return
    folder = tmp_path_factory.mktemp("collector")
    with Collector(program, folder, {"plain": {}}, {}) as collector:
        yield collector


@pytest.fixture(scope="module", name="run")
def run_all(
    node: str, collector: Collector | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    with Receiver(tmp_path_factory.mktemp("receiver")) as receiver:
        run = Run(receiver, collector)
        run.send(node)
        yield run


@pytest.mark.parametrize(("protocol", "compression"), CASES)
def test_receiver_gets_what_the_exporters_sent(run: Run, protocol: str, compression: str) -> None:
    case = f"{protocol} {compression}"
    for signal in content.SIGNALS:
        assert run.answers[case, signal][0]["code"] == 0, run.answers[case, signal]
    assert run.says.count(case) > 0
    check_content(run.says, run.receiver.content, case)


@pytest.mark.parametrize(("protocol", "compression"), CASES)
def test_receiver_and_collector_got_the_same(
    run: Run, otelcol: Path, protocol: str, compression: str
) -> None:
    case = f"{protocol} {compression}"
    assert run.collector is not None
    check_content(run.says, run.receiver.content, case)
    check_content(run.receiver.content(), run.collector.content, case)


def test_what_was_sent_is_of_every_kind(run: Run) -> None:
    """The comparisons would be worth nothing if the program sent nothing."""
    case = "grpc none"
    spans, points, logs = (run.says.items(case, signal) for signal in content.SIGNALS)
    assert sum(spans.values()) == 7
    assert sum(logs.values()) == 38
    for kind in ("gauge", "sum", "histogram", "exponentialHistogram"):
        assert any(f'"{kind}"' in point for point in points), kind
    words = ("events", "links", "traceState", "droppedEventsCount", "parentSpanId")
    for word in ("boolValue", "intValue", "doubleValue", "arrayValue", *words):
        assert any(f'"{word}"' in span for span in spans), word
    for word in ("kvlistValue", "bytesValue", "severityText", "eventName", "traceId"):
        assert any(f'"{word}"' in log for log in logs), word


def test_receiver_refused_nothing_and_counted_everything(run: Run) -> None:
    counters = run.receiver.end()
    for signal in content.SIGNALS:
        sent = sum(
            sum(run.says.items(f"{protocol} {compression}", signal).values())
            for protocol, compression in CASES
        )
        assert counters[signal]["requests"] == len(CASES)
        assert counters[signal]["items"] == sent
    for name in ("refused", "malformed", "invalid_items", "write_failures", "te_missing"):
        assert counters[name] == 0, counters
