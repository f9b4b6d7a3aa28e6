"""Messages that answer a question: found by their words, ranked by what stands around them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversations.models import ConversationTopic, Message, Topic
from convoai.accounts.models import User
from convoai.search.messages import MessageHits, search_messages
from convoai.search.question import parse_question
from convoai.search.scope import Scope
from partners.models import ConversationPartner
from tests.conversations.rows import sql
from tests.factories import make_conversation, make_message, make_partner

pytestmark = pytest.mark.django_db

Find = Callable[..., list[str]]


@pytest.fixture(params=["whole", "narrowed"], autouse=True)
def scope_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test here holds for scopes that are ranked whole and for those that are too large."""
    if request.param == "narrowed":
        monkeypatch.setattr("convoai.search.messages.SMALL", 0)
    return str(request.param)


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice)


def hits_for(user: User, words: str, *, mode: str = "text", **scope: Any) -> MessageHits:
    return search_messages(
        scope=Scope(user_id=user.pk, **scope),
        question=parse_question(words),
        mode=mode,
        limit=100,
    )


@pytest.fixture
def find(alice: User) -> Find:
    """The words of alice's messages that are found, best first."""

    def find(words: str, **options: Any) -> list[str]:
        ids = [hit.id for hit in hits_for(alice, words, **options).hits]
        content = dict(Message.objects.filter(pk__in=ids).values_list("pk", "content"))
        return [content[pk] for pk in ids]

    return find


def test_the_message_that_holds_the_word_comes_first(find: Find, dana: ConversationPartner) -> None:
    make_conversation(dana, "Hello.", "I keep bees in the garden.", "Lovely weather today.")
    make_conversation(dana, "We spoke about boats.", "And about the sea.")
    assert find("bees")[0] == "I keep bees in the garden."
    assert find("beekeeping zebra") == []


def test_any_word_of_a_question_is_enough(find: Find, dana: ConversationPartner) -> None:
    make_conversation(dana, "I keep bees.", "Nice.")
    assert "I keep bees." in find("When did Dana begin to keep bees on the roof of the hospital?")


def test_the_answer_beside_the_question_is_found(find: Find, dana: ConversationPartner) -> None:
    make_conversation(dana, "Where did you spend your holiday?", "In Norway, by boat!")
    make_conversation(dana, "Nothing new here.", "Same.")
    assert find("Where did the holiday take place?")[0] == "In Norway, by boat!"


def test_who_is_named_counts_by_label_partner_or_user(
    find: Find, alice: User, dana: ConversationPartner
) -> None:
    make_conversation(dana, "I bought a red boat.")
    make_conversation(dana, "Hello.", "I bought a red boat!")
    assert find("Which boat did Dana buy?")[0] == "I bought a red boat."
    assert find("Which boat did Alice buy?")[0] == "I bought a red boat!"
    assert find("Which boat did I buy?")[0] == "I bought a red boat!"
    Message.objects.filter(content__endswith=".").update(speaker="Melanie")
    assert find("Which boat did Melanie buy?")[0] == "I bought a red boat."


def test_talks_with_the_partner_who_is_named_come_first(
    find: Find, alice: User, dana: ConversationPartner
) -> None:
    make_conversation(make_partner(alice, "Emil"), "The new boat is green.")
    make_conversation(dana, "The new boat is blue.")
    make_conversation(make_partner(alice, "Fritz"), "The new boat is white.")
    assert find("What colour is Dana's boat?")[0] == "The new boat is blue."
    assert find("What colour is Emil's boat?")[0] == "The new boat is green."


def test_a_renamed_partner_is_found_by_the_new_name(find: Find, dana: ConversationPartner) -> None:
    make_conversation(dana, "I bought a red boat.", "I bought a red boat!")
    ConversationPartner.objects.filter(pk=dana.pk).update(name="Zoë Ångström")
    assert find("Which boat did Zoe buy?")[0] == "I bought a red boat."


def test_the_day_that_is_named_counts(find: Find, dana: ConversationPartner) -> None:
    talk = make_conversation(dana)
    for day in (1, 8, 20):
        moment = datetime(2023, 5, day, 12, tzinfo=UTC)
        make_message(talk, f"Swimming, number {day}.", sender="user", timestamp=moment)
    assert find("What was on 8 May 2023?")[0] == "Swimming, number 8."
    assert find("swimming on May 20")[0] == "Swimming, number 20."


def test_phrases_exclusion_and_or(find: Find, dana: ConversationPartner) -> None:
    make_conversation(dana, "We sail at dawn.", "At dawn the sail was torn.", "Rowing is fine.")
    assert find('"sail at dawn"') == ["We sail at dawn."]
    assert find('"dawn sail"') == []
    assert set(find('"sail at dawn" OR "rowing"')) == {"We sail at dawn.", "Rowing is fine."}
    assert find('"sail at dawn" -we') == ["We sail at dawn."]
    assert "At dawn the sail was torn." not in find("sail -torn")
    assert find('dawn -"sail was torn"')[0] == "We sail at dawn."


def test_accents_do_not_matter_on_either_side(find: Find, dana: ConversationPartner) -> None:
    make_conversation(dana, "Das Café heißt Łódź.", "A cafe in Lodz.")
    for words in ("café", "cafe", "Łódź", "lodz", "CAFÉ"):
        assert {"Das Café heißt Łódź.", "A cafe in Lodz."} == set(find(words)), words
    assert find("heisst")[0] == "Das Café heißt Łódź."


@pytest.mark.bad_input(28)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("昨日は天気がとても良かったです。", "天気"),
        ("昨日は天気がとても良かったです。", "気"),
        ("我在北京大學學習計算機科學", "計算機"),
        ("ฉันชอบกินข้าวผัดมาก", "ข้าวผัด"),
        ("어제 서울에서 친구를 만났어요", "서울"),
        ("字" * 800 + "海豚" + "字" * 800, "海豚"),
        ("https://example.org/" + "a" * 3_000 + " pelican", "pelican"),
    ],
)
def test_text_without_spaces_is_found(
    find: Find, dana: ConversationPartner, text: str, words: str
) -> None:
    make_conversation(dana, text)
    assert find(words) == [text]
    assert find(f'"{words}"') == [text]
    assert find("鯨鯊 whale") == []


def test_every_word_of_an_endless_message_is_found(find: Find, dana: ConversationPartner) -> None:
    talk = make_conversation(dana)
    text = " ".join(f"w{number:06}x" for number in range(30_000))
    make_message(talk, text)
    for number in range(0, 30_000, 2_999):
        assert len(find(f"w{number:06}x")) == 1, number
    assert len(find('"w020001x w020002x w020003x"')) == 1
    assert find('"w020001x w020003x"') == []


@pytest.mark.bad_input(29)
def test_a_phrase_at_the_20_001st_word_is_found(find: Find, dana: ConversationPartner) -> None:
    talk = make_conversation(dana)
    make_message(talk, "so " * 20_000 + "We sail at dawn.")
    assert len(find('"sail at dawn"')) == 1
    assert find('"dawn sail"') == []
    assert find("dawn") != []


def test_languages_of_talks_are_searched_together(find: Find, dana: ConversationPartner) -> None:
    make_conversation(dana, "Die Katzen schlafen.", language="german")
    make_conversation(dana, "The cats sleep.", language="english")
    make_conversation(dana, "Katten sover.", language="simple")
    assert "Die Katzen schlafen." in find("Katze")
    assert "The cats sleep." in find("cat")
    assert "Katten sover." in find("katten")


def test_filters_leave_only_what_they_name(
    find: Find, alice: User, dana: ConversationPartner
) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    first = make_conversation(dana)
    make_message(first, "Bees one.", timestamp=moment)
    make_message(first, "Bees two.", timestamp=moment + timedelta(days=1))
    second = make_conversation(make_partner(alice, "Emil"))
    make_message(second, "Bees three.", timestamp=moment + timedelta(days=2))
    topic = Topic.objects.create(name="Insects")
    ConversationTopic.objects.create(
        user=alice, conversation=second, topic=topic, relevance_score=5
    )
    assert set(find("bees", partner_id=dana.pk)) == {"Bees one.", "Bees two."}
    assert find("bees", conversation_id=second.pk) == ["Bees three."]
    assert find("bees", topic=topic.pk) == ["Bees three."]
    assert find("bees", sender="user") == ["Bees two."]
    assert find("bees", since=moment + timedelta(days=2)) == ["Bees three."]
    assert find("bees", until=moment + timedelta(days=1)) == ["Bees one."]


@pytest.mark.bad_input(68)
def test_nobody_finds_what_others_said(alice: User, bob: User, dana: ConversationPartner) -> None:
    talk = make_conversation(dana, "I keep bees.")
    assert hits_for(bob, "bees").hits == []
    assert hits_for(bob, "bees", partner_id=dana.pk).hits == []
    assert hits_for(bob, "bees", conversation_id=talk.pk).hits == []
    for words in (f"owner {alice.pk}", f"'owner {alice.pk}'", f'"owner {alice.pk}"'):
        assert hits_for(bob, words).hits == []


def test_pages_follow_each_other(alice: User, dana: ConversationPartner) -> None:
    make_conversation(dana, *[f"Bees {number}." for number in range(20)])
    whole = [hit.id for hit in hits_for(alice, "bees").hits]
    question, scope = parse_question("bees"), Scope(user_id=alice.pk)
    pages = [
        hit.id
        for offset in range(0, 25, 5)
        for hit in search_messages(
            scope=scope, question=question, mode="text", limit=5, offset=offset
        ).hits
    ]
    assert pages == whole
    assert len(set(pages)) == 20


def test_the_shares_of_the_signals_make_the_score(alice: User, dana: ConversationPartner) -> None:
    make_conversation(dana, "I keep bees.", "Since when?", "Since last year.")
    for hit in hits_for(alice, "When did Dana get the bees?").hits:
        assert hit.score == pytest.approx(sum(hit.signals.values()))
        assert hit.signals


def test_dropped_words_are_named(alice: User, dana: ConversationPartner) -> None:
    make_conversation(dana, "I keep bees.")
    assert hits_for(alice, "what did she say about the bees").dropped == [
        *("say", "what", "did", "she", "about", "the"),
    ]


def test_odd_searches_find_nothing_and_break_nothing(
    find: Find, alice: User, dana: ConversationPartner
) -> None:
    make_conversation(dana, "Hello there.")
    for odd in ("", '"', "-", "(((", "\\", "'", "&|!:*", "''", "\u200b", "-hello", '""'):
        assert find(odd) == [], odd
    assert hits_for(make_user_without_talks(), "bees").hits == []


def make_user_without_talks() -> User:
    return User.objects.create(email="dora@example.org", username="dora")


def test_the_owner_cannot_be_forged_into_a_message(
    find: Find, bob: User, dana: ConversationPartner
) -> None:
    make_conversation(dana, f"owner {bob.pk} 'owner {bob.pk}' bees")
    held = sql("SELECT search::text FROM messages")[0][0]
    assert f"'owner {dana.user_id}'" in held
    assert f"'owner {bob.pk}'" not in held


def test_whoever_asks_about_a_partner_means_talks_with_them(alice: User) -> None:
    make_conversation(make_partner(alice, "Sarah"), "The dog ate my socks.")
    make_conversation(
        make_partner(alice, "Leila"), "Guess where I called from, and what the dogs are called."
    )
    found = hits_for(alice, "What is Sarah's dog called?").hits
    first = Message.objects.get(pk=found[0].id)
    assert first.conversation.partner.name == "Sarah"
