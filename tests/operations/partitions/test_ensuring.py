"""The next partitions are there in time, and stray rows find a partition of their own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.utils.module_loading import import_string
from django_q.models import Schedule

from convoai.operations.backup.server import Server
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.partitions import examine_partitions
from convoai.operations.doctor.server import Server as Examined
from convoai.operations.findings import Level
from convoai.operations.partitions.ensuring import ensure
from convoai.operations.partitions.schedule import FUNCTION, make_next_partitions, set_schedule
from convoai.refusals import Refusal
from tests.operations.backup.backups import execute
from tests.operations.partitions.rows import digests, fill, only, partition

NEXT = datetime.now(UTC).year + 1


@pytest.fixture
def filled(server: Server) -> Server:
    fill(server, 10)
    partition(server)
    return server


def test_a_missing_year_is_made_once(filled: Server) -> None:
    assert ensure(server=filled) == []
    execute(filled, f"DROP TABLE messages_{NEXT}")
    assert ensure(server=filled) == [f"messages_{NEXT}"]
    assert ensure(server=filled) == []
    execute(
        filled,
        "INSERT INTO messages (user_id, conversation_id, position, sender, content, created_at) "
        f"VALUES (1, 1, 9, 'user', 'later', '{NEXT}-06-01')",
    )
    assert only(filled, f"SELECT count(*) FROM messages_{NEXT} WHERE search IS NOT NULL") == 1


def test_stray_rows_are_moved_when_asked_for(filled: Server) -> None:
    execute(
        filled,
        f"DROP TABLE messages_{NEXT}, conversations_{NEXT}",
        "UPDATE messages SET created_at = '2011-01-01' WHERE id < 5",
        f"UPDATE messages SET created_at = '{NEXT}-01-01' WHERE id = 5",
    )
    before = digests(filled)
    assert only(filled, "SELECT count(*) FROM messages_default") == 5
    with pytest.raises(Refusal, match=rf"ensure --move.* Made: conversations_{NEXT}\."):
        ensure(server=filled)
    assert ensure(server=filled, move=True) == ["messages_2011", f"messages_{NEXT}"]
    assert only(filled, "SELECT count(*) FROM messages_default") == 0
    assert digests(filled) == before


def test_ordinary_tables_need_none(server: Server) -> None:
    with pytest.raises(Refusal, match="apply"):
        ensure(server=server)


def problems(server: Server) -> dict[str, Level]:
    """What the doctor says of the partitions."""
    with server.connect() as found:
        here = Installation(settings.DATABASES["default"])
        return {one.id: one.level for one in examine_partitions(Examined(found), here)}


def test_the_doctor_tells_what_is_missing_astray_or_double(filled: Server) -> None:
    assert problems(filled) == {"partitions": Level.OK}
    row = "SELECT 1, user_id, conversation_id, 9, sender, content, '2011-01-01' FROM messages"
    execute(
        filled,
        f"DROP TABLE messages_{NEXT}",
        # Past the triggers of the whole table.
        "INSERT INTO messages_default (id, user_id, conversation_id, position, sender, content, "
        f"created_at) {row} WHERE id = 1",
        "DELETE FROM conversations_2022 WHERE id = (SELECT min(id) FROM conversations_2022)",
    )
    assert problems(filled) == {
        "partitions.next": Level.WARNING,
        "partitions.default": Level.WARNING,
        "partitions.registry": Level.ERROR,
        "partitions.doubles": Level.ERROR,
    }


def test_the_worker_makes_them_daily(db: None, caplog: pytest.LogCaptureFixture) -> None:
    set_schedule()
    set_schedule()
    (schedule,) = Schedule.objects.filter(name="partitions")
    assert schedule.func == FUNCTION
    assert import_string(FUNCTION) is make_next_partitions
    make_next_partitions()
    assert not caplog.records
