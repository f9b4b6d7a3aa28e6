"""The admin's pages, and what stands on them."""

from __future__ import annotations

import re
from typing import Any

from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conversations.models import Conversation, ExtractedFact, Message, Topic
from partners.models import ConversationPartner

MODELS: tuple[type[models.Model], ...] = (
    ConversationPartner,
    Conversation,
    Message,
    Topic,
    ExtractedFact,
)
# The issue's own limit for any page.
MOST_QUERIES = 30


def address(model: type[models.Model], page: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def page_of(record: models.Model, page: str = "change") -> str:
    return address(type(record), page, record.pk)


def get(browser: Client, where: str, **parameters: Any) -> str:
    """The text of a page that answers 200."""
    answer = browser.get(where, parameters)
    assert answer.status_code == 200, f"{where}: {answer.status_code} {answer.get('Location', '')}"
    return answer.content.decode()


def queries_of(browser: Client, where: str, **parameters: Any) -> list[str]:
    """The SQL that a page needs."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        get(browser, where, **parameters)
    return [query["sql"] for query in captured.captured_queries]


def errors(answer: Any) -> str:
    """What a form that was shown again complains about; it must have been shown again."""
    assert answer.status_code == 200, f"saved: {answer.status_code}"
    found = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', answer.content.decode(), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", text) for text in found)
