"""Prints how make compiles each C source, as a JSON compilation database.

    scripts/compile_commands.py TARGET... > compile_commands.json

The commands are those that make itself would run, with clang as the compiler: the linters see the
flags of the build and there is no second list of them. Nothing is compiled.
"""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_BUILT = "build/check/none"


def commands(targets: list[str]) -> list[dict[str, object]]:
    """One entry a source file of the repository; generated sources are left out."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "BUILD")}
    made = subprocess.run(
        ["make", "--no-print-directory", "-n", "V=1", f"BUILD={NOT_BUILT}", "CC=clang", *targets],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    entries: list[dict[str, object]] = []
    for line in made.stdout.splitlines():
        if " -c " not in line:
            continue
        words = shlex.split(line)
        source = words[words.index("-c") + 1]
        if not source.startswith("build/"):
            entries.append({"directory": str(ROOT), "file": source, "arguments": words})
    return entries


def main() -> int:
    try:
        entries = commands(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        print(f"compile_commands: make failed: {error.stderr.strip()}", file=sys.stderr)
        return 1
    json.dump(entries, sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
