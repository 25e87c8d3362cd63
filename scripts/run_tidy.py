"""Runs clang-tidy on every source of a compilation database, two at a time.

    scripts/run_tidy.py compile_commands.json CACHE_FOLDER

A source that was found clean before is not analysed again while nothing that reaches it has changed:
not its text, its headers, its flags, .clang-tidy or the tool. Exit status 1 when there are findings.
"""

import concurrent.futures
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOBS = 2


def tool_key() -> bytes:
    version = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True).stdout
    settings = [ROOT / ".clang-tidy", *sorted((ROOT / "framework").rglob(".clang-tidy"))]
    return version + b"".join(path.read_bytes() for path in settings)


def source_key(entry: dict[str, object], tool: bytes) -> str | None:
    """What an analysis depends on; None when the source cannot be preprocessed."""
    arguments = entry["arguments"]
    assert isinstance(arguments, list)
    # Comments count: NOLINT is one.
    words = [w for w in arguments[: arguments.index("-o")] if w not in ("-c", "-MMD", "-MP")]
    done = subprocess.run([*words, "-E", "-CC"], cwd=ROOT, capture_output=True)
    if done.returncode != 0:
        return None
    return hashlib.sha256(tool + repr(arguments).encode() + done.stdout).hexdigest()


def analyse(entry: dict[str, object], database: Path, cache: Path, tool: bytes) -> str:
    """The findings of one source, as text; empty when there are none."""
    key = source_key(entry, tool)
    mark = cache / key if key else None
    if mark and mark.exists():
        return ""
    done = subprocess.run(
        ["clang-tidy", "--quiet", "-p", str(database.parent), str(entry["file"])],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        if mark:
            mark.touch()
        return ""
    return done.stdout or done.stderr


def without_repeats(texts: list[str]) -> str:
    """What is wrong in a header is found once for each source that includes it, and told once."""
    told: dict[str, None] = {}
    for text in texts:
        for finding in re.split(r"^(?=\S+:\d+:\d+: (?:error|warning): )", text, flags=re.MULTILINE):
            told[finding] = None
    return "".join(told)


def main() -> int:
    database, cache = Path(sys.argv[1]), Path(sys.argv[2])
    cache.mkdir(parents=True, exist_ok=True)
    entries = json.loads(database.read_text())
    tool = tool_key()
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        texts = list(pool.map(lambda entry: analyse(entry, database, cache, tool), entries))
    print(without_repeats(texts), end="")
    return 1 if any(texts) else 0


if __name__ == "__main__":
    sys.exit(main())
