"""POST /api/conversations/transcript: a form with a file, or the file as the body."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.postgres.search import SearchQuery
from rest_framework.test import APIClient, APIRequestFactory

from conversations.models import Conversation, Message
from convoai.accounts.models import User
from convoai.api.errors import ApiError
from convoai.transfer.transcripts.body import TextParser
from partners.models import ConversationPartner
from tests.api.shapes import CONVERSATION_KEYS, assert_invalid, assert_plain_error
from tests.factories import make_partner

pytestmark = pytest.mark.django_db
PATH = "/api/conversations/transcript"
SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice, "Dana Diaz")


def upload(api: APIClient, name: str, **fields: Any) -> Any:
    file = io.BytesIO((SAMPLES / name).read_bytes())
    file.name = name
    return api.post(PATH, {"file": file, **fields}, format="multipart")


def send(api: APIClient, body: str | bytes, kind: str = "text/plain", **options: Any) -> Any:
    return api.post(f"{PATH}?{urlencode(options, doseq=True)}", body, content_type=kind)


def test_form_makes_a_talk_and_says_what_was_found(
    api: APIClient, dana: ConversationPartner
) -> None:
    answer = upload(api, "android_us.txt", partner_id=dana.pk, me="Alex")
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert set(row) == CONVERSATION_KEYS | {"detected"}
    assert (row["partner_id"], row["title"], row["source"]) == (
        dana.pk,
        "android_us",
        "transcript",
    )
    assert row["started_at"] == "2024-01-31T21:05:00Z"
    assert row["ended_at"] == "2024-02-01T00:02:00Z"
    assert row["detected"] == {
        "format": "whatsapp",
        "encoding": "UTF-8",
        "date_order": "month",
        "messages": 3,
        "speakers": [
            {"name": "Dana Diaz", "sender": "partner", "messages": 2},
            {"name": "Alex", "sender": "user", "messages": 1},
        ],
        "skipped": {"system": 2, "media": 1},
        "repaired": {},
    }
    messages = api.get(f"/api/conversations/{row['id']}/messages").json()
    assert [(one["position"], one["sender"], one["speaker"]) for one in messages] == [
        (0, "partner", "Dana Diaz"),
        (1, "user", "Alex"),
        (2, "partner", "Dana Diaz"),
    ]
    assert messages[0]["content"] == "I got the job: night shifts at first"


def test_the_same_words_make_one_talk(api: APIClient, dana: ConversationPartner) -> None:
    first = upload(api, "windows.txt", partner_id=dana.pk, me="Alex")
    text = (SAMPLES / "windows.txt").read_bytes().decode("cp1252")
    for again in (
        upload(api, "windows.txt", partner_id=dana.pk, me="Alex"),
        send(api, text.encode("utf-16"), partner=" dana diaz ", me="Alex"),
    ):
        assert again.status_code == 200
        assert again.json()["id"] == first.json()["id"]
        assert again.json()["detected"]["messages"] == 2
    assert Conversation.objects.count() == 1
    assert Message.objects.count() == 2


def test_words_of_another_user_are_another_talk(
    api: APIClient, bobs_api: APIClient, dana: ConversationPartner, bob: User
) -> None:
    other = make_partner(bob, "Dana Diaz")
    assert send(api, "Dana: hi", partner_id=dana.pk).status_code == 201
    assert send(bobs_api, "Dana: hi", partner_id=other.pk).status_code == 201
    assert_plain_error(send(bobs_api, "Dana: hi", partner_id=dana.pk), 404, "Partner not found")


@pytest.mark.parametrize("kind", ["text/vtt", "text/plain; charset=utf-16", "application/json"])
def test_body_of_any_text_type_is_read_by_its_content(
    kind: str, api: APIClient, dana: ConversationPartner
) -> None:
    answer = send(
        api,
        (SAMPLES / "zoom.vtt").read_bytes(),
        kind,
        partner_id=dana.pk,
        me="Alex Fox",
        date="2024-01-31T10:00",
        speaker=["Dana Diaz=partner"],
        title="The move",
    )
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert (row["title"], row["started_at"]) == ("The move", "2024-01-31T10:00:00Z")
    assert row["detected"]["format"] == "webvtt"


@pytest.mark.bad_input(41)
@pytest.mark.parametrize(
    ("date", "hour"), [("2024-07-01T12:00", 10), ("2024-07-01T12:00Z", 12), ("2024-07-01", 22)]
)
def test_start_without_a_zone_is_of_the_zone_that_is_named(
    date: str, hour: int, api: APIClient, dana: ConversationPartner
) -> None:
    options: dict[str, Any] = {"partner_id": dana.pk, "naive_tz": "Europe/Berlin", "date": date}
    row = send(api, "\n\nWEBVTT\n\n00:01.000 --> 00:02.000\nHello", **options).json()
    assert int(row["started_at"][11:13]) == hour


def test_backslashes_tabs_and_breaks_come_back_to_the_letter(
    api: APIClient, dana: ConversationPartner
) -> None:
    words = "C:\\new\\temp \\N \\. \t tab\n\\.\nend \u2028 \U0001f985"
    body = [{"sender": "partner", "speaker": "Da\tna\\", "content": words}]
    answer = api.post(f"{PATH}?partner_id={dana.pk}", body, format="json")
    assert answer.status_code == 201, answer.content
    [message] = api.get(f"/api/conversations/{answer.json()['id']}/messages").json()
    assert (message["content"], message["speaker"]) == (words, "Da\tna\\")


def test_every_word_of_an_imported_talk_can_be_found(
    api: APIClient, dana: ConversationPartner
) -> None:
    send(api, "Dana: We sold the lighthouse.\nMe: Why?", partner_id=dana.pk)
    talk = Conversation.objects.get()
    query = SearchQuery("lighthouse", config="english")
    assert Message.objects.get(search=query).conversation_id == talk.pk
    assert Conversation.objects.get(transcript_search=query) == talk


@pytest.mark.parametrize(
    ("options", "place", "kind"),
    [
        ({"me": "Alex", "speaker": "nonsense"}, ["query", "speaker"], "invalid_speaker"),
        ({"me": "Alex", "naive_tz": "Mars/Base"}, ["query", "naive_tz"], "unknown_zone"),
        ({"me": "Alex", "format": "pdf"}, ["query", "format"], "enum"),
        ({"me": "Alex", "date": "soon"}, ["query", "date"], "datetime_parsing"),
        ({"me": "Alex", "date_order": "year"}, ["query", "date_order"], "enum"),
        ({"me": "Alex", "nonsense": "1"}, ["query", "nonsense"], "unknown_field"),
        ({"me": "Nobody"}, ["query", "speaker"], "unknown_speakers"),
        ({"me": "Alex", "format": "srt"}, ["body"], "unknown_format"),
    ],
)
def test_wrong_options_are_named(
    options: dict[str, str], place: list[str], kind: str, api: APIClient, dana: ConversationPartner
) -> None:
    text = "Eda: one\nAlex: two\nFay: three" if options["me"] == "Nobody" else "Dana: hi"
    answer = send(api, text, partner_id=dana.pk, **options)
    assert_invalid(answer, *place, kind=kind)
    assert not Conversation.objects.exists()


def test_unknown_speakers_of_a_form_are_listed_with_what_maps_them(
    api: APIClient, dana: ConversationPartner
) -> None:
    answer = upload(api, "ios_group.txt", partner_id=dana.pk, me="Alex")
    assert_invalid(answer, "body", "speaker", kind="unknown_speakers")
    assert '"+44 7700 900142=skip"' in answer.json()["detail"][0]["msg"]
    mapped = ["+44 7700 900142=skip", "Dana Diaz=partner"]
    again = upload(api, "ios_group.txt", partner_id=dana.pk, me="Alex", speaker=mapped)
    assert again.json()["detected"]["skipped"] == {"system": 1, "speaker": 1}


def test_partner_must_be_named_once_and_be_one(api: APIClient, dana: ConversationPartner) -> None:
    assert_invalid(send(api, "Dana: hi"), "query", "partner_id")
    both = send(api, "Dana: hi", partner_id=dana.pk, partner="Dana")
    assert_invalid(both, "query", "partner_id")
    assert_plain_error(send(api, "Dana: hi", partner="Eda"), 404, "Partner not found")
    make_partner(dana.user, "DANA DIAZ")
    several = send(api, "Dana: hi", partner="Dana Diaz")
    assert several.json()["detail"][0]["type"] == "ambiguous_partner"


def test_option_in_the_form_and_in_the_address_is_refused(
    api: APIClient, dana: ConversationPartner
) -> None:
    file = io.BytesIO(b"Dana: hi")
    file.name = "a.txt"
    answer = api.post(f"{PATH}?me=Alex", {"file": file, "me": "Alex"}, format="multipart")
    assert_invalid(answer, "body", "me")


@pytest.mark.bad_input(6)
def test_body_that_is_no_text_is_422(api: APIClient, dana: ConversationPartner) -> None:
    answer = send(api, b"\x89PNG\r\n\x1a\n\xff", partner_id=dana.pk)
    assert_invalid(answer, "body", kind="invalid_encoding")
    assert_invalid(send(api, b"  ", partner_id=dana.pk), "body", kind="empty_body")
    refused = send(api, "Dana: hi", "text/plain; charset=ebcdic", partner_id=dana.pk)
    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_charset")


@pytest.mark.bad_input(24, 25)
def test_limits_of_size_and_number(
    api: APIClient, dana: ConversationPartner, monkeypatch: pytest.MonkeyPatch
) -> None:
    over_a_megabyte = "Dana: " + "bread and butter " * 70_000
    assert send(api, over_a_megabyte, partner_id=dana.pk).status_code == 201
    large = send(api, b"x" * (settings.TRANSCRIPT_BODY_LIMIT + 1), partner_id=dana.pk)
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
    many = send(api, "WEBVTT\n\n" + "-->\n" * 250_001, partner_id=dana.pk)
    assert (many.status_code, many.json()["code"]) == (413, "too_many_items")


@pytest.mark.bad_input(30)
def test_body_without_its_length_is_411(api: APIClient, dana: ConversationPartner) -> None:
    answer = api.generic(
        "POST",
        f"{PATH}?partner_id={dana.pk}",
        headers={"Transfer-Encoding": "chunked"},
        content_type="text/plain",
    )
    assert answer.status_code == 411


@pytest.mark.bad_input(30)
def test_body_that_breaks_off_is_refused() -> None:
    request = APIRequestFactory().post(PATH, "Dana: We moved to", content_type="text/plain")
    request.META["CONTENT_LENGTH"] = "4000"
    with pytest.raises(ApiError, match="breaks off"):
        TextParser().parse(io.BytesIO(request.body), "text/plain", {"request": request})


def test_nothing_is_stored_when_a_message_cannot_be(
    api: APIClient, dana: ConversationPartner
) -> None:
    text = '[{"sender": "user", "content": "x"}, {"sender": "user"}]'
    assert send(api, text, partner_id=dana.pk).status_code == 422
    assert not Conversation.objects.exists()
