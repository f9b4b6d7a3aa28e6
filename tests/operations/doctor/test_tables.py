"""Damage to tables, rights, rules and indexes is named, and the given command mends it."""

from __future__ import annotations

import pytest

from convoai.operations.doctor.activity import examine_replication
from convoai.operations.doctor.indexes import examine_indexes
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.doctor.tables import (
    examine_constraints,
    examine_rights,
    examine_sequences,
    examine_tables,
)
from convoai.operations.doctor.versions import examine_migrations, examine_versions
from convoai.operations.findings import Level
from tests.factories import make_user
from tests.operations.doctor.examining import Examiner, findings, follow, problems, sql

pytestmark = pytest.mark.django_db
EVERYTHING: list[Examiner] = [
    examine_versions,
    examine_migrations,
    examine_tables,
    examine_rights,
    examine_constraints,
    examine_indexes,
    examine_sequences,
    examine_replication,
]


@pytest.mark.parametrize("examiner", EVERYTHING)
def test_a_healthy_database_has_no_problem(examiner: Examiner) -> None:
    found = findings(examiner)
    assert found
    assert [one for one in found.values() if one.level >= Level.WARNING] == []


DAMAGE: list[tuple[Examiner, str, tuple[str, ...]]] = [
    (examine_rights, "rights.table", ("REVOKE INSERT, DELETE ON messages FROM CURRENT_USER",)),
    (examine_rights, "rights.sequence", ("REVOKE ALL ON SEQUENCE users_id_seq FROM CURRENT_USER",)),
    (
        examine_constraints,
        "constraints.unvalidated",
        ("ALTER TABLE topics ADD CONSTRAINT late CHECK (id > 0) NOT VALID",),
    ),
    (
        examine_constraints,
        "constraints.triggers",
        ("ALTER TABLE messages DISABLE TRIGGER message_search",),
    ),
]


@pytest.mark.parametrize(("examiner", "id", "damage"), DAMAGE, ids=[id for _, id, _ in DAMAGE])
def test_damage_is_named_and_mended_by_the_command(
    examiner: Examiner, id: str, damage: tuple[str, ...]
) -> None:
    sql(*damage)
    found = findings(examiner)[id]
    assert found.level == Level.ERROR
    follow(found.hint)
    assert problems(examiner) == []


def test_a_schema_that_may_not_be_used_is_named_with_the_grant() -> None:
    sql(
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
        "REVOKE USAGE ON SCHEMA public FROM pg_database_owner",
    )
    found = findings(examine_rights)["rights.schema"]
    assert found.level == Level.ERROR
    assert "GRANT USAGE ON SCHEMA" in found.hint


def test_a_sequence_behind_its_column_is_named_and_set() -> None:
    user = make_user("dora")
    sql(
        "ALTER TABLE users DISABLE TRIGGER convoai_keep_sequence",
        f"UPDATE users SET id = id + 1000 WHERE id = {user.pk}",
    )
    found = findings(examine_sequences)["sequences.behind"]
    assert found.level == Level.ERROR
    assert "users at" in found.message
    follow(found.hint)
    assert problems(examine_sequences) == []


def test_a_missing_index_a_missing_rule_and_a_missing_table_are_named() -> None:
    sql(
        "DROP INDEX idx_facts_user_id",
        "ALTER TABLE extracted_facts DROP CONSTRAINT facts_confidence",
    )
    assert findings(examine_indexes)["indexes.missing"].evidence["indexes"] == ["idx_facts_user_id"]
    rules = findings(examine_constraints)["constraints.missing"]
    assert rules.evidence["constraints"] == ["facts_confidence"]
    sql("ALTER TABLE topics RENAME TO subjects")
    assert findings(examine_tables)["tables.missing"].evidence["missing"] == ["topics"]


def test_an_index_that_another_one_makes_needless_is_named() -> None:
    sql("CREATE INDEX again ON messages (conversation_id)")
    found = findings(examine_indexes)["indexes.duplicate"]
    assert found.evidence["indexes"] == {"again": "idx_messages_conversation_id"}
    assert "DROP INDEX CONCURRENTLY" in found.hint


def test_a_foreign_key_without_an_index_is_named_with_its_columns() -> None:
    sql("DROP INDEX idx_facts_source_message_id")
    found = findings(examine_indexes)["indexes.foreign_keys"]
    assert found.evidence["foreign_keys"] == ["fk_facts_source_message"]
    assert "ON extracted_facts (source_message_id, user_id)" in found.hint


def test_a_missing_migration_is_named_and_so_is_one_of_a_newer_version() -> None:
    sql("UPDATE django_migrations SET name = '9999_later' WHERE name = '0005_analysis_claim'")
    found = findings(examine_migrations)
    missing = found["migrations.missing"]
    assert missing.evidence["missing"] == ["conversations.0005_analysis_claim"]
    assert "manage.py migrate" in missing.hint
    assert found["migrations.unknown"].evidence["unknown"] == ["conversations.9999_later"]


def test_an_old_pgvector_is_named() -> None:
    class Old(Server):
        def row(self, query: str, *values: object) -> tuple[object, ...]:
            return ("14.11", 140011) if "server_version" in query else ("0.6.2", "0.6.2")

    here = Installation({"HOST": "db.example.org", "NAME": "talks", "USER": "alice"})
    found = {one.id: one for one in examine_versions(Old(None), here)}
    assert found["versions.server"].level == found["versions.pgvector"].level == Level.ERROR
    assert "psql --host=db.example.org" in found["versions.pgvector"].hint
