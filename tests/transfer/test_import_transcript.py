"""manage.py import_transcript: what it says, stores and refuses."""

from __future__ import annotations

import io
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from conversations.models import Conversation, Message
from convoai.accounts.models import User
from convoai.transfer.transcripts.services import parts, store_transcript
from convoai.transfer.transcripts.transcript import Said, Wishes, read_transcript
from partners.models import ConversationPartner
from tests.factories import make_partner

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice, "Dana Diaz")


def run(*words: str) -> tuple[str, str]:
    """What the command writes to standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_transcript", *words, stdout=out, stderr=err)
    except CommandError as error:
        err.write(f"{error}\n")
    return out.getvalue(), err.getvalue()


def file(name: str) -> str:
    return str(SAMPLES / name)


def test_several_files_are_talks_and_the_second_time_none(dana: ConversationPartner) -> None:
    words = (file("android_de.txt"), file("otter.txt"), "--partner", "dana diaz")
    options = ("--speaker", "Alex=user", "--speaker", "Alex Fox=user", "--date", "2024-03-01")
    out, err = run(*words, *options)
    assert err == ""
    assert "android_de.txt: 4 messages (whatsapp, UTF-8, day first)" in out
    assert "android_de.txt: Alex = user: 2" in out
    assert "android_de.txt: left out: 1 deleted, 2 media, 1 system" in out
    assert "otter.txt: imported as conversation" in out
    talks = {talk.title: talk for talk in Conversation.objects.all()}
    assert set(talks) == {"android_de", "otter"}
    assert talks["otter"].started_at == datetime(2024, 3, 1, tzinfo=UTC)
    assert talks["otter"].messages.get(position=1).timestamp.second == 12
    again, _ = run(*words, *options)
    assert f"otter.txt: is there already as conversation {talks['otter'].pk}." in again
    assert (Conversation.objects.count(), Message.objects.count()) == (2, 7)


def test_dry_run_says_the_same_and_writes_nothing(dana: ConversationPartner) -> None:
    words = (file("zoom.vtt"), "--partner", str(dana.pk), "--me", "Alex Fox")
    dry, _ = run(*words, "--dry-run")
    assert "zoom.vtt: would be imported." in dry
    assert not Conversation.objects.exists()
    done, _ = run(*words)
    found = dry.splitlines()[1:-1]
    assert done.splitlines()[1 : 1 + len(found)] == found
    assert "Next: manage.py embed" in done
    assert "is there already as conversation" in run(*words, "--dry-run")[0]


def test_one_file_that_cannot_be_read_does_not_stop_the_others(
    dana: ConversationPartner, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.txt"
    picture.write_bytes(b"\x89PNG\xff\x01")
    out, err = run(str(picture), file("talk.json"), "--partner", "Dana Diaz")
    assert "talk.json: imported" in out
    assert "picture.txt: The file is not text" in err
    assert "1 of 2 files were not imported." in err


def test_unknown_speakers_are_listed_with_the_command_that_maps_them(
    dana: ConversationPartner,
) -> None:
    words = (file("ios_group.txt"), "--partner", "Dana Diaz", "--me", "Alex")
    _, err = run(*words)
    assert "Who is this: +44 7700 900142?" in err
    command = next(line for line in err.splitlines() if "manage.py" in line)
    again = shlex.split(command)[2:]
    assert again[-2:] == ["--speaker", "+44 7700 900142=partner"]
    again[-1] = "+44 7700 900142=skip"
    out, err = run(*again)
    assert "left out: 1 speaker, 1 system" in out
    assert err == ""


def test_partner_of_another_owner_is_found_by_the_owner(
    dana: ConversationPartner, bob: User
) -> None:
    other = make_partner(bob, "Dana Diaz")
    words = (file("talk.json"), "--partner", "Dana Diaz")
    assert "Several partners are called Dana Diaz" in run(*words)[1]
    run(*words, "--owner", "BOB@example.org")
    assert Conversation.objects.get().partner == other
    assert "There is no user" in run(*words, "--owner", "nobody@example.org")[1]
    assert "There is no partner Eda" in run(file("talk.json"), "--partner", "Eda")[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--date", "soon"), "--date must be ISO 8601"),
        (("--naive-tz", "Mars/Base"), "no time zone of this name"),
        (("--speaker", "Alex"), "Name=user"),
    ],
)
def test_wrong_options_are_one_sentence(
    words: tuple[str, ...], sentence: str, dana: ConversationPartner
) -> None:
    assert sentence in run(file("talk.json"), "--partner", "Dana Diaz", *words)[1]


def test_file_that_is_not_there_keeps_no_other_out(dana: ConversationPartner) -> None:
    out, err = run("nothing.txt", file("talk.json"), "--partner", "Dana Diaz")
    assert "nothing.txt: It cannot be read" in err
    assert "talk.json: imported" in out


def test_long_chat_is_stored_in_order_and_parts(dana: ConversationPartner, tmp_path: Path) -> None:
    chat = tmp_path / "chat.txt"
    lines = (
        f"13/0{1 + n // 20_000}/24, {n // 60 % 24:02}:{n % 60:02} - {('Dana', 'Alex')[n % 2]}: "
        f"word{n}\n"
        for n in range(20_100)
    )
    chat.write_text("".join(lines), encoding="utf-8")
    out, _ = run(str(chat), "--partner", "Dana Diaz", "--me", "Alex")
    assert "20,100 messages" in out
    talk = Conversation.objects.get()
    assert talk.messages.get(position=20_050).content == "word20050"
    assert talk.messages.count() == 20_100


def test_parts_are_bounded_in_messages_and_characters() -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    short = [Said("user", "", "x", moment)] * 40_001
    long = [Said("user", "", "x" * 32_000, moment)] * 130
    assert [len(part) for part in parts([*short, *long])] == [20_000, 20_000, 63, 62, 6]
    assert list(parts([])) == []


class Broken(Exception):
    """What a test breaks the import with."""


def test_import_that_breaks_off_leaves_nothing(
    dana: ConversationPartner,
) -> None:
    transcript = read_transcript(
        (SAMPLES / "own.txt").read_bytes(),
        partner_name=dana.name,
        wishes=Wishes(),
        now=timezone.now(),
    )

    def break_off(count: int) -> None:
        raise Broken

    with pytest.raises(Broken):
        store_transcript(user=dana.user, partner=dana, transcript=transcript, progress=break_off)
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.bad_input(23)
def test_talk_with_blank_messages_can_be_read_and_understood(
    dana: ConversationPartner, tmp_path: Path, api: APIClient
) -> None:
    chat = tmp_path / "chat.txt"
    chat.write_text("Dana: \nMe: Where do you live?\nDana: I live in Porto.\n", encoding="utf-8")
    out, _ = run(str(chat), "--partner", "Dana Diaz")
    assert "repaired: 1 blank" in out
    talk = Conversation.objects.get()
    assert api.post(f"/api/conversations/{talk.pk}/analyze").status_code == 200
    detail = api.get(f"/api/conversations/{talk.pk}").json()
    assert detail["messages"][0]["content"] == ""
    assert "Porto" in str(detail["extracted_facts"])
