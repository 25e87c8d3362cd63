"""What tests/interop/client sends, written down here a second time: no encoder of ours has a hand in it."""

from __future__ import annotations

import base64
from typing import Any

import content

TEXT = 'kůň 🐎 "quoted" \\ / \b\f\n\r\t\x01\x7f nul \0 <end>'
START = 1790000000000000000
TRACE_ID = "0123456789abcdef0123456789abcdef"
SPAN_ID = "fedcba9876543210"
STATE = "vendor=one,other=two"

Json = dict[str, Any]


def string(text: str) -> Json:
    return {"stringValue": text}


def integer(number: int) -> Json:
    return {"intValue": str(number)}


def array(*values: Json) -> Json:
    return {"arrayValue": {"values": list(values)}}


def pairs(**values: Json) -> list[Json]:
    return [{"key": key.replace("_", "."), "value": value} for key, value in values.items()]


_MIXED = array(string("x"), integer(-1), {}, {"doubleValue": 2.0}, {"boolValue": False})

VALUES: dict[str, Json] = {
    "string": string(TEXT),
    "string_empty": string(""),
    "true": {"boolValue": True},
    "false": {"boolValue": False},
    "int": integer(42),
    "int_zero": integer(0),
    "int_max": integer(2**63 - 1),
    "int_min": integer(-(2**63)),
    "double": {"doubleValue": 0.1},
    "double_zero": {"doubleValue": 0.0},
    "double_minus_zero": {"doubleValue": -0.0},
    "double_large": {"doubleValue": 1.7976931348623157e308},
    "double_small": {"doubleValue": 5e-324},
    "double_infinite": {"doubleValue": "Infinity"},
    "double_nan": {"doubleValue": "NaN"},
    "bytes": {"bytesValue": base64.b64encode(b"\x00\xff\x80\x7f\n").decode()},
    "bytes_empty": {"bytesValue": ""},
    "array": array(_MIXED, string("")),
    "map": {
        "kvlistValue": {
            "values": pairs(
                inner={"kvlistValue": {"values": pairs(list=_MIXED)}},
                none={"kvlistValue": {"values": []}},
            )
        }
    },
    "nothing": {},
}
ATTRIBUTES = pairs(**VALUES)


def _full(ids: Json) -> Json:
    linked = {"traceId": TRACE_ID, "spanId": SPAN_ID}
    return {
        **ids,
        "parentSpanId": SPAN_ID,
        "traceState": STATE,
        "flags": 0x301,
        "name": "full",
        "kind": 2,
        "startTimeUnixNano": START + 1,
        "endTimeUnixNano": START + 999999999,
        "attributes": ATTRIBUTES,
        "events": [
            {"timeUnixNano": START + 2, "name": "event", "attributes": ATTRIBUTES},
            {"timeUnixNano": START + 3, "name": "bare"},
        ],
        "links": [
            {**linked, "traceState": STATE, "flags": 0x301, "attributes": ATTRIBUTES},
            {**linked, "flags": 0x100},
        ],
        "status": {"code": 2, "message": "it failed"},
    }


def _child(ids: Json, parent: Json, kind: int) -> Json:
    return {
        **ids,
        "parentSpanId": parent["spanId"],
        "traceState": STATE,
        "flags": 0x101,
        "name": "child",
        "kind": kind,
        "startTimeUnixNano": START + kind,
        "endTimeUnixNano": START + 100,
        "status": {"code": 1},
    }


def _over_limits(ids: Json) -> Json:
    first = pairs(a=string("abc"))
    linked = {"traceId": TRACE_ID, "spanId": SPAN_ID, "flags": 0x101}
    return {
        **ids,
        "flags": 0x103,
        "name": "over the limits",
        "kind": 1,
        "startTimeUnixNano": START + 4,
        "endTimeUnixNano": START + 6,
        "attributes": first + pairs(b=integer(2)),
        "droppedAttributesCount": 1,
        "events": [
            {
                "timeUnixNano": START + 5,
                "name": "event",
                "attributes": first,
                "droppedAttributesCount": 2,
            }
        ],
        "droppedEventsCount": 1,
        "links": [{**linked, "attributes": first, "droppedAttributesCount": 2}],
        "droppedLinksCount": 1,
    }


def _extra(ids: Json, number: int) -> Json:
    return {
        **ids,
        "flags": 0x103,
        "name": "extra",
        "kind": 1,
        "startTimeUnixNano": START + number,
        "endTimeUnixNano": START + number + 1,
        "attributes": [
            {"key": f"attribute.number.{i:03}", "value": string("twenty characters...")}
            for i in range(10)
        ],
    }


def _spans(ids: list[Json]) -> list[Json]:
    result = [_full(ids[0])]
    result += [_child(ids[kind], ids[0], kind) for kind in range(1, 6)]
    result.append(_over_limits(ids[6]))
    return result + [_extra(one, number) for number, one in enumerate(ids[7:])]


def _logs() -> list[Json]:
    full = {
        "timeUnixNano": START + 1,
        "observedTimeUnixNano": START + 2,
        "severityNumber": 14,
        "severityText": "attention",
        "body": {"kvlistValue": {"values": ATTRIBUTES}},
        "attributes": ATTRIBUTES,
        "droppedAttributesCount": 3,
        "traceId": TRACE_ID,
        "spanId": SPAN_ID,
        "flags": 1,
        "eventName": "an.event",
    }
    bare = {"observedTimeUnixNano": START + 3}
    severities = [
        {"observedTimeUnixNano": START + 4, "severityNumber": number} for number in range(1, 25)
    ]
    bodies = [
        {"observedTimeUnixNano": START + 100 + number, "body": value}
        for number, value in enumerate(VALUES.values())
    ]
    return [full, bare, *severities, *bodies]


_TIMES: Json = {"startTimeUnixNano": START, "timeUnixNano": START + 1}
_FULL_POINT: Json = {**_TIMES, "attributes": ATTRIBUTES}
_INTEGERS: list[Json] = [
    {**_FULL_POINT, "asInt": 2**63 - 1},
    {**_TIMES, "attributes": pairs(k=string("v")), "asInt": 0},
]
_NEGATIVES: list[Json] = [{**_TIMES, "asInt": -(2**63)}]
_REALS: list[Json] = [{**_FULL_POINT, "asDouble": -1.5e-300}, {**_TIMES, "asDouble": 0.0}]


def _sum(points: list[Json], temporality: int, is_monotonic: bool) -> Json:
    return {
        "dataPoints": points,
        "aggregationTemporality": temporality,
        "isMonotonic": is_monotonic,
    }


def _histogram(temporality: int, **point: Any) -> Json:
    return {"dataPoints": [point], "aggregationTemporality": temporality}


def _metrics() -> list[Json]:
    histogram = _histogram(
        1,
        **_FULL_POINT,
        count=1099511627782,
        sum=12.25,
        min=-2.0,
        max=2e300,
        explicitBounds=[-1.5, 0, 1e-9, 0.1, 1e300],
        bucketCounts=[1, 0, 2, 0, 3, 1099511627776],
    )
    single = _histogram(2, **_TIMES, count=4, sum=0, min=0, max=0, bucketCounts=[4])
    exponential = _histogram(
        2,
        **_FULL_POINT,
        count=310,
        sum=-3.5,
        min=-9,
        max=8,
        scale=-2,
        zeroCount=2,
        zeroThreshold=1e-6,
        positive={"offset": -3, "bucketCounts": [1, 0, 300]},
        negative={"offset": 5, "bucketCounts": [7]},
    )
    return [
        {
            "name": "counter.int",
            "unit": "{thing}",
            "description": TEXT[: TEXT.index("\0")],
            "sum": _sum(_INTEGERS, 2, True),
        },
        {"name": "counter.double", "unit": "By", "sum": _sum(_REALS, 1, True)},
        {"name": "up.down", "sum": _sum(_NEGATIVES, 2, False)},
        {"name": "gauge.int", "gauge": {"dataPoints": _NEGATIVES}},
        {"name": "gauge.double", "gauge": {"dataPoints": _REALS}},
        {"name": "histogram", "unit": "ms", "description": "explicit", "histogram": histogram},
        {"name": "histogram.single", "histogram": single},
        {
            "name": "exponential",
            "unit": "ms",
            "description": "exponential",
            "exponentialHistogram": exponential,
        },
    ]


def expected(case: str, ids: list[Json], padding: int = 0) -> content.Content:
    """Everything that a run sends for a case, when it printed these ids."""
    resource = ATTRIBUTES + [{"key": content.CASE_KEY, "value": string(case)}]
    if padding > 0:
        resource = resource + [{"key": "padding", "value": string("x" * padding)}]
    scope = {
        "name": "interop",
        "version": "1.2.3",
        "attributes": [{"key": "scope.key", "value": integer(7)}],
    }
    result = content.Content()
    items = {"traces": _spans(ids), "metrics": _metrics(), "logs": _logs()}
    for signal, (groups, scopes, name) in content.GROUPS.items():
        part = {"scope": scope, "schemaUrl": "https://example.com/scope", name: items[signal]}
        group = {
            "resource": {"attributes": resource},
            "schemaUrl": "https://example.com/resource",
            scopes: [part],
        }
        result.add(signal, content.request_from_json(signal, {groups: [group]}))
    return result
