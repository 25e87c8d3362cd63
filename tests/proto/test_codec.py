"""Random requests through the client's decoders and encoders, compared with Python's protobuf.

The converter is the C test test_otlp_convert with OTLP_CONVERT in its environment.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

import schema
from random_request import LEFT_OUT, REQUESTS, Maker, otlp_json

BUILD = schema.ROOT / os.environ.get("BUILD", "build/release")
ROUNDS = 25


def convert(signal: str, source: str, target: str, data: bytes) -> bytes:
    program = BUILD / "tests" / "test_otlp_convert"
    if not program.exists():
        pytest.fail(f"{program} is not there: build the tests first, or set BUILD")
    environment = {**os.environ, "OTLP_CONVERT": f"{signal} {source} {target}"}
    done = subprocess.run([program], input=data, env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0, (done.returncode, done.stderr, data)
    return done.stdout


def nothing_sent(message: Any) -> bool:
    """True for a message that is the same as none: no field set, and not resource or scope."""
    return not message.ListFields()


def tidy(message: Any) -> Any:
    """Takes away statuses, bodies and runs of buckets that have no content."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for inner in value if field.label == field.LABEL_REPEATED else [value]:
            tidy(inner)
        if field.name in ("status", "body", "positive", "negative") and nothing_sent(value):
            message.ClearField(field.name)
    if message.DESCRIPTOR.name == "KeyValue":
        message.value.SetInParent()
    return message


@pytest.fixture(scope="module", name="classes")
def message_classes() -> dict[str, Any]:
    return {signal: schema.message_class(name) for signal, name in REQUESTS.items()}


def requests(classes: dict[str, Any], signal: str) -> list[Any]:
    return [tidy(Maker(seed).fill(classes[signal]())) for seed in range(ROUNDS)]


def below(descriptor: Any, seen: set[str]) -> set[str]:
    """Full names of all fields that can be reached from a message."""
    if descriptor.full_name in seen:
        return set()
    seen.add(descriptor.full_name)
    names = {field.full_name for field in descriptor.fields if field.name not in LEFT_OUT}
    for field in descriptor.fields:
        if field.message_type is not None:
            names |= below(field.message_type, seen)
    return names


@pytest.mark.parametrize("signal", REQUESTS)
def test_every_field_is_reached(classes: dict[str, Any], signal: str) -> None:
    reached: set[str] = set()
    for seed in range(ROUNDS):
        maker = Maker(seed)
        maker.fill(classes[signal]())
        reached |= maker.reached
    assert reached == below(classes[signal].DESCRIPTOR, set())


@pytest.mark.parametrize("signal", REQUESTS)
def test_protobuf_comes_back(classes: dict[str, Any], signal: str) -> None:
    for message in requests(classes, signal):
        data = message.SerializeToString(deterministic=True)
        back = convert(signal, "protobuf", "protobuf", data)
        assert classes[signal].FromString(back) == message
        assert back == data


@pytest.mark.parametrize("signal", REQUESTS)
def test_concatenated_requests_are_one(classes: dict[str, Any], signal: str) -> None:
    first, second = requests(classes, signal)[:2]
    data = first.SerializeToString() + second.SerializeToString()
    assert classes[signal].FromString(convert(signal, "protobuf", "protobuf", data)) == tidy(
        classes[signal].FromString(data)
    )


@pytest.mark.parametrize("signal", REQUESTS)
def test_json_is_what_protobuf_says(classes: dict[str, Any], signal: str) -> None:
    for message in requests(classes, signal):
        text = convert(signal, "protobuf", "json", message.SerializeToString())
        assert json.loads(text) == otlp_json(message)


@pytest.mark.parametrize("signal", REQUESTS)
def test_json_of_others_is_read(classes: dict[str, Any], signal: str) -> None:
    for message in requests(classes, signal):
        for indent in (None, 2):
            text = json.dumps(otlp_json(message), indent=indent).encode()
            back = convert(signal, "json", "protobuf", text)
            assert classes[signal].FromString(back) == message


@pytest.mark.parametrize("signal", REQUESTS)
def test_unknown_fields_are_skipped(classes: dict[str, Any], signal: str) -> None:
    """A field 1000 of each wire type behind every message of the outer levels."""
    unknown = b"\xc0\x3e\x05\xc1\x3e12345678\xc2\x3e\x03abc\xc5\x3e1234"
    (message,) = requests(classes, signal)[:1]
    data = message.SerializeToString()
    assert convert(signal, "protobuf", "protobuf", unknown + data + unknown) == data
