#!/usr/bin/env python3
"""Turns a folder of result documents into an HTML report: report.py RESULTS_DIR [--out DIR]."""

from __future__ import annotations

import sys

try:
    import jinja2  # noqa: F401  (only to say clearly that it is missing)
except ImportError:
    print(
        f"report: {sys.executable} has no jinja2 module; install it (apt install python3-jinja2) "
        "or run this script with a Python that has it",
        file=sys.stderr,
    )
    sys.exit(4)

from assay_report.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
