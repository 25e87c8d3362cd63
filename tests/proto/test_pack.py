"""What the C encoder writes, decoded by Python's protobuf library.

The C test test_otlp_pack writes its requests when OTLP_PACK_DIR says where to. The expected values
here are those that it sets through the API (tests/unit/test_otlp_pack.c).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import schema

COLLECTOR = "opentelemetry.proto.collector"
BUILD = schema.ROOT / os.environ.get("BUILD", "build/release")
NOON = 1767607200000000000
TRACE_ID = bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e4736")
PARENT_ID = bytes.fromhex("00f067aa0ba902b7")


@pytest.fixture(scope="module", name="folder")
def packed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    program = BUILD / "tests" / "test_otlp_pack"
    if not program.exists():
        pytest.fail(f"{program} is not there: build the tests first, or set BUILD")
    environment = {**os.environ, "OTLP_PACK_DIR": str(folder)}
    subprocess.run([program], check=True, env=environment, capture_output=True, timeout=60)
    return folder


def decode(folder: Path, name: str, message: str) -> Any:
    """Decodes strictly: nothing unknown, and encoding again gives the same bytes."""
    data = (folder / name).read_bytes()
    decoded = schema.message_class(f"{COLLECTOR}.{message}").FromString(data)
    assert decoded.SerializeToString(deterministic=True) == data
    return decoded


def plain(value: Any) -> Any:
    """An AnyValue as Python data."""
    which = value.WhichOneof("value")
    if which is None:
        return None
    if which == "array_value":
        return [plain(v) for v in value.array_value.values]
    if which == "kvlist_value":
        return attributes(value.kvlist_value.values)
    return getattr(value, which)


def attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: plain(pair.value) for pair in pairs}


def check_envelope(resource: Any, resource_url: str, scope: Any, scope_url: str) -> None:
    assert attributes(resource.attributes) == {"service.name": "shop", "pid": 4711}
    assert resource_url == "https://resource.schema"
    assert (scope.name, scope.version) == ("test.scope", "1.2.3")
    assert attributes(scope.attributes) == {"scope.key": True}
    assert scope_url == "https://scope.schema"


def test_span(folder: Path) -> None:
    request = decode(folder, "span.bin", "trace.v1.ExportTraceServiceRequest")
    (group,) = request.resource_spans
    (scoped,) = group.scope_spans
    check_envelope(group.resource, group.schema_url, scoped.scope, scoped.schema_url)
    (span,) = scoped.spans
    assert span.trace_id == TRACE_ID
    assert span.span_id == (11520).to_bytes(8, "little")  # xoshiro256** from {1, 2, 3, 4}
    assert span.parent_span_id == PARENT_ID
    assert span.trace_state == "vendor=1,other=2"
    assert span.flags == 0x301
    assert (span.name, span.kind) == ("GET /orders", 2)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (NOON + 1, NOON + 3)
    assert attributes(span.attributes) == {
        "text": "grüß",
        "false": False,
        "zero": 0,
        "negative": -1,
        "double": 0.1,
        "array": ["one", 2],
        "map": {"yes": True, "empty": ""},
        "bytes": b"\x00\xff\x7f",
        "nothing": None,
    }
    assert span.dropped_attributes_count == 1
    assert span.dropped_events_count == 2
    assert span.dropped_links_count == 1
    assert (span.status.code, span.status.message) == (2, "broken")


def test_event_and_link(folder: Path) -> None:
    request = decode(folder, "span.bin", "trace.v1.ExportTraceServiceRequest")
    span = request.resource_spans[0].scope_spans[0].spans[0]
    (event,) = span.events
    assert (event.name, event.time_unix_nano) == ("event", NOON + 2)
    assert attributes(event.attributes) == {"n": 1}
    (link,) = span.links
    assert (link.trace_id, link.span_id) == (TRACE_ID, PARENT_ID)
    assert (link.trace_state, link.flags) == ("vendor=1,other=2", 0x301)
    assert attributes(link.attributes) == {"n": 1}


def test_logs(folder: Path) -> None:
    request = decode(folder, "logs.bin", "logs.v1.ExportLogsServiceRequest")
    (group,) = request.resource_logs
    (scoped,) = group.scope_logs
    check_envelope(group.resource, group.schema_url, scoped.scope, scoped.schema_url)
    full, empty = scoped.log_records
    assert (full.time_unix_nano, full.observed_time_unix_nano) == (5, 6)
    assert (full.severity_number, full.severity_text) == (17, "ERROR")
    assert plain(full.body) == "body"
    assert attributes(full.attributes) == {"key": "value"}
    assert full.dropped_attributes_count == 3
    assert (full.trace_id, full.span_id, full.flags) == (TRACE_ID, PARENT_ID, 1)
    assert full.event_name == "event.name"
    assert not empty.HasField("body")
    assert (empty.trace_id, empty.span_id, empty.observed_time_unix_nano) == (b"", b"", 7)


def test_metrics(folder: Path) -> None:
    request = decode(folder, "metrics.bin", "metrics.v1.ExportMetricsServiceRequest")
    (group,) = request.resource_metrics
    (scoped,) = group.scope_metrics
    check_envelope(group.resource, group.schema_url, scoped.scope, scoped.schema_url)
    counter, up_down, gauge, histogram = scoped.metrics
    assert (counter.name, counter.unit, counter.description) == ("counter", "{call}", "Calls.")
    assert (counter.sum.aggregation_temporality, counter.sum.is_monotonic) == (2, True)
    assert [p.as_int for p in counter.sum.data_points] == [3, 0]
    assert [p.WhichOneof("value") for p in counter.sum.data_points] == ["as_int", "as_int"]
    assert attributes(counter.sum.data_points[0].attributes) == {"route": "/orders"}
    assert counter.sum.data_points[0].time_unix_nano == NOON
    assert not up_down.sum.is_monotonic
    assert up_down.sum.data_points[0].as_double == -2.5
    assert gauge.gauge.data_points[0].WhichOneof("value") == "as_double"
    (point,) = histogram.histogram.data_points
    assert histogram.histogram.aggregation_temporality == 2
    assert (point.count, point.sum, point.min, point.max) == (3, 100.0, -0.5, 100.0)
    assert list(point.explicit_bounds) == [0.5, 10.0]
    assert list(point.bucket_counts) == [2, 0, 1]
