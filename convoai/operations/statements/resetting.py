"""Begin to measure anew."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import Error as DjangoDatabaseError
from django.db import connection, transaction

from convoai.database.transactions import sqlstate
from convoai.operations.doctor.installation import Installation
from convoai.operations.statements.reading import VIEW
from convoai.operations.statements.storing import forget_all_times

NOT_ALLOWED = "42501"


def reset_statistics(here: Installation) -> Iterator[str]:
    """Forget convoai's own record, and the server's figures where the role may; say what was done.

    Raises Django's database errors.
    """
    yield f"Forgot {forget_all_times():,} entries of convoai's own record."
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [VIEW])
        if not cursor.fetchone()[0]:
            return
        reset = (
            "SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database "
            "WHERE datname = current_database()), 0)"
        )
        try:
            with transaction.atomic():
                cursor.execute(reset)
        except DjangoDatabaseError as problem:
            why = "may not" if sqlstate(problem) == NOT_ALLOWED else "cannot"
            yield (
                f"The user {here.role} {why} reset {VIEW}. As an administrator: "
                + here.administrator_sql("SELECT pg_stat_statements_reset()")
            )
        else:
            yield f"The server's {VIEW} counts from now on."
