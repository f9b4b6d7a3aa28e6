"""What PostgreSQL or our rules refuse is mended or left out, and each case is reported."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message, Topic
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.transfer.commands import checksums, counts, everything, import_file
from tests.transfer.old_files import (
    fact,
    link,
    message,
    partner,
    talk,
    topic,
    user,
    vector,
    write_file,
)

pytestmark = pytest.mark.django_db


def report_of(folder: Path, **tables: Any) -> str:
    """What importing such a file prints; and a second time changes nothing and agrees."""
    path = write_file(folder / "old.duckdb", plain=True, **tables)
    report = import_file(path)
    before = everything()
    again = import_file(path)
    assert everything() == before
    for found in (report, again):
        assert all(ours == theirs for ours, theirs in checksums(found).values())
    return report


@pytest.mark.bad_input(1)
@pytest.mark.bad_input(23)
def test_odd_messages_are_kept_and_reported(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        messages=[
            message(1, "before\x00after"),
            message(2, "  "),
            message(3, None),
            message(4, "Hi.", sender="Assistant"),
            message(5, "Ho.", sender="USER"),
            message(6, "Lost.", conversation_id=77),
            message(7, "Twice."),
            message(7, "Twice the number."),
            message(8, "Long ago.", timestamp="0044-03-15 12:00:00+00"),
            message(9, "Never.", timestamp="infinity"),
            message(10, "Timeless.", timestamp=None, created_at=None),
            {**message(11, "Without a number."), "id": None},
        ],
    )
    assert counts(report, "messages") == [12, 11, 9, 1]
    contents = dict(Message.objects.values_list("content", "sender"))
    assert contents["before\u2400after"] == "user"
    assert contents["Hi."] == "partner"
    assert contents["Ho."] == "user"
    assert {"", "  ", "Twice.", "Twice the number.", "Without a number."} <= contents.keys()
    assert Message.objects.get(content="Hi.").speaker == "Assistant"
    assert Message.objects.get(content="Never.").timestamp.year == 2200
    for line in (
        "messages: content: NUL characters became \u2400: 1 row: 1",
        "messages: content is empty, kept: 2 rows: 2-3",
        "messages: its conversation is missing: 1 row: 6",
        "messages: the number stands twice, a new one given: 1 row: 7",
    ):
        assert line in report


def test_topics_that_differ_by_case_become_one(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        conversations=[talk(1), talk(2)],
        topics=[topic(1, "Work"), topic(2, "WORK"), topic(3, "  "), topic(4, "Straße")],
        conversation_topics=[
            *(link(1, 1, relevance_score=3), link(1, 2, relevance_score=40), link(2, 2)),
            *(link(2, 3), link(2, 4, relevance_score=None)),
        ],
    )
    assert sorted(Topic.objects.values_list("name", flat=True)) == ["Straße", "Work"]
    links = ConversationTopic.objects.order_by("conversation_id", "topic__name")
    assert list(links.values_list("conversation_id", "topic__name", "relevance_score")) == [
        *((1, "Work", 10), (2, "Straße", 5), (2, "Work", 5)),
    ]
    assert "topics: merged with the topic of the same name: 1 row: 2" in report
    assert "topics: it has no name: 1 row: 3" in report


def test_of_two_current_values_of_a_key_the_newest_stays(tmp_path: Path) -> None:
    later = {"extracted_at": "2024-07-01 12:00:00+00"}
    report = report_of(
        tmp_path,
        extracted_facts=[
            fact(1, value="Nordlicht"),
            fact(2, value="Südlicht", **later),
            fact(3, value="Ostlicht", is_current=False),
            fact(4, "hobby", "chess"),
            fact(5, "hobby", "rowing"),
        ],
    )
    older, newer = ExtractedFact.objects.get(pk=1), ExtractedFact.objects.get(pk=2)
    assert (older.is_current, older.superseded_by_id) == (False, 2)
    assert older.valid_to == newer.extracted_at == datetime(2024, 7, 1, 12, tzinfo=UTC)
    current = ExtractedFact.objects.current().order_by("pk")
    assert [one.fact_value for one in current] == ["Südlicht", "chess", "rowing"]
    assert "older value of a key that has one value at a time: no more current: 1 row: 1" in report


def test_what_is_current_here_stays_so(tmp_path: Path) -> None:
    path = write_file(tmp_path / "old.duckdb", users=[user()])
    import_file(path)
    person = ConversationPartner.objects.get()
    ExtractedFact.objects.create(
        user_id=person.user_id, partner=person, fact_key="employer", fact_value="of today"
    )
    (tmp_path / "more").mkdir()
    import_file(write_file(tmp_path / "more" / "old.duckdb", extracted_facts=[fact(99)]))
    assert [one.fact_value for one in ExtractedFact.objects.current()] == ["of today"]
    assert ExtractedFact.objects.get(pk=99).superseded_by.fact_value == "of today"


def test_fact_whose_value_stands_in_its_message_has_a_quote(tmp_path: Path) -> None:
    report_of(
        tmp_path,
        messages=[message(1, "I work at Nordlicht, you know.")],
        extracted_facts=[fact(1), fact(2, "home", "Kiel"), fact(3, "pet", "a cat", **NOWHERE)],
    )
    quoted, unquoted, loose = ExtractedFact.objects.order_by("pk")
    assert (quoted.quote, quoted.quote_start, quoted.review) == ("Nordlicht", 10, "unreviewed")
    assert (unquoted.quote, unquoted.review, unquoted.is_current) == ("", "needs_review", True)
    assert (loose.source_message_id, loose.conversation_id) == (None, None)


NOWHERE = {"source_message_id": 500, "conversation_id": 600}


def test_odd_facts(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        extracted_facts=[
            fact(1, "a", confidence=85.0),
            fact(2, "b", confidence=float("nan")),
            fact(3, None, confidence=None),
            fact(4, "d", ""),
            fact(5, "e", partner_id=9),
            fact(6, "f" * 300, category=None),
        ],
    )
    assert counts(report, "extracted_facts") == [6, 4, 4, 2], report
    found = {one.pk: one for one in ExtractedFact.objects.all()}
    assert [found[number].confidence for number in (1, 2, 3)] == [1.0, 0.0, 1.0]
    assert (found[3].fact_key, found[6].category, len(found[6].fact_key)) == ("note", "other", 200)
    assert "its partner is missing: 1 row: 5" in report
    assert "it has no value: 1 row: 4" in report


def test_odd_users(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        users=[
            user(1, username="x" * 200),
            user(2, email="DORA@example.com", username="dora"),
            user(3, email="no address", username=None, is_active=None),
        ],
        conversation_partners=[partner(1), partner(2, user_id=2), partner(3, user_id=50)],
    )
    dora, other = User.objects.order_by("pk")
    assert (len(dora.username), dora.partners.count()) == (150, 2)
    assert (other.email, other.username) == ("user-3@imported.invalid", "user-3")
    assert "its e-mail address is another user's: merged with that one: 1 row: 2" in report
    assert "its user is missing: 1 row: 3" in report


def test_taken_username_gets_a_number(tmp_path: Path, alice: User) -> None:
    report_of(tmp_path, users=[user(1, username="alice"), user(2, username="alice")])
    names = User.objects.exclude(pk=alice.pk).values_list("username", flat=True)
    assert len({"alice", *names}) == 3


def test_odd_partners_and_talks(tmp_path: Path) -> None:
    early, late = "2024-05-01 10:00:00+00", "2024-05-01 14:00:00+00"
    report = report_of(
        tmp_path,
        users=[user(1), user(2)],
        conversation_partners=[
            partner(1, name=None, image_path="faces/999/theirs.jpg"),
            partner(2, user_id=2, name="n" * 300, image_path="uploads/faces/2.jpg"),
        ],
        conversations=[
            talk(1, ended_at=early, title="t" * 600),
            talk(2, partner_id=2),
            talk(3, started_at=None, created_at=late, is_analyzed=None),
            talk(4, partner_id=None),
        ],
        messages=[message(1, conversation_id=2)],
    )
    first, second = ConversationPartner.objects.order_by("pk")
    assert (first.name, first.image_path) == ("(no name)", None)
    assert (len(second.name), second.image_path) == (255, "uploads/faces/2.jpg")
    talks = {one.pk: one for one in Conversation.objects.all()}
    assert (talks[1].ended_at, len(talks[1].title)) == (None, 500)
    assert talks[2].user_id == 2
    assert talks[3].started_at == talks[3].created_at
    assert counts(report, "conversations") == [4, 3, 3, 1]
    assert "its partner is another user's: given to them: 1 row: 2" in report


@pytest.mark.bad_input(48)
def test_bad_vectors_are_left_empty_and_reported(tmp_path: Path) -> None:
    texts = {
        "has no direction": ["[" + ", ".join([number] * 512) + "]" for number in ("0", "1e-30")],
        "holds numbers too large": ["[" + ", ".join(["1e300"] * 512) + "]"],
        "holds NaN or infinity": ["[NaN" + ", 1" * 511 + "]"],
        "has more than 4096 numbers": [vector(5000)],
        "has a size that no model has": [vector(511), "[]"],
        "holds something else than numbers": ['["a"' + ", 1" * 511 + "]"],
        "is no JSON list": ["{}", "words"],
    }
    bad = [text for several in texts.values() for text in several]
    path = write_file(
        tmp_path / "old.duckdb",
        plain=True,
        # A column of text can hold what one of JSON refuses.
        vector_type="VARCHAR",
        conversation_partners=[
            partner(number, image_embedding=text) for number, text in enumerate(bad, start=1)
        ],
    )
    report = import_file(path)
    number = 1
    for says, several in texts.items():
        line = f"conversation_partners: image_embedding {says}, left empty: "
        assert re.search(f"{line}{len(several)} rows?: {number}", report), report
        number += len(several)
    assert not ConversationPartner.objects.exclude(image_embedding=None).exists()


def test_vectors_are_padded_and_normalised(tmp_path: Path) -> None:
    report_of(
        tmp_path,
        conversation_partners=[partner(1, image_embedding=vector(512, 3.0))],
        conversations=[talk(1, embedding=vector(768))],
    )
    person = ConversationPartner.objects.defer(None).get()
    assert len(person.image_embedding) == 4096
    assert sum(one * one for one in person.image_embedding) == pytest.approx(1)
    assert set(person.image_embedding[512:]) == {0}
    assert person.image_embedding_model == "imported-512"
    assert Conversation.objects.defer(None).get().embedding_model == "imported-768"


def test_transcript_of_a_talk_without_messages_is_cut_into_messages(tmp_path: Path) -> None:
    own = "2024-05-01T12:00:00+00:00 [user]: Hi.\n2024-05-01T12:00:20+00:00 [partner]: Ho."
    report = report_of(
        tmp_path,
        conversations=[
            talk(1, full_transcript=own),
            talk(2, full_transcript="Just words, said by nobody known."),
            talk(3, full_transcript=own),
            talk(4, full_transcript=" "),
        ],
        messages=[message(1, conversation_id=3)],
    )
    said = Message.objects.filter(conversation_id=1).in_order()
    assert [(one.sender, one.content) for one in said] == [("user", "Hi."), ("partner", "Ho.")]
    assert said[1].timestamp == datetime(2024, 5, 1, 12, 0, 20, tzinfo=UTC)
    assert Message.objects.get(conversation_id=2).content.startswith("Just words")
    assert Message.objects.filter(conversation_id=3).count() == 1
    assert counts(report, "messages") == [1, 4, 0, 0]
    assert "3 made from the transcripts of conversations 1-2." in report


def test_older_shapes_are_read(tmp_path: Path) -> None:
    path = write_file(
        tmp_path / "old.duckdb",
        plain=True,
        without="conversations.full_transcript conversation_partners.image_embedding "
        "users.updated_at messages.created_at",
        change="ALTER TABLE messages ADD COLUMN mood VARCHAR; CREATE TABLE more (id INTEGER); "
        "ALTER TABLE conversations ALTER embedding TYPE FLOAT[] USING CAST(NULL AS FLOAT[])",
        messages=[{**message(1), "created_at": None}],
    )
    report = import_file(path)
    assert Message.objects.get().created_at == Message.objects.get().timestamp
    assert "Not read, unknown columns of messages: mood." in report
    assert "Not read, unknown tables: more." in report
    assert "Not in the file, columns of conversations: full_transcript." in report
    assert all(ours == theirs for ours, theirs in checksums(report).values())


@pytest.mark.bad_input(41)
@pytest.mark.parametrize(
    ("kind", "zone", "hour"), [("TIMESTAMP", "Europe/Berlin", 10), ("VARCHAR", "UTC", 12)]
)
def test_times_without_a_zone_are_taken_for_the_given_one(
    tmp_path: Path, kind: str, zone: str, hour: int
) -> None:
    path = write_file(
        tmp_path / "old.duckdb",
        plain=True,
        change=f"ALTER TABLE messages ALTER timestamp TYPE {kind} "
        f"USING CAST('2024-05-01 12:00:00' AS {kind})",
    )
    import_file(path, "--naive-tz", zone)
    assert Message.objects.get().timestamp == datetime(2024, 5, 1, hour, tzinfo=UTC)
