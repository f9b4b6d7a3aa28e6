"""Everything that puts transcripts into the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from conversations.models import Conversation
from conversations.services.conversations import create_conversation
from convoai.accounts.models import User
from convoai.database.transactions import write
from convoai.transfer.copying import copy_rows
from convoai.transfer.transcripts.transcript import Said, Transcript
from partners.models import ConversationPartner

SOURCE = "transcript"
# One COPY holds at most so many messages and characters: each statement has a limit of time, of
# which most goes into search vectors, and brings the talk's own search column up to date.
BATCH = 20_000
BATCH_CHARACTERS = 2_000_000
COLUMNS = (
    "user_id",
    "conversation_id",
    "position",
    "sender",
    "speaker",
    "content",
    "timestamp",
)


def external_id(transcript: Transcript) -> str:
    """The name under which the same words are found again."""
    return f"transcript:{transcript.digest}"


def known_conversation(*, user: User, transcript: Transcript) -> Conversation | None:
    """The talk that an earlier import of the same words made, if it is still there."""
    talks = Conversation.objects.owned_by(user)
    known: Conversation | None = talks.filter(external_id=external_id(transcript)).first()
    return known


@write
def store_transcript(
    *,
    user: User,
    partner: ConversationPartner,
    transcript: Transcript,
    title: str | None = None,
    language: str = "english",
    progress: Callable[[int], object] = lambda count: None,
) -> tuple[Conversation, bool]:
    """The talk of a transcript with all its messages or nothing; (talk, whether it is new).

    The same words make one talk of a user, whoever the partner is said to be the second time.
    `progress` is told how many more messages are written.
    """
    conversation, is_new = create_conversation(
        user=user,
        partner=partner,
        title=title or transcript.title,
        started_at=transcript.started_at,
        ended_at=transcript.ended_at,
        language=language,
        source=SOURCE,
        external_id=external_id(transcript),
    )
    if is_new:
        first = 0
        for part in parts(transcript.messages):
            copy_rows("messages", COLUMNS, _rows(conversation, part, first))
            first += len(part)
            progress(len(part))
    return conversation, is_new


def parts(messages: Sequence[Said]) -> Iterator[list[Said]]:
    """The messages in order, in lists that one COPY can take; none is empty."""
    part: list[Said] = []
    characters = 0
    for one in messages:
        if len(part) == BATCH or (part and characters + len(one.content) > BATCH_CHARACTERS):
            yield part
            part, characters = [], 0
        part.append(one)
        characters += len(one.content)
    if part:
        yield part


def _rows(
    conversation: Conversation, messages: Sequence[Said], first: int
) -> Iterator[tuple[Any, ...]]:
    """The messages as rows of COLUMNS, at the positions from `first` on."""
    start = (conversation.user_id, conversation.pk)
    for position, one in enumerate(messages, first):
        yield (*start, position, one.sender, one.speaker, one.content, one.timestamp)
