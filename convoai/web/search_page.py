"""The page with one search box over everything a person has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views import View

from convoai.api.errors import InvalidInput, InvalidParameter, problems_of
from convoai.refusals import Refusal
from convoai.search.finding import Found, find
from convoai.search.parameters import TYPES, Search, search_asked
from convoai.search.results import Result
from partners.models import ConversationPartner

EVERYTHING = ",".join(TYPES)
KINDS = {
    EVERYTHING: "Everything",
    "message": "Messages",
    "conversation": "Talks",
    "fact": "Facts",
    "partner": "Partners",
}
NAMES = {"message": "Message", "conversation": "Talk", "fact": "Fact", "partner": "Partner"}
PARTNERS_OFFERED = 500
# What the form sends; an empty field asks for nothing.
FIELDS = ("q", "type", "partner_id", "sender", "since", "until", "offset")
ADMIN = {
    "message": "admin:conversations_message_change",
    "conversation": "admin:conversations_conversation_change",
    "fact": "admin:conversations_extractedfact_change",
    "partner": "admin:partners_conversationpartner_change",
}


@dataclass(frozen=True)
class Shown:
    """One result as the page shows it."""

    kind: str
    result: Result
    snippet: SafeString
    record: str
    talk: str | None


class SearchPage(LoginRequiredMixin, View):
    """Works without a script: the form is sent as an address that can be kept."""

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = {name: request.GET[name] for name in FIELDS if request.GET.get(name)}
        context: dict[str, Any] = {
            "asked": asked,
            "kinds": KINDS,
            "partners": ConversationPartner.objects.owned_by(request.user)
            .order_by("name", "pk")
            .values_list("pk", "name")[:PARTNERS_OFFERED],
        }
        status = 200
        if asked.get("q", "").strip():
            try:
                search = search_asked(request.user, {"type": EVERYTHING, **asked})
                context |= answer(request, search, find(search), asked)
            except (InvalidInput, InvalidParameter, Refusal) as error:
                context["problem"] = sentence(error)
                status = 422
        return render(request, "search.html", context, status=status)


def answer(
    request: HttpRequest, search: Search, found: Found, asked: dict[str, str]
) -> dict[str, Any]:
    """What the page says of a search that was made."""
    staff = bool(getattr(request.user, "is_staff", False))
    return {
        "results": [shown(result, staff=staff) for result in found.results],
        "first": search.offset + 1,
        "dropped": found.dropped,
        "not_embedded": found.not_embedded,
        "next": address(asked, search.offset + search.limit) if found.more else None,
        "previous": address(asked, max(0, search.offset - search.limit)) if search.offset else None,
    }


def address(asked: dict[str, str], offset: int) -> str:
    """The address of this search from another result on."""
    kept = {name: value for name, value in asked.items() if name != "offset"}
    return "?" + urlencode({**kept, "offset": offset} if offset else kept)


def shown(result: Result, *, staff: bool) -> Shown:
    talk = result.conversation_id if result.type != "conversation" else None
    return Shown(
        NAMES[result.type],
        result,
        # convoai.search.snippets has escaped all of it but its own marks.
        mark_safe(result.snippet),  # noqa: S308
        place_of(result.type, result.id, staff=staff),
        place_of("conversation", talk, staff=staff) if talk else None,
    )


def place_of(kind: str, pk: int, *, staff: bool) -> str:
    """The record in the admin, which staff may open, or in the API, whose routes are named so."""
    return reverse(ADMIN[kind] if staff else kind, args=[pk])


def sentence(error: InvalidInput | InvalidParameter | Refusal) -> str:
    """What is wrong with the search, for a person."""
    if isinstance(error, Refusal):
        return error.message
    found = error.problems if isinstance(error, InvalidInput) else problems_of(error.detail, [])
    return " ".join(str(one["msg"]) for one in found)
