"""Checks that files have at most 600 lines and functions at most 70, in C, Python and shell.

    scripts/check_sizes.py FILE...

In C and shell a function is what stands between a brace in the first column that opens and one that
closes, which is how the house writes them; its length is the number of lines between the braces.
Prints a line a finding; exit status 1 when there is one.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70


def braced_functions(lines: list[str]) -> Iterator[tuple[int, str, int]]:
    """(line number, title, length) of each block whose braces stand in the first column."""
    opened = None
    for number, line in enumerate(lines, 1):
        text = line.rstrip()
        if text == "{" and opened is None:
            opened = number
        elif text == "}" and opened is not None:
            title = lines[opened - 2].strip() if opened > 1 else "?"
            yield opened, title, number - opened - 1
            opened = None


def python_functions(text: str) -> Iterator[tuple[int, str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.lineno, node.name, node.end_lineno - node.body[0].lineno + 1


def findings(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        yield f"{path}: {len(lines)} lines; at most {FILE_LINES_MAX}: split it"
    functions = python_functions(text) if path.suffix == ".py" else braced_functions(lines)
    for number, title, length in functions:
        if length > FUNCTION_LINES_MAX:
            yield f"{path}:{number}: {title}: {length} lines; at most {FUNCTION_LINES_MAX}"


def main() -> int:
    found = [finding for name in sys.argv[1:] for finding in findings(Path(name))]
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
