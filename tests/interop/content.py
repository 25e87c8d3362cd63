"""Telemetry compared by content: the same whatever encoding, batching and order it came in.

A request, in protobuf or as OTLP/JSON, is taken apart into items: a span, a log record or a data point,
each with all that it stands under (metric, scope, resource). An item is a text of canonical JSON, so that
two collections of items are equal when their counters are.
"""

from __future__ import annotations

import base64
import difflib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "proto"))

import schema  # noqa: E402

SIGNALS = ("traces", "metrics", "logs")
CASE_KEY = "interop.case"

Items = Counter[str]

_REQUESTS = {
    "traces": "trace.v1.ExportTraceServiceRequest",
    "metrics": "metrics.v1.ExportMetricsServiceRequest",
    "logs": "logs.v1.ExportLogsServiceRequest",
}
GROUPS = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
}
_KINDS = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")
_HEX_IDS = {"traceId": 16, "spanId": 8, "parentSpanId": 8}


class ContentError(ValueError):
    """Something that OTLP does not allow where it stands."""


@cache
def request_class(signal: str) -> Any:
    return schema.message_class(f"opentelemetry.proto.collector.{_REQUESTS[signal]}")


def _bytes_of(name: str, text: Any) -> str:
    """Hex, of an id in hex or of other bytes in base64."""
    if not isinstance(text, str):
        raise ContentError(f"{name}: {text!r} instead of text")
    if name not in _HEX_IDS:
        return base64.b64decode(text, validate=True).hex()
    if len(text) not in (0, 2 * _HEX_IDS[name]):
        raise ContentError(f"{name}: an id of {len(text)} digits")
    return bytes.fromhex(text).hex()


def _scalar(field: Any, name: str, value: Any) -> Any:
    """A value of JSON as the type of the field wants it; doubles as text, which tells -0 and NaN."""
    kind = field.cpp_type
    if field.type == field.TYPE_BYTES:
        return _bytes_of(name, value)
    if kind == field.CPPTYPE_STRING:
        if not isinstance(value, str):
            raise ContentError(f"{name}: {value!r} instead of text")
        return value
    if kind == field.CPPTYPE_BOOL:
        if not isinstance(value, bool):
            raise ContentError(f"{name}: {value!r} instead of a boolean")
        return value
    if isinstance(value, bool):
        raise ContentError(f"{name}: a boolean instead of a number")
    if kind == field.CPPTYPE_DOUBLE:
        return repr(float(value))
    if kind == field.CPPTYPE_ENUM and not isinstance(value, int):
        raise ContentError(f"{name}: an enum as {value!r}")
    if isinstance(value, float) and not value.is_integer():
        raise ContentError(f"{name}: {value!r} instead of an integer")
    return int(value)


def _is_default(field: Any, value: Any) -> bool:
    """Whether writing the value is the same as not writing it."""
    if field.containing_oneof is not None:
        return False
    return value in ("", 0, False, "0.0") or value == [] or value == {}


def _sorted_attributes(field: Any, values: list[Any]) -> list[Any]:
    if field.message_type.name != "KeyValue":
        return values
    return sorted(values, key=lambda pair: pair.get("key", ""))


def _one_from_json(field: Any, name: str, value: Any, is_strict: bool) -> Any:
    if field.message_type is not None:
        return _from_json(field.message_type, value, is_strict)
    return _scalar(field, name, value)


def _from_json(descriptor: Any, value: Any, is_strict: bool) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ContentError(f"{descriptor.name}: {value!r} instead of an object")
    fields = {field.json_name: field for field in descriptor.fields}
    result = {}
    for name, content in value.items():
        if name not in fields and is_strict:
            raise ContentError(f"{descriptor.name} has no field {name!r}")
        if name not in fields or content is None:
            continue
        field = fields[name]
        if field.label == field.LABEL_REPEATED:
            content = [_one_from_json(field, name, one, is_strict) for one in content]
            if field.message_type is not None:
                content = _sorted_attributes(field, content)
        else:
            content = _one_from_json(field, name, content, is_strict)
        if not _is_default(field, content):
            result[name] = content
    return result


def _one_from_message(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        return _from_message(value)
    if field.type == field.TYPE_BYTES:
        return value.hex()
    if field.cpp_type == field.CPPTYPE_DOUBLE:
        return repr(value)
    return value


def _from_message(message: Any) -> dict[str, Any]:
    result = {}
    for field, content in message.ListFields():
        if field.label == field.LABEL_REPEATED:
            content = [_one_from_message(field, one) for one in content]
            if field.message_type is not None:
                content = _sorted_attributes(field, content)
        else:
            content = _one_from_message(field, content)
        if not _is_default(field, content):
            result[field.json_name] = content
    return result


def request_from_json(signal: str, value: Any, is_strict: bool = True) -> dict[str, Any]:
    """A request in OTLP/JSON. Strictly: a key that nobody knows is an error."""
    return _from_json(request_class(signal).DESCRIPTOR, value, is_strict)


def request_from_protobuf(signal: str, data: bytes, is_strict: bool = True) -> dict[str, Any]:
    """A request in protobuf. Strictly: a field that nobody knows, or that says nothing, is an error."""
    message = request_class(signal).FromString(data)
    message.DiscardUnknownFields()
    if is_strict and message.ByteSize() != len(data):
        raise ContentError(f"{len(data)} bytes, of which {message.ByteSize()} are understood")
    return _from_message(message)


def _points(metric: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A metric for each of its points."""
    for kind in _KINDS:
        if kind in metric and "dataPoints" in metric[kind]:
            for point in metric[kind]["dataPoints"]:
                yield {**metric, kind: {**metric[kind], "dataPoints": [point]}}
            return
    yield metric


def case_of(resource: dict[str, Any]) -> str:
    for pair in resource.get("attributes", []):
        if pair["key"] == CASE_KEY:
            return str(pair["value"]["stringValue"])
    return ""


def items_by_case(signal: str, request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(case, item) of everything in a request."""
    resources, scopes, name = GROUPS[signal]
    for group in request.get(resources, []):
        resource = {"resource": group.get("resource", {}), "url": group.get("schemaUrl", "")}
        for part in group.get(scopes, []):
            scope = {"scope": part.get("scope", {}), "url": part.get("schemaUrl", "")}
            for item in part.get(name, []):
                for one in _points(item) if signal == "metrics" else [item]:
                    whole = {"item": one, "under": [resource, scope]}
                    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, indent=1)
                    yield case_of(resource["resource"]), text


class Content:
    """Items of any number of requests, by case and signal."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Items] = {}

    def add(self, signal: str, request: dict[str, Any]) -> None:
        for case, item in items_by_case(signal, request):
            self._items.setdefault((case, signal), Counter())[item] += 1

    def take(self, case: str, signal: str, items: Items) -> None:
        self._items[case, signal] = items

    def items(self, case: str, signal: str) -> Items:
        return self._items.get((case, signal), Counter())

    def cases(self) -> set[str]:
        return {case for case, _ in self._items}

    def count(self, case: str) -> int:
        return sum(sum(self.items(case, signal).values()) for signal in SIGNALS)


def loads(text: str) -> Any:
    """JSON, where -0 is a number of its own."""
    return json.loads(text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))


def signal_of(value: dict[str, Any]) -> str:
    """What a line of a file exporter holds, by its only key."""
    for signal, (key, _, _) in GROUPS.items():
        if set(value) == {key}:
            return signal
    raise ContentError(f"a line with the keys {sorted(value)}")


def read_lines(lines: Iterable[str], into: Content) -> None:
    """Adds what lines of JSON hold. Keys that nobody knows are skipped, as a receiver has to."""
    for line in lines:
        value = loads(line)
        if value:
            signal = signal_of(value)
            into.add(signal, request_from_json(signal, value, is_strict=False))


def delimited(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Messages that follow their lengths, each with how far it reaches beyond the one before it; a last
    one that is not whole yet does not count."""
    at = 0
    while at < len(data):
        start = at
        length = shift = 0
        for at, byte in enumerate(data[at : at + 10], at + 1):
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if at + length > len(data):
            return
        yield at + length - start, data[at : at + length]
        at += length


def repeated(items: Items, times: int) -> Items:
    return Counter({item: count * times for item, count in items.items()})


def difference(expected: Items, got: Items) -> str:
    """What is not the same, in words and by the first item that is missing; "" when equal."""
    missing, surplus = sorted((expected - got).elements()), sorted((got - expected).elements())
    if not missing and not surplus:
        return ""
    text = [
        f"{sum(expected.values())} items expected, {sum(got.values())} came:"
        f" {len(missing)} missing, {len(surplus)} not expected"
    ]
    if missing and surplus:
        nearest = difflib.get_close_matches(missing[0], surplus, 1, 0.0)[0]
        lines = difflib.unified_diff(
            missing[0].split("\n"), nearest.split("\n"), "expected", "came", lineterm=""
        )
        text += list(lines)[:80]
    else:
        text += (missing or surplus)[0].split("\n")[:40]
    return "\n".join(text)
