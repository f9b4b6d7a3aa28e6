"""psql for `dbshell` and `database shell`, also where none is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql.client import DatabaseClient as PostgresClient

from convoai.database.binaries import installed_binaries


class DatabaseClient(PostgresClient):
    """Django's client with a psql that is there.

    The bundled server gets its own psql. Another server gets the one of the system when there is
    one, because the bundled psql speaks no SSL.
    """

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        arguments, environment = super().settings_to_cmd_args_env(settings_dict, list(parameters))
        own = "BUNDLED_DATA_DIR" in settings_dict
        program = None if own else shutil.which(cls.executable_name)
        return [program or str(installed_binaries() / "psql"), *arguments[1:]], environment
