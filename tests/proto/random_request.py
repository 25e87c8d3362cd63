"""Random requests that reach every field, and what OTLP/JSON makes of a message."""

from __future__ import annotations

import base64
import random
import struct
from typing import Any

from google.protobuf import json_format  # type: ignore

REQUESTS = {
    "traces": "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
    "metrics": "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
    "logs": "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest",
}

# Of profiles alone: the client does not keep them.
LEFT_OUT = {"string_value_strindex", "key_strindex"}
HEX = {"traceId": 16, "spanId": 8, "parentSpanId": 8}
TEXTS = ["a", "GET /orders", "grüß", '"\\\n\t\x00\x1f', "x" * 127, "y" * 128, "z" * 300, "😀"]
DOUBLES = [0.1, -2.5, 1e300, 5e-324, 1 / 3, 12345.678, 1e22, float("inf"), float("-inf"), -7.0]


class Maker:
    """Fills messages at random; `reached` holds the full names of the fields that it set."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.reached: set[str] = set()

    def scalar(self, field: Any) -> Any:
        pick = self.random
        kind = field.type
        if kind == field.TYPE_STRING:
            return pick.choice(TEXTS)
        if kind == field.TYPE_BYTES:
            size = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}.get(field.name)
            return pick.randbytes(pick.choice([1, 2, 3, 40]) if size is None else size)
        if kind == field.TYPE_DOUBLE:
            return pick.choice([*DOUBLES, struct.unpack("<d", pick.randbytes(6) + b"\x40\x40")[0]])
        if kind == field.TYPE_BOOL:
            return True
        if kind == field.TYPE_ENUM:
            return pick.choice([v.number for v in field.enum_type.values if v.number > 0])
        if kind in (field.TYPE_INT64, field.TYPE_SFIXED64):
            return pick.choice(
                [1, -1, 127, 128, 2**63 - 1, -(2**63), pick.randint(-(2**40), 2**40)]
            )
        if kind in (field.TYPE_UINT64, field.TYPE_FIXED64):
            return pick.choice([1, 127, 128, 2**64 - 1, pick.randint(1, 2**63)])
        if kind in (field.TYPE_INT32, field.TYPE_SINT32):
            return pick.choice([1, -1, 63, 64, 2**31 - 1, -(2**31)])
        return pick.choice([1, 127, 128, 2**32 - 1])

    def fill(self, message: Any, depth: int = 0) -> Any:
        """Sets about two thirds of the fields, and one member of each oneof."""
        chosen = {
            oneof.name: self.random.choice([f for f in oneof.fields if self.may(f, depth)]).name
            for oneof in message.DESCRIPTOR.oneofs
        }
        for field in message.DESCRIPTOR.fields:
            oneof = field.containing_oneof
            is_left_out = field.name in LEFT_OUT or not self.may(field, depth)
            if is_left_out or (oneof is not None and chosen[oneof.name] != field.name):
                continue
            if oneof is None and self.random.random() < 0.3 and field.name not in ("key", "value"):
                continue
            self.set(message, field, depth)
        return message

    def may(self, field: Any, depth: int) -> bool:
        nested = {"array_value", "kvlist_value"}
        return field.name not in LEFT_OUT and not (field.name in nested and depth > 9)

    def set(self, message: Any, field: Any, depth: int) -> None:
        self.reached.add(field.full_name)
        if field.label == field.LABEL_REPEATED:
            values = getattr(message, field.name)
            for _ in range(
                self.random.choice([1, 1, 2, 3, 20 if field.message_type is None else 2])
            ):
                if field.message_type is None:
                    values.append(self.scalar(field))
                else:
                    self.fill(values.add(), depth + 1)
        elif field.message_type is None:
            setattr(message, field.name, self.scalar(field))
        else:
            inner = getattr(message, field.name)
            inner.SetInParent()
            self.fill(inner, depth + 1)


def otlp_json(message: Any) -> Any:
    """The message as OTLP/JSON data: proto3 JSON with hex ids and enum numbers."""
    return _with_hex(json_format.MessageToDict(message, use_integers_for_enums=True))


def _with_hex(data: Any) -> Any:
    if isinstance(data, list):
        return [_with_hex(item) for item in data]
    if not isinstance(data, dict):
        return data
    return {
        key: base64.b64decode(value).hex() if key in HEX else _with_hex(value)
        for key, value in data.items()
    }
