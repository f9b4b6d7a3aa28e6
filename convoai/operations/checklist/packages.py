"""Whether the packages that requirements.txt names are installed, in the versions it names."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings

PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;#]+)([^#]*)")


def wrong_packages() -> Iterator[str]:
    """`name 1.2 instead of 1.3` or `name is missing`, for each pin that is not kept."""
    for line in Path(settings.BASE_DIR, "requirements.txt").read_text().splitlines():
        found = PIN.match(line)
        if not found or ("win32" in found[3] and sys.platform == "win32"):
            continue
        name, wanted = found[1], found[2]
        try:
            installed = version(name)
        except PackageNotFoundError:
            yield f"{name} is missing"
        else:
            if installed != wanted:
                yield f"{name} {installed} instead of {wanted}"
