"""Chats exported from WhatsApp, as phones of several countries write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from convoai.refusals import Refusal
from convoai.transfer.transcripts.whatsapp_dates import stamp_of
from tests.transfer.test_transcript_formats import read, refusal, said, sample


def test_german_android_chat_is_read() -> None:
    found = sample("android_de.txt", naive_tz=ZoneInfo("Europe/Berlin"))
    assert (found.format, found.date_order) == ("whatsapp", "day")
    assert said(found) == [
        ("partner", "Bin gut angekommen 🚆"),
        ("user", "Der Garten im Schnee"),
        (
            "partner",
            "Schön! Ich habe zwei Fragen:\n1. Wann kommst du?\n2. Bringst du Brot mit?",
        ),
        ("user", "Um zehn. Ja."),
    ]
    assert found.started_at == datetime(2024, 1, 31, 20, 5, tzinfo=UTC)
    assert found.skipped == {"system": 1, "media": 2, "deleted": 1}


def test_american_android_chat_is_read_with_twelve_hours_and_the_month_first() -> None:
    found = sample("android_us.txt")
    assert found.date_order == "month"
    assert said(found) == [
        ("partner", "I got the job: night shifts at first"),
        ("user", "Congratulations!!"),
        ("partner", "Thank you"),
    ]
    assert [f"{one.timestamp:%m-%d %H:%M}" for one in found.messages] == [
        "01-31 21:05",
        "01-31 23:59",
        "02-01 00:02",
    ]
    assert found.skipped == {"system": 2, "media": 1}


def test_ios_chat_is_read_without_notices_calls_and_pictures() -> None:
    found = sample("ios_gb.txt")
    assert found.date_order == "day"
    assert said(found) == [
        ("partner", "We adopted a dog"),
        ("user", "What is the name?"),
        ("partner", "Biscuit, look"),
    ]
    assert found.skipped == {"system": 1, "media": 2, "call": 1, "deleted": 1}
    assert [one.speaker for one in found.messages] == ["Dana Diaz", "Alex", "Dana Diaz"]


def test_third_person_of_a_group_must_be_mapped() -> None:
    with pytest.raises(Refusal, match="7700 900142=skip"):
        sample("ios_group.txt")
    left_out = sample("ios_group.txt", "+44 7700 900142=skip")
    assert said(left_out) == [("partner", "Sunday at nine?"), ("user", "Fine.")]
    assert left_out.skipped == {"system": 1, "speaker": 1}
    as_partner = sample("ios_group.txt", "+44 7700 900142=partner")
    assert as_partner.messages[-1].sender == "partner"
    assert as_partner.messages[-1].speaker == "+44 7700 900142"


@pytest.mark.parametrize(
    ("head", "moment"),
    [
        ("31/01/2024, 21:05 - ", "2024-01-31 21:05:00"),
        ("31/01/2024 21:05 - ", "2024-01-31 21:05:00"),
        ("31/01/2024 à 21:05 - ", "2024-01-31 21:05:00"),
        ("31.01.24, 21:05 - ", "2024-01-31 21:05:00"),
        ("31-01-24 21:05 - ", "2024-01-31 21:05:00"),
        ("1/31/24, 9:05\u202fPM - ", "2024-01-31 21:05:00"),
        ("31/1/24, 9:05 p. m. - ", "2024-01-31 21:05:00"),
        ("31/1/24, 9:05 p.\u00a0m. - ", "2024-01-31 21:05:00"),
        ("2024/01/31, 21:05 - ", "2024-01-31 21:05:00"),
        ("2024-01-31, 12:05 a.m. - ", "2024-01-31 00:05:00"),
        ("[31.01.24, 21:05:33] ", "2024-01-31 21:05:33"),
        ("[31/01/2024, 09.05.33] ", "2024-01-31 09:05:33"),
        ("\u200e[1/31/24, 9:05:33\u202fPM] ", "2024-01-31 21:05:33"),
        ("[2024-01-31 21:05:33] ", "2024-01-31 21:05:33"),
    ],
)
def test_dates_of_many_phones_are_read(head: str, moment: str) -> None:
    found = read(f"{head}Dana: Hello")
    assert [(one.content, f"{one.timestamp:%Y-%m-%d %H:%M:%S}") for one in found.messages] == [
        ("Hello", moment)
    ]


@pytest.mark.parametrize(
    "line",
    [
        "31/01/2024, 25:05 - Dana: no",
        "31/01/2024, 21:65 - Dana: no",
        "1/31/24, 13:05 PM - Dana: no",
        "31/01.2024, 21:05 - Dana: no",
        "31/01/024, 21:05 - Dana: no",
        "[31/01/2024, 21:05 - Dana: no",
        "31/01/2024, 21:05] Dana: no",
    ],
)
def test_what_only_looks_like_a_date_is_none(line: str) -> None:
    assert stamp_of(line) is None


def test_date_that_does_not_exist_goes_on_with_the_message_above() -> None:
    found = read("13/01/24, 21:05 - Dana: See:\n31/02/24, 21:06 - Alex: never\n")
    assert said(found) == [("partner", "See:\n31/02/24, 21:06 - Alex: never")]


def test_day_and_month_are_told_apart_by_the_course_of_time() -> None:
    text = "01/12/24, 21:05 - Dana: a\n02/01/24, 21:05 - Dana: b\n"
    assert refusal(text.replace("24", "2x")).code == "unknown_format"
    # With the day first it would run from December back to January.
    assert read(text).date_order == "month"
    assert read("05/05/24, 21:05 - Dana: a\n").started_at.month == 5


def test_dates_that_can_be_read_both_ways_are_asked_for() -> None:
    text = "01/02/24, 21:05 - Dana: a\n"
    asked = refusal(text)
    assert (asked.code, asked.place) == ("ambiguous_dates", ("body", "date_order"))
    assert "--date-order" in asked.message
    assert read(text, date_order="day").started_at.month == 2
    assert read(text, date_order="month").started_at.month == 1
