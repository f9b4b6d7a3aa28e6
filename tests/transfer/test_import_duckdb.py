"""manage.py import_duckdb: what comes over, and what stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message, Topic
from convoai.accounts.models import User
from convoai.transfer.duckdb_files.importing import LOCK
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_fact, make_message, make_partner, make_user
from tests.transfer.commands import checksums, counts, everything, import_file, run
from tests.transfer.old_files import (
    PASSWORD,
    fact,
    link,
    message,
    old_hash,
    partner,
    talk,
    topic,
    user,
    vector,
    write_file,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two users; Dora's partner, two talks, messages, a topic and a fact."""
    return write_file(
        tmp_path_factory.mktemp("old") / "old.duckdb",
        users=[user(1, hashed_password=old_hash()), user(2)],
        conversation_partners=[
            partner(1, relationship="friend", image_embedding=vector(512)),
            partner(2, user_id=2, name="Kim"),
        ],
        conversations=[
            talk(1, summary="Work", is_analyzed=True, embedding=vector(768)),
            talk(2, user_id=2, partner_id=2, ended_at="2024-05-01 13:00:00+00"),
        ],
        messages=[message(1), message(2, "I work at Nordlicht."), message(3, conversation_id=2)],
        topics=[topic(1, "Work")],
        conversation_topics=[link(1, 1, relevance_score=8)],
        extracted_facts=[fact(source_message_id=2, confidence=0.75)],
    )


def test_storing_reads_no_table_anew_for_each_talk(tmp_path: Path) -> None:
    talks, messages = 60, 1_200
    many = write_file(
        tmp_path / "old.duckdb",
        conversations=[talk(number) for number in range(1, talks + 1)],
        change="INSERT INTO messages (id, conversation_id, sender, content) SELECT number, "
        f"1 + number % {talks}, 'user', repeat('word ', 60) FROM range(2, {messages}) AS r(number)",
    )
    with connection.cursor() as cursor:
        # As in a new installation: PostgreSQL knows that nothing is there.
        cursor.execute("TRUNCATE messages CASCADE")
        cursor.execute("ANALYZE messages")
        import_file(many)
        cursor.execute(
            "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'messages'"
        )
        assert cursor.fetchone()[0] < 10 * messages


def test_everything_comes_over_with_its_number(file: Path) -> None:
    report = import_file(file)
    talk = Conversation.objects.select_related("partner__user").get(pk=1)
    assert (talk.title, talk.summary, talk.is_analyzed, talk.source) == (
        *("Talk 1", "Work", True, "import"),
    )
    assert talk.started_at == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert (talk.partner.pk, talk.partner.relationship) == (1, "friend")
    assert talk.partner.user.email == "dora@example.com"
    assert [(m.pk, m.position, m.sender, m.content) for m in talk.messages.in_order()] == [
        (1, 0, "user", "Hello there."),
        (2, 1, "partner", "I work at Nordlicht."),
    ]
    assert ConversationTopic.objects.get().relevance_score == 8
    known = ExtractedFact.objects.get()
    assert (known.fact_value, known.confidence, known.origin) == ("Nordlicht", 0.75, "import")
    assert all(counts(report, name)[:2] == [2, 2] for name in ("users", "conversations"))
    assert all(ours == theirs for ours, theirs in checksums(report).values())
    assert len(checksums(report)) == 7


def test_words_that_came_over_are_found(file: Path) -> None:
    import_file(file)
    assert [one.pk for one in Conversation.objects.all().matching("nordlicht")] == [1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM messages WHERE search IS NULL OR search = ''")
        assert cursor.fetchone() == (0,)


def test_next_row_gets_the_next_number(file: Path) -> None:
    import_file(file)
    owner = User.objects.get(pk=1)
    assert make_user().pk > 2
    assert make_partner(owner).pk > 2
    assert make_conversation(make_partner(owner), "Hi.").messages.get().pk > 3


def test_old_password_opens_the_new_account(file: Path, client: Client) -> None:
    import_file(file)
    form = {"username": "Dora@Example.com", "password": PASSWORD}
    assert client.post("/accounts/login/", form).status_code == 302
    assert User.objects.get(pk=1).password.startswith("argon2$")


@pytest.mark.bad_input(87)
def test_passwords_that_nobody_can_have_are_listed(tmp_path: Path, client: Client) -> None:
    stored = ["auto-generated", "", "$2b$04$short", f"$2b$99${'a' * 53}", old_hash()]
    people = [user(number, hashed_password=one) for number, one in enumerate(stored, start=1)]
    report = import_file(write_file(tmp_path / "old.duckdb", users=people))
    usable = [one.email for one in User.objects.all() if one.has_usable_password()]
    assert usable == ["hans@example.com"]
    listed = ", ".join(f"{name}@example.com" for name in ("dora", "emil", "fritz", "gesa"))
    assert f"Without a usable password: {listed}." in report
    assert "users: no usable password: it must be set anew: 4 rows: 1-4" in report
    form = {"username": "dora@example.com", "password": "auto-generated"}
    assert client.post("/accounts/login/", form).status_code == 200


@pytest.mark.bad_input(86)
def test_long_password_of_an_imported_account_still_works(tmp_path: Path, client: Client) -> None:
    password = "word " * 20
    path = write_file(tmp_path / "old.duckdb", users=[user(hashed_password=old_hash(password))])
    import_file(path)
    form = {"username": "dora@example.com", "password": password}
    assert client.post("/accounts/login/", form).status_code == 302


def test_importing_twice_changes_nothing(file: Path) -> None:
    import_file(file)
    before = everything()
    report = import_file(file)
    assert everything() == before
    assert counts(report, "messages") == [3, 0, 0, 3]
    assert "messages: 3 are here already." in report
    assert all(ours == theirs for ours, theirs in checksums(report).values())


def test_numbers_that_are_taken_are_mapped(file: Path) -> None:
    alices = make_conversation(make_partner(make_user(pk=1), pk=1), pk=1)
    make_message(alices, "Ours.", pk=1)
    make_fact(alices.partner, pk=1)
    report = import_file(file)
    dora = User.objects.get(email="dora@example.com")
    talk = Conversation.objects.owned_by(dora).get()
    assert talk.pk != alices.pk
    assert [one.content for one in talk.messages.in_order()] == [
        *("Hello there.", "I work at Nordlicht."),
    ]
    assert ExtractedFact.objects.get(user=dora).source_message.conversation_id == talk.pk
    assert alices.messages.get().content == "Ours."
    assert "numbers are taken here, new ones given." in report
    assert all(ours == theirs for ours, theirs in checksums(report).values())


def test_mapped_rows_are_known_again_also_when_edited(file: Path) -> None:
    alices = make_conversation(make_partner(make_user(pk=1), pk=1), pk=1)
    make_message(alices, "Ours.", pk=1)
    import_file(file)
    ConversationPartner.objects.filter(name="Partner 1").update(name="Renamed")
    Message.objects.filter(content="Hello there.").update(content="Corrected.")
    before = everything()
    report = import_file(file)
    assert everything() == before
    assert "not as in the file, left as they are here" in report


def test_embedding_that_was_made_anew_here_is_no_difference(file: Path) -> None:
    import_file(file)
    vector = [0.0] * 4095 + [1.0]
    Conversation.objects.filter(pk=1).update(embedding=vector, embedding_model="of today")
    report = import_file(file)
    assert "not as in the file" not in report
    assert "agree" in run("verify_duckdb", file)
    Conversation.objects.filter(pk=1).update(embedding_model="imported-768")
    assert "conversations: not as in the file, left as they are here: 1" in import_file(file)


def test_what_a_grown_file_has_more_is_added(file: Path, tmp_path: Path) -> None:
    import_file(file)
    grown = write_file(
        tmp_path / "grown.duckdb",
        users=[user(1), user(2)],
        conversation_partners=[partner(1), partner(2, user_id=2)],
        conversations=[talk(1), talk(3, created_at="2024-06-01 12:00:00+00")],
        messages=[message(1), message(2, "I work at Nordlicht."), message(9, "And later.")],
    )
    report = import_file(grown)
    assert counts(report, "messages")[:2] == [3, 1]
    assert [one.content for one in Conversation.objects.get(pk=1).messages.in_order()] == [
        *("Hello there.", "I work at Nordlicht.", "And later."),
    ]
    assert User.objects.get(pk=1).has_usable_password()


def test_known_account_keeps_its_password(file: Path) -> None:
    own = make_user("dora", password="a password of today")
    User.objects.filter(pk=own.pk).update(email="Dora@example.com")
    import_file(file)
    assert User.objects.filter(email__iexact="dora@example.com").count() == 1
    own.refresh_from_db()
    assert own.check_password("a password of today")
    assert own.partners.get().name == "Partner 1"


def test_everything_can_be_given_to_one_owner(file: Path, alice: User) -> None:
    report = import_file(file, "--owner", "ALICE@example.org")
    assert User.objects.count() == 1
    assert Message.objects.owned_by(alice).count() == 3
    assert counts(report, "users") == [2, 0, 1, 2]
    before = everything()
    import_file(file, "--owner", alice.email)
    assert everything() == before


def test_dry_run_says_the_same_and_writes_nothing(file: Path) -> None:
    before = everything()
    dry = import_file(file, "--dry-run")
    assert everything() == before
    wet = import_file(file)
    assert [counts(dry, name) for name in before] == [counts(wet, name) for name in before]
    assert "A dry run: nothing was stored." in dry
    # Nor did it use up numbers.
    assert ExtractedFact.objects.get().pk == 1


def test_the_file_stays_as_it_is(file: Path) -> None:
    before = file.read_bytes()
    folder = sorted(file.parent.iterdir())
    import_file(file)
    assert file.read_bytes() == before
    assert sorted(file.parent.iterdir()) == folder


@pytest.mark.bad_input(103)
def test_second_import_at_the_same_time_is_refused(file: Path) -> None:
    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(CommandError, match="Another import is running"):
            import_file(file)
    finally:
        other.close()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--owner", "nobody@example.org"), "There is no user"),
        (("--naive-tz", "Europe/Nowhere"), "There is no time zone"),
        (("--batch", "0"), "--batch must be"),
        (("--batch", "99999999999999999999"), "--batch must be"),
    ],
)
def test_wrong_option_is_one_sentence(file: Path, options: Any, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        import_file(file, *options)


def test_small_batches_bring_the_same(file: Path) -> None:
    import_file(file, "--batch", 1)
    assert Message.objects.count() == 3
    assert Topic.objects.count() == 1
