"""What the tests of hostile input share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conversations.models import Conversation
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_partner


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """A folder for pictures of this test only."""
    folder = tmp_path / "media"
    settings.MEDIA_ROOT = folder
    return folder


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    """Alice's partner."""
    return make_partner(alice, "Dana")


@pytest.fixture
def talk(dana: ConversationPartner) -> Conversation:
    """Alice's talk with Dana, of two messages."""
    return make_conversation(dana, "I moved to Lisbon.", "How is it?")
