"""The descriptors that protoc makes of the project's .proto files, and messages made from them."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"


def proto_files() -> list[str]:
    """Paths of all .proto files, relative to the folder that imports start from."""
    return sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))


def descriptor_set() -> Any:
    """What protoc, and not the C compiler's generator, reads out of the files."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set.bin"
        command = ["protoc", f"--proto_path={PROTO}", f"--descriptor_set_out={out}", *proto_files()]
        subprocess.run(command, check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


def message_class(full_name: str) -> Any:
    """A class of Python's protobuf library for one of the messages."""
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_set().file:
        pool.Add(file)
    found = pool.FindMessageTypeByName(full_name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(found)
    return message_factory.MessageFactory(pool).GetPrototype(found)
