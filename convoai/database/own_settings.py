"""The settings of ALTER SYSTEM of a bundled server that does not run, or does not start."""

from __future__ import annotations

import re
from collections.abc import Mapping

from convoai.database.cluster import write_file
from convoai.database.place import Place
from convoai.database.server_user import user_for

# PostgreSQL reads it last, so it wins over convoai.conf, and convoai's starts never write it.
FILE = "postgresql.auto.conf"


def put_back(place: Place, values: Mapping[str, str | None]) -> None:
    """Write these values (None: not set) into the file; other lines stay. Needs it stopped."""
    path = place.cluster / FILE
    names = "|".join(map(re.escape, values))
    kept = [
        line
        for line in path.read_text().splitlines()
        if not re.match(rf"\s*(?:{names})\s*=", line, re.IGNORECASE)
    ]
    kept += [
        "{} = '{}'".format(name, value.replace("'", "''"))
        for name, value in values.items()
        if value is not None
    ]
    write_file(path, user_for(place.home), "\n".join(kept) + "\n")
