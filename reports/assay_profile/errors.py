"""What ends the program, and with which status."""

from __future__ import annotations

EXIT_ENVIRONMENT = 4
"""An empty or broken profile, a full disk."""


class ProfileError(Exception):
    """One clear sentence for the user; the program exits with EXIT_ENVIRONMENT."""
