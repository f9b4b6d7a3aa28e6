"""`transcript_search` and `messages.search`: always filled, always fresh, never in the way."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation, Message
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.conversations.rows import sql
from tests.factories import make_conversation, make_message, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice)


def finds(words: str) -> bool:
    found: bool = Conversation.objects.matching(words).exists()
    return found


def said(words: str) -> int:
    count: int = Message.objects.matching(words).count()
    return count


def test_a_talk_with_only_a_transcript_is_found(dana: ConversationPartner) -> None:
    make_conversation(dana, full_transcript="We spoke about sailing.")
    assert finds("sailing")
    assert finds("sail")
    assert not finds("rowing")


def test_a_talk_with_only_messages_is_found(dana: ConversationPartner) -> None:
    make_conversation(dana, "I went sailing.", "Where did you go?")
    assert finds("sailing")
    assert said("sailing") == 1


def test_a_talk_with_both_is_found_by_the_words_of_either(
    api: APIClient, dana: ConversationPartner
) -> None:
    api.post(
        "/api/conversations",
        {
            "partner_id": dana.pk,
            "messages": [{"sender": "user", "content": "I went sailing."}],
            "full_transcript": "We spoke about harbours.",
        },
    )
    assert finds("harbours")
    assert said("sailing") == 1


def test_title_and_summary_are_searched_and_the_title_weighs_more(
    dana: ConversationPartner,
) -> None:
    second = make_conversation(dana, "A sailing trip.", title="Lunch")
    first = make_conversation(dana, "Nothing.", title="Sailing")
    third = make_conversation(dana, "Nothing.", summary="They like sailing.")
    found = Conversation.objects.matching("sailing").order_by("-rank")
    assert list(found) == [first, third, second]


def test_words_of_an_appended_message_are_found(api: APIClient, dana: ConversationPartner) -> None:
    talk = make_conversation(dana, "Hello.")
    api.post(f"/api/conversations/{talk.pk}/messages", [{"sender": "user", "content": "Sailing!"}])
    assert finds("sailing")


def test_words_of_a_corrected_message_are_found_and_the_old_ones_are_not(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk = make_conversation(dana, "I like sailing.")
    api.patch(f"/api/messages/{talk.messages.get().pk}", {"content": "I like rowing."})
    assert (finds("sailing"), said("sailing")) == (False, 0)
    assert (finds("rowing"), said("rowing")) == (True, 1)


@pytest.mark.parametrize("way", ["api", "queryset", "sql"])
def test_words_of_a_deleted_message_are_gone(
    api: APIClient, dana: ConversationPartner, way: str
) -> None:
    talk = make_conversation(dana, "Hello.", "I like sailing.")
    message = talk.messages.get(position=1)
    if way == "api":
        api.delete(f"/api/messages/{message.pk}")
    elif way == "queryset":
        Message.objects.filter(pk=message.pk).delete()
    else:
        sql("DELETE FROM messages WHERE id = %s", message.pk)
    assert not finds("sailing")
    assert finds("hello")


def test_a_new_title_is_found_and_the_old_one_is_not(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk = make_conversation(dana, "Hello.", title="Sailing")
    api.patch(f"/api/conversations/{talk.pk}", {"title": "Rowing"})
    assert (finds("sailing"), finds("rowing"), finds("hello")) == (False, True, True)


def test_bulk_and_raw_writes_fill_the_columns(alice: User, dana: ConversationPartner) -> None:
    talks = Conversation.objects.bulk_create(
        [Conversation(user=alice, partner=dana, title=title) for title in ("Sailing", "Rowing")]
    )
    assert finds("sailing")
    sql("UPDATE conversations SET title = 'Diving' WHERE id = %s", talks[0].pk)
    assert (finds("sailing"), finds("diving")) == (False, True)
    sql(
        "INSERT INTO messages (user_id, conversation_id, position, sender, content) "
        "SELECT user_id, id, 0, 'user', 'surfing ' || id FROM conversations"
    )
    assert Conversation.objects.matching("surfing").count() == 2


def test_the_column_cannot_be_written_by_hand(dana: ConversationPartner) -> None:
    make_conversation(dana, "Hello.")
    sql("UPDATE conversations SET transcript_search = 'forged'::tsvector")
    assert (finds("forged"), finds("hello")) == (False, True)


def test_words_are_cut_in_the_language_of_the_talk(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk = make_conversation(dana, "Die Katzen schlafen.", language="german")
    lexemes = "SELECT search::text FROM messages WHERE conversation_id = %s"
    assert "'katz'" in sql(lexemes, talk.pk)[0][0]
    api.patch(f"/api/conversations/{talk.pk}", {"language": "simple"})
    assert "'katzen'" in sql(lexemes, talk.pk)[0][0]


def test_an_unknown_language_does_not_break_a_write(dana: ConversationPartner) -> None:
    make_conversation(dana, "Katzen.", language="klingon")
    assert finds("katzen")


def test_people_search_with_quotes_or_and_minus(dana: ConversationPartner) -> None:
    make_conversation(dana, "We sail at dawn.")
    assert finds('"sail at dawn"')
    assert not finds('"dawn sail"')
    assert finds("rowing or sail")
    assert not finds("sail -dawn")
    for odd in ("", '"', "a & | !", "'", "((", "\\"):
        Conversation.objects.matching(odd).count()


def post_transcript(api: APIClient, partner: ConversationPartner, text: str) -> Any:
    answer = api.post("/api/conversations", {"partner_id": partner.pk, "full_transcript": text})
    assert answer.status_code == 201, answer.content[:300]
    return answer.json()


@pytest.mark.bad_input(26)
def test_ten_megabytes_of_talk_come_back_to_the_byte(
    api: APIClient, dana: ConversationPartner
) -> None:
    sentence = "Über das Wetter, wie immer — 天気の話。\r\n\t «Nothing new», she said.  "
    text = sentence * (10_000_000 // len(sentence.encode()) + 1)
    created = post_transcript(api, dana, text)
    kept = api.get(f"/api/conversations/{created['id']}?fields=full_transcript").json()
    for found in (created, kept):
        digest = hashlib.sha256(found["full_transcript"].encode()).hexdigest()
        assert digest == hashlib.sha256(text.encode()).hexdigest()
    lengths = sql("SELECT max(length(content)), sum(length(content)) FROM messages")[0]
    assert lengths[0] <= 32_000
    assert lengths[1] == len(text)


@pytest.mark.bad_input(27, 29)
def test_every_word_of_a_million_distinct_ones_is_found(
    api: APIClient, dana: ConversationPartner
) -> None:
    post_transcript(api, dana, " ".join(f"w{number:06}x" for number in range(1_000_000)))
    probes = [f"w{number:06}x" for number in range(0, 1_000_000, 20_409)]
    assert len(probes) == 49
    assert {probe: said(probe) for probe in probes} == dict.fromkeys(probes, 1)


@pytest.mark.bad_input(28)
def test_a_single_word_of_three_megabytes_is_kept(
    api: APIClient, dana: ConversationPartner
) -> None:
    created = post_transcript(api, dana, "x" * 3_000_000)
    assert len(created["full_transcript"]) == 3_000_000
    assert finds("x") is False
    api.patch(f"/api/conversations/{created['id']}", {"title": "The long word"})
    assert finds("long word")


def test_three_megabytes_without_spaces_can_be_written_by_sql(alice: User) -> None:
    partner = make_partner(alice)
    sql(
        "INSERT INTO conversations (user_id, partner_id, title, summary, full_transcript) "
        "VALUES (%s, %s, 'Sailing', repeat('é', 3000000), repeat('日', 3000000))",
        alice.pk,
        partner.pk,
    )
    assert finds("sailing")


@pytest.mark.bad_input(1)
@pytest.mark.parametrize("place", ["full_transcript", "title", "messages"])
def test_a_nul_character_is_422_and_nothing_is_stored(
    api: APIClient, dana: ConversationPartner, place: str
) -> None:
    body: dict[str, Any] = {"partner_id": dana.pk, "messages": []}
    body[place] = [{"sender": "user", "content": "a\0b"}] if place == "messages" else "a\0b"
    answer = api.post("/api/conversations", body)
    assert answer.status_code == 422
    problem = answer.json()["detail"][0]
    assert problem["type"] == "nul_character"
    assert problem["loc"][:2] == ["body", place]
    assert not Conversation.objects.exists()


def test_words_beyond_the_indexed_part_of_a_talk_are_found_in_its_messages(
    dana: ConversationPartner,
) -> None:
    talk = make_conversation(dana)
    for _ in range(5):
        make_message(talk, "filler words " * 2_400)
    make_message(talk, "My sister keeps bees.")
    assert said("bees") == 1
    assert Message.objects.matching("bees").get().conversation == talk


def test_a_long_message_is_searched_in_its_first_100_000_characters(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk = make_conversation(dana)
    longest = "filler " * 14_000 + "bees"
    path = f"/api/conversations/{talk.pk}/messages"
    assert api.post(path, [{"sender": "user", "content": longest}]).status_code == 201
    assert said("bees") == 1
    too_long = api.post(path, [{"sender": "user", "content": "x" * 100_001}])
    assert too_long.status_code == 422
