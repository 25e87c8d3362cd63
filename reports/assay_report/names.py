"""Names of pages: safe in paths, readable where the id is, and never the same for two ids."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from .units import slug


@dataclass
class PageNames:
    """Hands out page names that are safe in paths and differ even where case is ignored."""

    taken: set[str] = field(default_factory=set)

    def page(self, folder: str, *parts: str) -> str:
        """A new name; `folder` ends with a slash or is a prefix of the name."""
        key = "\0".join(parts)
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        for length in range(10, len(digest) + 1):
            name = f"{folder}{slug('/'.join(parts), digest[:length])}"
            if name.lower() in self.taken:
                name = f"{name}-{digest[:length]}"
            if name.lower() not in self.taken:
                self.taken.add(name.lower())
                return name
        raise AssertionError("too many names share a digest")
