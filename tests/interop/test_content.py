"""Comparing telemetry by content: what is the same, what is not, what is no OTLP at all."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

import content

POINT = {"attributes": [{"key": "k", "value": {"intValue": "1"}}], "asDouble": 0.5}
SPAN: dict[str, Any] = {
    "traceId": "0AF7651916CD43DD8448EB211C80319C",
    "spanId": "b7ad6b7169203331",
    "name": "a",
    "kind": 2,
    "startTimeUnixNano": "18446744073709551615",
    "attributes": [
        {"key": "b", "value": {"bytesValue": "AP8="}},
        {"key": "a", "value": {"arrayValue": {"values": [{"doubleValue": "NaN"}, {}]}}},
    ],
    "status": {},
}


def spans(*items: Any, case: str = "one") -> dict[str, Any]:
    resource = {"attributes": [{"key": "interop.case", "value": {"stringValue": case}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(items)}]}]}


def counted(request: dict[str, Any], signal: str = "traces", case: str = "one") -> content.Items:
    read = content.Content()
    read.add(signal, content.request_from_json(signal, request))
    return read.items(case, signal)


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(SPAN), **fields}


def test_encodings_are_the_same_content() -> None:
    message = content.request_class("traces")()
    group = message.resource_spans.add()
    group.resource.attributes.add(key="interop.case").value.string_value = "one"
    span = group.scope_spans.add().spans.add(name="a", kind=2, start_time_unix_nano=2**64 - 1)
    span.trace_id = bytes.fromhex(SPAN["traceId"])
    span.span_id = bytes.fromhex(SPAN["spanId"])
    values = span.attributes.add(key="a").value.array_value.values
    values.add().double_value = float("nan")
    values.add()
    span.attributes.add(key="b").value.bytes_value = b"\0\xff"
    read = content.Content()
    read.add("traces", content.request_from_protobuf("traces", message.SerializeToString()))
    assert content.difference(counted(spans(SPAN)), read.items("one", "traces")) == ""


def test_defaults_order_and_batches_do_not_matter() -> None:
    written = changed(
        droppedEventsCount=0, traceState="", events=None, startTimeUnixNano=2**64 - 1
    )
    written["attributes"] = written["attributes"][::-1]
    two = [json.dumps(spans(written)) + "\n", json.dumps(spans(SPAN)) + "\n"]
    read = content.Content()
    content.read_lines(two, read)
    assert read.items("one", "traces") == counted(spans(SPAN, SPAN))
    assert read.cases() == {"one"} and read.count("one") == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "b"},
        {"kind": 3},
        {"startTimeUnixNano": "1"},
        {"flags": 1},
        {"status": {"code": 1}},
        {"events": [{}]},
        {"attributes": SPAN["attributes"][:1]},
        {"attributes": [{"key": "b", "value": {"bytesValue": "AP4="}}, SPAN["attributes"][1]]},
        {"attributes": [SPAN["attributes"][0], {"key": "a", "value": {"arrayValue": {}}}]},
        {"attributes": [SPAN["attributes"][0], {"key": "a", "value": {}}]},
    ],
)
def test_differences_are_seen_and_named(fields: dict[str, Any]) -> None:
    told = content.difference(counted(spans(SPAN)), counted(spans(changed(**fields))))
    assert "1 missing, 1 not expected" in told
    assert "--- expected" in told


def test_a_missing_and_a_doubled_item_are_seen() -> None:
    assert "1 missing, 0 not" in content.difference(
        counted(spans(SPAN, SPAN)), counted(spans(SPAN))
    )
    assert "0 missing, 1 not" in content.difference(
        counted(spans(SPAN)), counted(spans(SPAN, SPAN))
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"trace_id": "00"},
        {"unknown": 1},
        {"kind": "SPAN_KIND_SERVER"},
        {"traceId": "00"},
        {"name": 1},
        {"startTimeUnixNano": 0.5},
        {"startTimeUnixNano": True},
        {"status": []},
    ],
)
def test_what_is_no_otlp_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(content.ContentError):
        counted(spans(changed(**wrong)))


def test_points_are_items_and_zero_is_not_absence() -> None:
    def metrics(*points: Any) -> content.Items:
        gauge = {"name": "g", "gauge": {"dataPoints": list(points)}}
        return counted(
            {"resourceMetrics": [{"scopeMetrics": [{"metrics": [gauge]}]}]}, "metrics", ""
        )

    assert sum(metrics(POINT, POINT).values()) == 2
    assert metrics({"asInt": "0"}) != metrics({})
    assert metrics({"asDouble": -0.0}) != metrics({"asDouble": 0})
    assert metrics({"asDouble": "-0"}) == metrics({"asDouble": -0.0})
    assert metrics(content.loads('{"asDouble": -0}')) == metrics({"asDouble": -0.0})


def test_protobuf_with_bytes_that_nobody_knows_is_refused() -> None:
    for data in (b"\x98\x06\x01", b"\x0a\x04\x0a\x02\x10\x00"):
        with pytest.raises(content.ContentError):
            content.request_from_protobuf("traces", data)
    assert content.request_from_protobuf("traces", b"") == {}


def test_lines_of_no_signal_are_refused() -> None:
    read = content.Content()
    content.read_lines(["{}\n"], read)
    assert read.cases() == set()
    content.read_lines([json.dumps(spans(changed(unknown=[1]))) + "\n"], read)
    assert read.items("one", "traces") == counted(spans(SPAN))
    with pytest.raises(content.ContentError):
        content.read_lines(['{"resourceSpans": [], "resourceLogs": []}\n'], read)


def test_delimited_messages() -> None:
    long = b"x" * 300
    data = b"\x03abc" + b"\x00" + b"\xac\x02" + long
    assert list(content.delimited(data)) == [(4, b"abc"), (1, b""), (302, long)]
    assert list(content.delimited(data[:-1])) == [(4, b"abc"), (1, b"")]
    assert list(content.delimited(b"")) == []
