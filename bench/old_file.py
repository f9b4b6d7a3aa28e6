"""A database file of the older backend, of any size, with made-up talks."""

from __future__ import annotations

from pathlib import Path

WORDS = (
    "work garden sister weekend train coffee music doctor holiday paper river friend school "
    "project kitchen ticket winter letter family market cousin bicycle office guitar harbour"
)
PER_TALK = 25
MOMENT = "make_timestamp(1700000000000000 + 1000000 * {})::TIMESTAMPTZ"

# Twelve words a message, picked by its number, so that two runs make the same file.
SENTENCE = (
    "list_reduce(list_transform(range(12), lambda k: words[1 + (hash(i * 31 + k) % 25)::INTEGER]), "
    "lambda a, b: a || ' ' || b)"
)


def write_old_file(path: Path, messages: int) -> None:
    """One user, ten partners, a talk for every 25 messages, every tenth with an embedding."""
    import duckdb

    from convoai.transfer.duckdb_files.schema import statements

    talks = max(1, messages // PER_TALK)
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path), config={"threads": "2"}) as file:
        for statement in statements({}):
            file.execute(statement)
        file.execute(
            "INSERT INTO users VALUES (1, 'bench@example.org', 'bench', 'auto-generated', true, "
            f"{MOMENT.format(0)}, NULL)"
        )
        file.execute(
            "INSERT INTO conversation_partners (id, user_id, name, created_at) "
            f"SELECT i, 1, 'Partner ' || i, {MOMENT.format('i')} FROM range(1, 11) AS r(i)"
        )
        file.execute(
            "INSERT INTO conversations (id, user_id, partner_id, title, started_at, created_at, "
            f"embedding) SELECT i, 1, 1 + i % 10, 'Talk ' || i, {MOMENT.format('60 * i')}, "
            f"{MOMENT.format('60 * i')}, CASE WHEN i % 10 = 0 THEN to_json(list_transform("
            f"range(768), lambda k: round(sin(i + k), 6))) END FROM range(1, {talks + 1}) AS r(i)"
        )
        file.execute(
            "INSERT INTO messages SELECT i, 1 + (i - 1) // "
            f"{PER_TALK}, CASE WHEN i % 2 = 0 THEN 'user' ELSE 'partner' END, {SENTENCE}, "
            f"{MOMENT.format('i')}, {MOMENT.format('i')} FROM (SELECT i, "
            f"string_split('{WORDS}', ' ') AS words FROM range(1, {talks * PER_TALK + 1}) AS r(i))"
        )
