"""A whole program, configured by OTEL_* alone, sends through processors and a reader to a real Collector."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import content
from certificates import Certificates
from collector import Collector
from ours import BUILD, PROTOCOLS, ROOT
from processes import wait_for

PROGRAM = BUILD / "probes" / "interop_record"
OPERATIONS = 100
BATCH = 16
START = 1790000000000000000
TOKEN = "a.Token~of-the+tests/=="
NOTE = "ůž, ="

Json = dict[str, Any]


@pytest.fixture(scope="module", name="certificates")
def make_certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls") / "certificates")


@pytest.fixture(scope="module", name="collector")
def start_collector(
    otelcol: Path, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collector]:
    receivers: dict[str, Json] = {
        "plain": {},
        "mtls": {"tls": certificates.collector_server()},
        "bearer": {"auth": {"authenticator": "bearertokenauth"}},
    }
    extensions = {"bearertokenauth": {"token": TOKEN}}
    folder = tmp_path_factory.mktemp("collector")
    with Collector(otelcol, folder, receivers, {}, extensions) as collector:
        yield collector


def run(case: str, **variables: str) -> tuple[list[Json], dict[str, Json]]:
    """Ids of the operations, and what became of each signal."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OTEL_")
    }
    environment |= {
        "OTEL_SERVICE_NAME": "shop",
        "OTEL_RESOURCE_ATTRIBUTES": f"interop.case={quote(case)},note={quote(NOTE)}",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": str(BATCH),
        **variables,
    }
    done = subprocess.run(
        [PROGRAM, str(OPERATIONS)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert done.returncode == 0 and done.stderr == "", done
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    counts = {line["signal"]: line for line in lines if "signal" in line}
    return [line for line in lines if "number" in line], counts


def pair(key: str, **value: Any) -> Json:
    return {"key": key, "value": value}


def spans_and_logs(ids: list[Json]) -> tuple[list[Json], list[Json]]:
    spans: list[Json] = []
    logs: list[Json] = []
    for one in ids:
        at = START + one["number"] * 1000
        attributes = [pair("number", intValue=one["number"])]
        common = {"traceId": one["trace"], "flags": 0x103}
        outer = {
            **{"spanId": one["outer"], "name": "GET /orders", "kind": 2, "attributes": attributes},
            **{"startTimeUnixNano": at, "endTimeUnixNano": at + 6},
        }
        event = {"timeUnixNano": at + 2, "name": "rows", "attributes": attributes}
        inner = {
            **{"spanId": one["inner"], "parentSpanId": one["outer"], "name": "SELECT", "kind": 3},
            **{"startTimeUnixNano": at + 1, "endTimeUnixNano": at + 5, "events": [event]},
        }
        record = {
            **{"timeUnixNano": at + 3, "observedTimeUnixNano": at + 4, "severityNumber": 9},
            **{"body": {"stringValue": "found"}, "attributes": attributes},
            **{"traceId": one["trace"], "spanId": one["inner"], "flags": 3},
        }
        spans += [{**common, **outer}, {**common, **inner}]
        logs.append(record)
    return spans, logs


def metrics() -> list[Json]:
    """Without times."""
    numbers = range(OPERATIONS)
    sums = [
        {
            "asInt": sum(number for number in numbers if number % 2 == odd),
            "attributes": [pair("odd", boolValue=bool(odd))],
        }
        for odd in (0, 1)
    ]
    values = [number % 7 for number in numbers]
    buckets = [
        sum(value <= 1 for value in values),
        sum(value == 2 for value in values),
        sum(2 < value <= 5 for value in values),
        sum(value > 5 for value in values),
    ]
    histogram: Json = {
        **{"count": OPERATIONS, "sum": sum(values), "min": 0, "max": 6},
        **{"explicitBounds": [1, 2, 5], "bucketCounts": buckets},
    }
    return [
        {
            "name": "orders",
            "unit": "{order}",
            "sum": {"dataPoints": sums, "aggregationTemporality": 2, "isMonotonic": True},
        },
        {
            "name": "durations",
            "histogram": {"dataPoints": [histogram], "aggregationTemporality": 2},
        },
        {"name": "size", "gauge": {"dataPoints": [{"asDouble": (OPERATIONS - 1) / 4}]}},
    ]


def expected(case: str, ids: list[Json], version: str) -> content.Content:
    attributes = {
        **{"service.name": "shop", content.CASE_KEY: case, "note": NOTE},
        **{"telemetry.sdk.language": "c", "telemetry.sdk.name": "libotlp"},
        "telemetry.sdk.version": version,
    }
    resource = {"attributes": [pair(key, stringValue=text) for key, text in attributes.items()]}
    result = content.Content()
    spans, logs = spans_and_logs(ids)
    items = {"traces": spans, "metrics": metrics(), "logs": logs}
    for signal, (groups, scopes, name) in content.GROUPS.items():
        part = {"scope": {"name": "shop", "version": "4.5"}, name: items[signal]}
        request = {groups: [{"resource": resource, scopes: [part]}]}
        result.add(signal, content.request_from_json(signal, request))
    return result


def without_times(items: content.Items) -> content.Items:
    """Data points without their times, which must be there and in order."""
    result: content.Items = Counter()
    for text in items:
        value = json.loads(text)
        for data in value["item"].values():
            for point in data["dataPoints"] if isinstance(data, dict) else []:
                end = point.pop("timeUnixNano")
                assert START < point.pop("startTimeUnixNano", end) <= end
        result[json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1)] += items[text]
    return result


def check(collector: Collector, case: str, **variables: str) -> None:
    header = (ROOT / "otlp" / "include" / "otlp.h").read_text(encoding="utf-8")
    version = header.split('#define OTLP_VERSION "')[1].split('"')[0]
    ids, counts = run(case, **variables)
    want = expected(case, ids, version)
    wait_for(lambda: collector.content().count(case) >= want.count(case), 10)
    got = collector.content()
    for signal in content.SIGNALS:
        items = got.items(case, signal)
        items = without_times(items) if signal == "metrics" else items
        told = content.difference(want.items(case, signal), items)
        if told:
            pytest.fail(f"{case}, {signal}: {told}", pytrace=False)
        count = sum(items.values())
        assert counts[signal]["ended"] == counts[signal]["delivered"] == count
    assert counts["traces"]["requests"] >= 2 * OPERATIONS / BATCH


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_program_and_collector(collector: Collector, protocol: str, compression: str) -> None:
    check(
        *(collector, f"program {protocol} {compression}"),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url("plain", protocol),
        OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
        OTEL_EXPORTER_OTLP_COMPRESSION=compression,
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_program_with_certificates(
    collector: Collector, certificates: Certificates, protocol: str
) -> None:
    check(
        *(collector, f"program {protocol} mtls"),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url("mtls", protocol, "https"),
        OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
        OTEL_EXPORTER_OTLP_CERTIFICATE=str(certificates.certificate("ca")),
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=str(certificates.certificate("client")),
        OTEL_EXPORTER_OTLP_CLIENT_KEY=str(certificates.key("client")),
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_program_with_a_token(collector: Collector, protocol: str) -> None:
    check(
        *(collector, f"program {protocol} bearer"),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url("bearer", protocol),
        OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
        OTEL_EXPORTER_OTLP_HEADERS=f"x-other=1,Authorization={quote('Bearer ' + TOKEN, safe='')}",
    )
