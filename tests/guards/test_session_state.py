"""Nothing that the web or a worker does outlives its transaction: a pooler may be in between."""

from __future__ import annotations

import ast
import re

from tests.guards.source import python_files, short, tree

# What a session keeps: locks, settings, subscriptions, temporary tables, statements, cursors.
SESSION = re.compile(
    r"\bpg_(try_)?advisory_lock|\bpg_advisory_unlock|\bLISTEN \w|\bDISCARD \w|\bWITH HOLD\b|"
    r"\bCREATE (LOCAL |GLOBAL )?TEMP|\bPREPARE \w+ AS\b|set_config\([^)]*,\s*false\s*\)|"
    r"(?:^|;\s*)SET (SESSION\b|(?!LOCAL\b|CONSTRAINTS\b|TRANSACTION\b)\w+\s*(=|\bTO\b))",
)
# They go past the pooler: migrations and the operator's commands, and the making of test databases.
PAST_THE_POOLER = (
    "/migrations/",
    "convoai/operations/",
    "/management/",
    "convoai/transfer/duckdb_files/",
    "convoai/database/backend/",
)


def test_nothing_is_kept_in_a_session_of_the_database() -> None:
    wrong = [
        f"{short(path)}:{node.lineno}"
        for path in python_files("convoai", "partners", "conversations")
        if not any(part in short(path) for part in PAST_THE_POOLER)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if SESSION.search(node.value)
    ]
    assert not wrong
