"""What ends the program, and with which status."""

from __future__ import annotations

EXIT_ENVIRONMENT = 4
"""Missing, broken or foreign input, a missing tool, a full disk."""


class ReportError(Exception):
    """One clear sentence for the user; the program exits with EXIT_ENVIRONMENT."""
