"""Requests in which every field of every message is set, made by Python's protobuf library alone."""

from __future__ import annotations

import base64
import math
from collections import Counter
from typing import Any

import content

# Only profiles may use these: others need not keep them.
_OF_PROFILES = {"key_strindex", "string_value_strindex"}
_ID_BYTES = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
_DEPTH_OF_VALUES = 3
_COUNTS = {"Metric": 5, "NumberDataPoint": 2, "Exemplar": 2, "Span": 3}
_MORE = 7  # attributes and elements of arrays: as many as there are types of values


class Filler:
    """Sets fields to values that are all different; of a oneof, another member each time."""

    def __init__(self) -> None:
        self._number = 0
        self._turns: Counter[str] = Counter()

    def next(self) -> int:
        self._number += 1
        return self._number

    def _scalar(self, field: Any) -> Any:
        number = self.next()
        kind = field.cpp_type
        if field.type == field.TYPE_BYTES:
            size = _ID_BYTES.get(field.name, 3)
            return number.to_bytes(size, "big")
        if kind == field.CPPTYPE_STRING:
            return f"text {number} ů"
        if kind == field.CPPTYPE_BOOL:
            return True
        if kind == field.CPPTYPE_ENUM:
            values = [value.number for value in field.enum_type.values if value.number != 0]
            return values[number % len(values)]
        if kind in (field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT):
            return number + 0.5 if number % 3 else -number / 7
        if kind in (field.CPPTYPE_UINT64, field.CPPTYPE_INT64):
            return number << 40
        return number

    def _fields(self, descriptor: Any) -> list[Any]:
        """All but those of a oneof whose turn it is not."""
        chosen = [
            field
            for field in descriptor.fields
            if field.containing_oneof is None and field.name not in _OF_PROFILES
        ]
        for oneof in descriptor.oneofs:
            members = [field for field in oneof.fields if field.name not in _OF_PROFILES]
            chosen.append(members[self._turns[oneof.full_name] % len(members)])
            self._turns[oneof.full_name] += 1
        return chosen

    def fill(self, message: Any, depth: int = 0) -> Any:
        for field in self._fields(message.DESCRIPTOR):
            if field.message_type is None:
                if field.label == field.LABEL_REPEATED:
                    getattr(message, field.name).extend(self._scalar(field) for _ in range(3))
                else:
                    setattr(message, field.name, self._scalar(field))
                continue
            name = field.message_type.name
            inner = depth + (name in ("AnyValue", "ArrayValue", "KeyValueList"))
            if field.label != field.LABEL_REPEATED:
                self.fill(getattr(message, field.name), inner)
                getattr(message, field.name).SetInParent()
            elif inner <= _DEPTH_OF_VALUES:
                count = _MORE if name in ("KeyValue", "AnyValue") else _COUNTS.get(name, 1)
                for _ in range(count):
                    self.fill(getattr(message, field.name).add(), inner)
        return message


def request(signal: str, case: str) -> Any:
    message = Filler().fill(content.request_class(signal)())
    for group in message.ListFields()[0][1]:
        group.resource.attributes.add(key=content.CASE_KEY).value.string_value = case
    return message


def _json_of(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        return to_json(value)
    if field.type == field.TYPE_BYTES:
        return value.hex() if field.name in _ID_BYTES else base64.b64encode(value).decode()
    if field.cpp_type in (field.CPPTYPE_INT64, field.CPPTYPE_UINT64):
        return str(value)
    if field.cpp_type == field.CPPTYPE_DOUBLE and not math.isfinite(value):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[repr(value)]
    return value


def to_json(message: Any) -> dict[str, Any]:
    """The message as OTLP/JSON."""
    result = {}
    for field, value in message.ListFields():
        if field.label == field.LABEL_REPEATED:
            result[field.json_name] = [_json_of(field, one) for one in value]
        else:
            result[field.json_name] = _json_of(field, value)
    return result


def names_of(message: Any) -> set[str]:
    """Full names of all fields that are set, down to the leaves."""
    names: set[str] = set()
    for field, value in message.ListFields():
        names.add(field.full_name)
        if field.message_type is not None:
            for one in value if field.label == field.LABEL_REPEATED else [value]:
                names |= names_of(one)
    return names


def all_names(descriptor: Any) -> set[str]:
    """Full names of all fields that a message can have, but those of profiles."""
    names: set[str] = set()
    waiting, seen = [descriptor], {descriptor.full_name}
    while waiting:
        for field in waiting.pop().fields:
            if field.name in _OF_PROFILES:
                continue
            names.add(field.full_name)
            if field.message_type is not None and field.message_type.full_name not in seen:
                seen.add(field.message_type.full_name)
                waiting.append(field.message_type)
    return names
