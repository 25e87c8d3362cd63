#!/usr/bin/env python3
"""Draws a profile as a flame graph: flame.py perf|callgrind FILE... --id ID --out SVG."""

from __future__ import annotations

import sys

from assay_profile.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
