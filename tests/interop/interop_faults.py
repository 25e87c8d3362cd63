"""How exporters that are not ours take what our receiver answers: waits, refusals and partial success."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import content
import specimens
from collector import Collector, exporter_of
from ours import PROTOCOLS, Receiver, check_content, send

JS = Path(__file__).resolve().parent / "js"
HTTP = PROTOCOLS[:2]


def send_js(node: str, receiver: Receiver, protocol: str) -> tuple[content.Content, dict[str, Any]]:
    """One case by the JavaScript exporters: what the program says it sent, and what each exporter said."""
    plan = [{"name": "js", "protocol": protocol, "compression": "none"}]
    plan[0]["urls"] = [receiver.url(protocol)]  # type: ignore[assignment]
    command = [node, str(JS / "send.mjs"), json.dumps(plan)]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)
    says = content.Content()
    answers = {}
    for line in run.stdout.splitlines():
        told = json.loads(line)
        says.add(told["signal"], content.request_from_json(told["signal"], told["says"]))
        answers[told["signal"]] = told["answers"][0]
    assert set(answers) == set(content.SIGNALS), run.stderr
    return says, answers


@pytest.mark.parametrize("protocol", HTTP)
def test_javascript_waits_as_it_is_told(node: str, tmp_path: Path, protocol: str) -> None:
    rules = [
        word
        for signal in content.SIGNALS
        for word in ("--fault", f"signal={signal},first=1,status=503,retry-after=1s")
    ]
    with Receiver(tmp_path / "receiver", *rules) as receiver:
        says, answers = send_js(node, receiver, protocol)
        assert [answer["code"] for answer in answers.values()] == [0, 0, 0], answers
        check_content(says, receiver.content, "js")
        counters = receiver.end()
        assert counters["faults"] == 3
        assert [counters[signal]["requests"] for signal in content.SIGNALS] == [1, 1, 1]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_javascript_is_told_that_it_is_refused(node: str, tmp_path: Path, protocol: str) -> None:
    rule = "grpc=3,message=no, never" if protocol == "grpc" else "status=400,message=no, never"
    with Receiver(tmp_path / "receiver", "--fault", rule) as receiver:
        _, answers = send_js(node, receiver, protocol)
        assert [answer["code"] for answer in answers.values()] == [1, 1, 1], answers
        if protocol == "grpc":
            assert all("3 INVALID_ARGUMENT: no, never" in a["error"] for a in answers.values())
        counters = receiver.end()
        assert counters["faults"] == 3
        assert counters["traces"]["requests"] == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_javascript_takes_a_partial_success(node: str, tmp_path: Path, protocol: str) -> None:
    rule = "partial=2,message=two of them"
    with Receiver(tmp_path / "receiver", "--fault", rule) as receiver:
        _, answers = send_js(node, receiver, protocol)
        assert [answer["code"] for answer in answers.values()] == [0, 0, 0], answers
        counters = receiver.end()
        for signal in content.SIGNALS:
            assert (counters[signal]["requests"], counters[signal]["rejected"]) == (1, 2)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_collector_waits_as_it_is_told(otelcol: Path, tmp_path: Path, protocol: str) -> None:
    """Without a queue the Collector's client waits for as long as its exporter does."""
    rule = "grpc=8,retry-after=1s" if protocol == "grpc" else "status=429,retry-after=1s"
    rules = ("--fault", f"first=1,{rule}")
    with Receiver(tmp_path / "receiver", *rules) as receiver:
        retry = {"enabled": True, "initial_interval": "10ms"}
        kind, settings = exporter_of(receiver, protocol, "none", retry_on_failure=retry)
        with Collector(
            otelcol, tmp_path / "collector", {"plain": {}}, {kind: settings}
        ) as collector:
            sent = send(
                *("--protocol", "grpc", "--endpoint", collector.url("plain", "grpc")),
                *("--case", "waits", "--timeout-ms", "20000"),
            )
            assert sent.delivered(), sent
            assert all(result["attempts"] == 1 for result in sent.results.values())
            check_content(specimens.expected("waits", sent.ids), receiver.content, "waits")
        counters = receiver.end()
        assert counters["faults"] == 1
        assert [counters[signal]["requests"] for signal in content.SIGNALS] == [1, 1, 1]
