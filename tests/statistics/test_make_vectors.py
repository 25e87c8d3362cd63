"""The committed reference values are what make_vectors.py computes."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, f"{path}/{key}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from leaves(member, f"{path}/{index}")
    else:
        yield path, value


def test_vectors_are_current(tmp_path: Path) -> None:
    """Versions of numpy may differ in the last digits of a sum, no further."""
    fresh = tmp_path / "vectors.json"
    subprocess.run([sys.executable, HERE / "make_vectors.py", fresh], check=True)
    stored = dict(leaves(json.loads((HERE / "vectors.json").read_text())))
    made = dict(leaves(json.loads(fresh.read_text())))
    assert stored.keys() == made.keys()
    assert len(stored) > 3000
    for path, value in made.items():
        assert math.isclose(stored[path], value, rel_tol=1e-10, abs_tol=1e-13), path
