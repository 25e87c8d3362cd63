"""The .proto files against the facts of opentelemetry-proto v1.11.0: nothing missing, nothing extra.

otlp-schema.json holds the names, numbers and types of the implemented files; its "origin" says from
where. The files here are compared with it as protoc understands them, in both directions.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest
from google.protobuf import descriptor_pb2  # type: ignore

import schema

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("otlp-schema.json").read_text())
FIELD = descriptor_pb2.FieldDescriptorProto
TYPE_NAMES = {value: name.removeprefix("TYPE_").lower() for name, value in FIELD.Type.items()}


@pytest.fixture(scope="module", name="files")
def compiled_files() -> list[Any]:
    return list(schema.descriptor_set().file)


def nested(prefix: str, messages: Any) -> Iterator[tuple[str, Any]]:
    for message in messages:
        name = f"{prefix}.{message.name}"
        yield name, message
        yield from nested(name, message.nested_type)


def all_messages(files: list[Any]) -> dict[str, tuple[str, Any]]:
    return {
        name: (file.name, message)
        for file in files
        for name, message in nested(file.package, file.message_type)
    }


def all_enums(files: list[Any]) -> dict[str, tuple[str, Any]]:
    found = {
        f"{file.package}.{enum.name}": (file.name, enum)
        for file in files
        for enum in file.enum_type
    }
    for name, (path, message) in all_messages(files).items():
        found.update({f"{name}.{enum.name}": (path, enum) for enum in message.enum_type})
    return found


def is_packed(field: Any) -> bool:
    """proto3 packs repeated numbers unless told otherwise."""
    numeric = field.type not in (FIELD.TYPE_STRING, FIELD.TYPE_BYTES, FIELD.TYPE_MESSAGE)
    return (
        field.label == FIELD.LABEL_REPEATED
        and numeric
        and (field.options.packed if field.options.HasField("packed") else True)
    )


def as_facts(message: Any, field: Any) -> dict[str, Any]:
    """A field in the words of the facts: an `optional` one is the only member of its oneof."""
    label, oneof = "singular", None
    if field.label == FIELD.LABEL_REPEATED:
        label = "repeated"
    elif field.HasField("oneof_index"):
        oneof = message.oneof_decl[field.oneof_index].name
        if oneof == f"optional_{field.name}":
            members = [
                f
                for f in message.field
                if f.HasField("oneof_index") and f.oneof_index == field.oneof_index
            ]
            assert len(members) == 1, f"{message.name}.{oneof} stands for one optional field"
            label, oneof = "optional", None
    facts: dict[str, Any] = {
        "name": field.name,
        "number": field.number,
        "type": TYPE_NAMES[field.type],
        "label": label,
        "json_name": field.json_name,
        "packed": is_packed(field),
    }
    if field.type_name:
        facts["type_name"] = field.type_name.removeprefix(".")
    if oneof is not None:
        facts["oneof"] = oneof
    return facts


def by_number(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(fields, key=lambda field: int(field["number"]))


def test_files(files: list[Any]) -> None:
    expected = {f["path"]: (f["package"], sorted(f["imports"])) for f in FACTS["files"]}
    assert {f.name: (f.package, sorted(f.dependency)) for f in files} == expected
    assert {f.syntax for f in files} == {"proto3"}


def test_the_same_messages_in_the_same_files(files: list[Any]) -> None:
    expected = {m["full_name"]: m["file"] for m in FACTS["messages"]}
    assert {name: path for name, (path, _) in all_messages(files).items()} == expected


@pytest.mark.parametrize("facts", FACTS["messages"], ids=lambda facts: str(facts["full_name"]))
def test_fields(files: list[Any], facts: dict[str, Any]) -> None:
    message = all_messages(files)[facts["full_name"]][1]
    assert by_number([as_facts(message, field) for field in message.field]) == by_number(
        facts["fields"]
    )
    reserved = [[r.start, r.end - 1] for r in message.reserved_range]
    assert reserved == facts.get("reserved_ranges", [])


def test_enums(files: list[Any]) -> None:
    expected = {
        e["full_name"]: (e["file"], [(v["name"], v["number"]) for v in e["values"]])
        for e in FACTS["enums"]
    }
    assert {
        name: (path, [(v.name, v.number) for v in enum.value])
        for name, (path, enum) in all_enums(files).items()
    } == expected


def test_services(files: list[Any]) -> None:
    expected = {
        s["full_name"]: (
            s["file"],
            [
                (m["name"], m["input"], m["output"], m["client_streaming"], m["server_streaming"])
                for m in s["methods"]
            ],
        )
        for s in FACTS["services"]
    }
    assert {
        f"{file.package}.{service.name}": (
            file.name,
            [
                (
                    m.name,
                    m.input_type.removeprefix("."),
                    m.output_type.removeprefix("."),
                    m.client_streaming,
                    m.server_streaming,
                )
                for m in service.method
            ],
        )
        for file in files
        for service in file.service
    } == expected
