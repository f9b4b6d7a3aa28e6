"""Statements without values, and one text for all that differ only in them."""

from __future__ import annotations

import pytest

from convoai.database.folding import LONGEST_KEPT, fold

CANARY = "canary"
WITH_WORDS = [
    f"SELECT '{CANARY}'",
    f"SELECT 'it''s {CANARY}' FROM t",
    rf"SELECT E'it\'s {CANARY}' FROM t",
    f"SELECT $${CANARY} ' $$, $tag$ $$ {CANARY} $tag$",
    f"SELECT 1 /* {CANARY} */ -- {CANARY}\n",
    f"SELECT 'cut off {CANARY}",
    f"SELECT $$cut off {CANARY}",
    f"SELECT E'cut off {CANARY}\\",
    f"SELECT /* cut off {CANARY}",
    f"INSERT INTO t VALUES ('{CANARY}', U&'{CANARY}'), ('{CANARY}', N'{CANARY}')",
    f'SAVEPOINT "{CANARY}"',
    f"SELECT ARRAY['{CANARY}', '{CANARY}']::text[]",
    "INSERT INTO t VALUES ('" + "x" * 30_000 + f"{CANARY}')",
]


@pytest.mark.parametrize("statement", WITH_WORDS)
def test_no_literal_and_no_comment_is_left(statement: str) -> None:
    assert CANARY not in fold(statement)


ALIKE = [
    ("SELECT * FROM t WHERE id IN (%s, %s, %s)", "SELECT * FROM t  WHERE id IN (%s)"),
    ("INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s)", "INSERT INTO t (a, b) VALUES (%s, %s)"),
    (
        "UPDATE t SET a = CASE WHEN (id = %s) THEN %s WHEN (id = %s) THEN %s ELSE NULL END",
        "UPDATE t SET a = CASE WHEN (id = %s) THEN %s ELSE NULL END",
    ),
    ("SELECT f(%s) || f(%s) || f(%s)", "SELECT f(%s)"),
    ("SELECT a WHERE b = %s AND c > %s", "SELECT a WHERE b = $1 AND c > $2"),
    ("SELECT a WHERE b = 'x'::text AND c > 1.5e-7", "SELECT a WHERE b = %(b)s AND c > %(c)s"),
    ("SELECT a WHERE b = ANY(ARRAY[1, 2, 3])", "SELECT a WHERE b = ANY(%s)"),
    ('SAVEPOINT "s1_x1"', 'SAVEPOINT "s2_x7"'),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_lists_of_any_length_and_values_of_any_kind_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_what_differs_in_more_than_values_stays_apart() -> None:
    assert fold('SELECT "a", "b2" FROM t1 WHERE a = %s OR b2 = %s') == (
        'SELECT "a", "b2" FROM t1 WHERE a = ? OR b2 = ?'
    )


def test_a_folded_statement_is_bounded_and_folds_to_itself() -> None:
    long = fold("SELECT " + ", ".join(f"column_{number}" for number in range(5_000)))
    assert len(long) == LONGEST_KEPT
    for statement in (one for one, _ in ALIKE):
        assert fold(fold(statement)) == fold(statement)


def test_broken_sql_is_folded_too() -> None:
    assert fold("") == ""
    assert fold(")))(((%s") == ")))(((?"
