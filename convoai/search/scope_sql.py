"""A scope as conditions in SQL; every one begins with the owner."""

from __future__ import annotations

from typing import Any

from convoai.search.scope import Scope


def talks_of(scope: Scope) -> tuple[str, dict[str, Any]]:
    """The condition for conversations (alias `talk`) of a scope, and its values.

    Sender and times are not in it: what stands around a message counts whoever said it when.
    """
    conditions = ["talk.user_id = %(user_id)s"]
    values: dict[str, Any] = {"user_id": scope.user_id}
    if scope.partner_id is not None:
        conditions.append("talk.partner_id = %(partner_id)s")
        values["partner_id"] = scope.partner_id
    if scope.conversation_id is not None:
        conditions.append("talk.id = %(conversation_id)s")
        values["conversation_id"] = scope.conversation_id
    if scope.topic is not None:
        conditions.append(
            "EXISTS (SELECT FROM conversation_topics AS link WHERE link.user_id = talk.user_id"
            " AND link.conversation_id = talk.id AND link.topic_id = %(topic)s)"
        )
        values["topic"] = scope.topic
    return " AND ".join(conditions), values


def moments_of(scope: Scope) -> tuple[str, dict[str, Any]]:
    """Conditions (beginning with AND) for messages around the times of a scope, and values.

    A day more on both sides: what was said just before still tells what an answer means.
    """
    conditions, values = "", {}
    if scope.since is not None:
        conditions += " AND message.timestamp >= %(around_since)s - interval '1 day'"
        values["around_since"] = scope.since
    if scope.until is not None:
        conditions += " AND message.timestamp < %(around_until)s + interval '1 day'"
        values["around_until"] = scope.until
    return conditions, values
