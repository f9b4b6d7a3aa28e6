"""The base of every page about people's data in the admin."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models
from django.forms import CheckboxInput
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from convoai.api.admin.deleting import Along, deletion
from convoai.api.admin.lists import QuickPaginator, RecordList
from convoai.api.admin.panels import Panel
from convoai.api.faults import fault_of
from convoai.refusals import Refusal

logger = logging.getLogger("convoai.admin")


class RecordAdmin(admin.ModelAdmin):
    """Lists that stay quick, deleting that counts, saving that never ends in a bare error.

    Staff see everybody's records, so every look at one is written to the log `convoai.admin`:
    who (the number of the staff member), did what, to which record of whom. A line in the log
    and not a row in the admin's history, because looking must not write to the database, and
    because nobody who can use the admin can remove a line from the log. Only numbers are
    written, never a name or a word that was searched for.
    """

    paginator = QuickPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200
    change_form_template = "admin/record.html"
    # What the database deletes along with a record, for the page that asks "Are you sure?".
    deleted_along: Sequence[Along] = ()

    def list_rows(self, rows: Any) -> Any:
        """The rows of the list, with what its columns need and without what they do not."""
        return rows

    def panels(self, request: HttpRequest, record: Any) -> Sequence[Panel]:
        """Related records to show below the form of a record."""
        return []

    def search(self, request: HttpRequest, rows: Any, words: str) -> Any:
        """The rows that match what was typed; by default the text of `search_fields`."""
        found, duplicates = super().get_search_results(request, rows, words)
        return found.distinct() if duplicates else found

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        if "\x00" in search_term:  # PostgreSQL takes no NUL, and no text holds one
            return queryset.none(), False
        if not search_term.strip():
            return queryset, False
        return self.search(request, queryset, search_term), False

    def action_checkbox(self, obj: models.Model) -> SafeString:
        """Named by number: the record's own name may be a column that the list does not read."""
        label = f"Select {self.opts.verbose_name} {obj.pk}"
        box = CheckboxInput({"class": "action-select", "aria-label": label}, lambda _: False)
        return box.render(ACTION_CHECKBOX_NAME, str(obj.pk))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordList]:
        return RecordList

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        return deletion(objs, self.deleted_along, request.user)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        record = context.get("original")
        if record is not None:
            context["panels"] = self.panels(request, record)
        return super().render_change_form(request, context, *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Forms check the rules; what only the database or a service can know is said here."""
        try:
            response = super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            problem = refusal.message
        except IntegrityError as error:
            fault = fault_of(error)
            problem = fault.detail if fault else "This breaks a rule of the data."
        else:
            self._note("opened", request, response)
            return response
        self.message_user(request, f"Nothing was saved. {problem}", messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return note_change(request, ADDITION, [obj], message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return note_change(request, CHANGE, [obj], message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return note_change(request, DELETION, queryset, "")

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().history_view(request, *args, **kwargs)
        self._note("opened the history of", request, response)
        return response

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().delete_view(request, *args, **kwargs)
        self._note("asked to delete", request, response)
        return response

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().changelist_view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse) and "cl" in (response.context_data or {}):
            logger.info(
                "staff %s read the list of %s", request.user.pk, self.opts.verbose_name_plural
            )
        return response

    def _note(self, did: str, request: HttpRequest, response: Any) -> None:
        """Write down that a page with a record on it is about to be shown."""
        context = getattr(response, "context_data", None) or {}
        record = context.get("original") or context.get("object")
        if record is not None:
            note_look(request, did, record)


def note_look(request: HttpRequest, did: str, record: models.Model) -> None:
    """Write down who looked at which record of whom, in numbers only."""
    owner = record.pk if isinstance(record, get_user_model()) else getattr(record, "user_id", "-")
    kind = record._meta.verbose_name
    logger.info("staff %s %s %s %s of user %s", request.user.pk, did, kind, record.pk, owner)


def note_change(request: HttpRequest, what: int, records: Any, message: Any) -> Any:
    """Write to Django's history, where records are kinds and numbers.

    A name or a sentence would stay there when the person it belongs to has been deleted.
    """
    text = json.dumps(message) if isinstance(message, list) else message
    entries = [
        LogEntry(
            user_id=int(request.user.pk or 0),
            content_type=ContentType.objects.get_for_model(record),
            object_id=record.pk,
            object_repr=f"{record._meta.verbose_name} {record.pk}",
            action_flag=what,
            change_message=text,
        )
        for record in records
    ]
    LogEntry.objects.bulk_create(entries)
    return entries[0] if entries else None
