"""What indexes and foreign keys held before, triggers hold across partitions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest

from convoai.operations.backup.server import Server
from tests.operations.backup.backups import execute
from tests.operations.partitions.rows import fill, only, partition

TALK = "INSERT INTO conversations (user_id, partner_id, created_at, {}) VALUES (1, 1, {}, {})"
MESSAGE = (
    "INSERT INTO messages (user_id, conversation_id, position, sender, content, created_at) "
    "VALUES (1, 1, {}, 'user', 'words', '{}')"
)


@pytest.fixture
def filled(server: Server) -> Server:
    fill(server, 10)
    partition(server)
    return server


@contextmanager
def refused(code: str, rule: str) -> Iterator[None]:
    with pytest.raises(psycopg2.Error) as found:
        yield
    assert (found.value.pgcode, found.value.diag.constraint_name) == (code, rule)


@pytest.mark.parametrize("year", [2020, 2023, 2050])
def test_names_of_talks_are_unique_in_all_partitions(filled: Server, year: int) -> None:
    with refused("23505", "uq_conversations_external_id"):
        execute(filled, TALK.format("external_id", f"'{year}-01-01'", "'name 1'"))
    execute(filled, TALK.format("idempotency_key", f"'{year}-01-01'", "'key'"))
    with refused("23505", "uq_conversations_idempotency_key"):
        execute(filled, TALK.format("idempotency_key", "'2024-01-01'", "'key'"))
    with refused("23505", "uq_conversations_external_id"):
        execute(filled, "UPDATE conversations SET external_id = 'name 2' WHERE id = 1")
    with refused("23505", "conversation_ids_pkey"):
        execute(filled, TALK.format("id", f"'{year}-01-01'", "1"))


@pytest.mark.parametrize("moment", ["2020-01-01", "2024-01-01", "2050-01-01"])
def test_a_place_in_a_talk_is_taken_once(filled: Server, moment: str) -> None:
    with refused("23505", "idx_messages_conversation_id"):
        execute(filled, MESSAGE.format(3, moment))
    execute(filled, MESSAGE.format(4, moment))
    with refused("23505", "idx_messages_conversation_id"):
        execute(filled, f"UPDATE messages SET position = 0 WHERE created_at = '{moment}'")
    with refused("23505", "messages_pkey"):
        execute(filled, "UPDATE messages SET id = 2 WHERE id = 3")
    with refused("23505", "messages_pkey"):
        execute(
            filled,
            MESSAGE.format(5, moment)
            .replace("(user_id", "(id, user_id")
            .replace("VALUES (1", "VALUES (7, 1"),
        )


def test_a_fact_has_its_message_at_the_end_of_the_transaction(filled: Server) -> None:
    with refused("23503", "fk_facts_source_message"):
        execute(filled, "UPDATE extracted_facts SET source_message_id = 999 WHERE id = 1")
    # Of another owner.
    with refused("23503", "fk_facts_source_message"):
        execute(
            filled,
            "UPDATE extracted_facts SET source_message_id = "
            "(SELECT max(id) FROM messages WHERE user_id = 2) WHERE user_id = 1",
        )
    execute(
        filled,
        "BEGIN",
        "UPDATE extracted_facts SET source_message_id = 999 WHERE id = 1",
        "DELETE FROM extracted_facts WHERE id = 1",
        "COMMIT",
    )
    with refused("23503", "fk_messages_conversation"):
        execute(filled, MESSAGE.format(9, "2024-01-01").replace("(1, 1, 9", "(1, 999, 9"))


def test_deleting_takes_along_what_it_did_before(filled: Server) -> None:
    execute(filled, "UPDATE extracted_facts SET review = 'confirmed' WHERE id % 2 = 0")
    talk = only(filled, "SELECT conversation_id FROM extracted_facts WHERE id = 2")
    execute(filled, f"DELETE FROM conversations WHERE id = {talk}")
    assert only(filled, f"SELECT count(*) FROM messages WHERE conversation_id = {talk}") == 0
    assert only(filled, f"SELECT count(*) FROM conversation_ids WHERE id = {talk}") == 0
    kept = "SELECT (conversation_id, source_message_id, quote)::text FROM extracted_facts"
    assert only(filled, f"{kept} WHERE id = 2") == '(,,"")'
    message = only(filled, "SELECT source_message_id FROM extracted_facts WHERE id = 3")
    execute(filled, f"DELETE FROM messages WHERE id = {message}")
    assert only(filled, "SELECT count(*) FROM extracted_facts WHERE id = 3") == 0
    execute(filled, "DELETE FROM users")
    for table in ("conversations", "messages", "conversation_ids", "extracted_facts"):
        assert only(filled, f"SELECT count(*) FROM {table}") == 0


def test_a_row_may_move_to_another_year(filled: Server) -> None:
    execute(
        filled,
        "UPDATE conversations SET created_at = '2024-05-05', external_id = 'moved' WHERE id = 1",
        "UPDATE messages SET created_at = '2022-05-05' WHERE conversation_id = 1",
    )
    assert only(filled, "SELECT external_id FROM conversation_ids WHERE id = 1") == "moved"
    assert only(filled, "SELECT count(*) FROM messages_2022 WHERE conversation_id = 1") == 4
    assert only(filled, "SELECT count(*) FROM messages WHERE conversation_id = 1") == 4


def test_emptying_one_table_alone_is_refused_as_before(filled: Server) -> None:
    for table in ("messages", "conversations"):
        with pytest.raises(psycopg2.errors.FeatureNotSupported):
            execute(filled, f"TRUNCATE {table}")
    execute(filled, "TRUNCATE messages, conversations, conversation_topics, extracted_facts")
    assert only(filled, "SELECT count(*) FROM conversation_ids") == 0
