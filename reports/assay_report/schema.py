"""Checks a document against the part of JSON Schema that the schemas in docs/ use.

Unknown keys are let through (additionalProperties and propertyNames that only forbid are not
looked at): a later tool may add some without changing the meaning of the rest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


class Mismatch(Exception):
    """Where a document departs from its schema: `path` says where, the text says how."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'the document'} {problem}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and _is_finite(value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON: true is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and float(value).is_integer()


_TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "object": (lambda v: isinstance(v, dict), "an object"),
    "array": (lambda v: isinstance(v, list), "a list"),
    "string": (lambda v: isinstance(v, str), "text"),
    "boolean": (lambda v: isinstance(v, bool), "true or false"),
    "integer": (_is_integer, "a whole number"),
    "number": (_is_number, "a finite number"),
    "null": (lambda v: v is None, "null"),
}


class Validator:
    """Checks values against one schema document; references are resolved inside it."""

    def __init__(self, schema: Json) -> None:
        self._root = schema

    @property
    def known_schema(self) -> str:
        """The one value of the document's `schema` key that this schema describes."""
        return str(self._root["properties"]["schema"]["const"])

    def check(self, value: Any) -> None:
        """Returns when the value fits, raises Mismatch with the first place where it does not."""
        self._check(value, self._root, "")

    def _resolve(self, schema: Json) -> Json:
        while "$ref" in schema:
            target: Any = self._root
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        return schema

    def _check(self, value: Any, schema: Json, path: str) -> None:
        schema = self._resolve(schema)
        if "oneOf" in schema:
            self._check_choice(value, schema["oneOf"], path)
        for rule in schema.get("allOf", ()):
            self._check(value, rule, path)
        if "if" in schema:
            branch = "then" if self._fits(value, schema["if"], path) else "else"
            self._check(value, schema.get(branch, {}), path)
        if "const" in schema and not _same(value, schema["const"]):
            raise Mismatch(path, f"must be {schema['const']!r}")
        if "enum" in schema and not any(_same(value, item) for item in schema["enum"]):
            raise Mismatch(path, f"must be one of {', '.join(map(repr, schema['enum']))}")
        if "type" in schema:
            self._check_type(value, schema["type"], path)
        if isinstance(value, str):
            if "pattern" in schema and not re.search(schema["pattern"], value):
                raise Mismatch(path, f"must look like {schema['pattern']}")
        elif isinstance(value, list):
            self._check_list(value, schema, path)
        elif isinstance(value, dict):
            self._check_object(value, schema, path)
        elif _is_number(value):
            _check_bounds(value, value, schema, path)

    def _fits(self, value: Any, schema: Json, path: str) -> bool:
        try:
            self._check(value, schema, path)
        except Mismatch:
            return False
        return True

    def _check_choice(self, value: Any, choices: list[Json], path: str) -> None:
        problem = Mismatch(path, "has an unknown form")
        for choice in choices:
            try:
                self._check(value, choice, path)
                return
            except Mismatch as mismatch:
                if self._resolve(choice).get("type") != "null":
                    problem = mismatch
        raise problem

    def _check_type(self, value: Any, names: str | list[str], path: str) -> None:
        names = [names] if isinstance(names, str) else names
        if not any(_TYPES[name][0](value) for name in names):
            raise Mismatch(path, f"must be {' or '.join(_TYPES[name][1] for name in names)}")

    def _check_list(self, values: list[Any], schema: Json, path: str) -> None:
        if len(values) < schema.get("minItems", 0):
            raise Mismatch(path, f"must have at least {schema['minItems']} entries")
        if len(values) > schema.get("maxItems", len(values)):
            raise Mismatch(path, f"must have at most {schema['maxItems']} entries")
        items = self._resolve(schema.get("items", {}))
        if values and _plain_numbers(values, items):
            _check_bounds(min(values), max(values), items, f"{path}[]")
            return
        for index, item in enumerate(values):
            self._check(item, items, f"{path}[{index}]")

    def _check_object(self, value: Json, schema: Json, path: str) -> None:
        for key in schema.get("required", ()):
            if key not in value:
                raise Mismatch(path, f"has no {key!r}")
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties", {})
        for key, item in value.items():
            rule = properties.get(key, others)
            if isinstance(rule, dict) and rule:
                self._check(item, rule, f"{path}.{key}" if path else key)


def _plain_numbers(values: list[Any], items: Json) -> bool:
    """True when all values are numbers of the type asked for: the fast way through long lists."""
    kinds: dict[str, set[type]] = {"number": {int, float}, "integer": {int}}
    allowed = kinds.get(str(items.get("type")), set())
    if not set(map(type, values)) <= allowed:
        return False
    return _is_finite(min(values)) and _is_finite(max(values))


def _check_bounds(smallest: float, largest: float, schema: Json, path: str) -> None:
    if "minimum" in schema and smallest < schema["minimum"]:
        raise Mismatch(path, f"must be at least {schema['minimum']}")
    if "exclusiveMinimum" in schema and smallest <= schema["exclusiveMinimum"]:
        raise Mismatch(path, f"must be more than {schema['exclusiveMinimum']}")
    if "maximum" in schema and largest > schema["maximum"]:
        raise Mismatch(path, f"must be at most {schema['maximum']}")
    if "exclusiveMaximum" in schema and largest >= schema["exclusiveMaximum"]:
        raise Mismatch(path, f"must be less than {schema['exclusiveMaximum']}")
