"""The published shapes of requests and answers, and whether something has them."""

from pathlib import Path
from typing import Any

import msgspec


class _Shape(msgspec.Struct):
    required: dict[str, str] = {}
    optional: dict[str, str] = {}
    returns: str = ""


class _Schema(msgspec.Struct):
    source: str
    methods: dict[str, _Shape]
    types: dict[str, _Shape]


_SCHEMA = msgspec.json.decode((Path(__file__).parent / "schema.json").read_bytes(), type=_Schema)
METHOD_NAMES = {name.lower(): name for name in _SCHEMA.methods}
_PLAIN: dict[str, tuple[type, ...]] = {
    "Integer": (int,), "String": (str,), "Boolean": (bool,), "Object": (dict,), "InputFile": (bytes,),
}  # fmt: skip


def request_faults(method: str, arguments: dict[str, Any]) -> list[str]:
    """What is wrong with the arguments of a call in JSON; empty when they are as published."""
    return _fields_faults(method, arguments, _SCHEMA.methods[METHOD_NAMES[method.lower()]])


def answer_faults(method: str, result: Any) -> list[str]:
    """What is wrong with a method's result."""
    return value_faults(method, result, _SCHEMA.methods[method].returns)


def value_faults(where: str, value: Any, kind: str) -> list[str]:
    """What is wrong with a value that ought to be of `kind`, such as `Array of Update`."""
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        inner = kind.removeprefix("Array of ")
        return [fault for place, item in enumerate(value) for fault in value_faults(f"{where}[{place}]", item, inner)]
    if kind in _SCHEMA.types:
        return (
            _fields_faults(where, value, _SCHEMA.types[kind]) if isinstance(value, dict) else [f"{where} is no {kind}"]
        )
    is_right = any(_is_plain(value, option) for option in kind.split(" or "))
    return [] if is_right else [f"{where} is no {kind}"]


def _is_plain(value: Any, kind: str) -> bool:
    return isinstance(value, _PLAIN[kind]) and (kind == "Boolean" or not isinstance(value, bool))


def _fields_faults(where: str, value: dict[str, Any], shape: _Shape) -> list[str]:
    faults = [f"{where} lacks {name}" for name in shape.required if name not in value]
    known = {**shape.required, **shape.optional}
    for name, item in value.items():
        if name in known:
            faults += value_faults(f"{where}.{name}", item, known[name])
        else:
            faults.append(f"{where} has an unknown {name}")
    return faults
