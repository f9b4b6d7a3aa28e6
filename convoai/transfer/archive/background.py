"""Archives made in the background, for accounts too large to wait for.

An order is a row in django-q's queue, and its number is the number of the archive. The file is kept
as `<user>/<number>.zip` in `exports()` for a day. Queue and file names hold numbers only.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass

from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Task
from django_q.signing import SignedPackage

from convoai.accounts.models import User
from convoai.database.transactions import write
from convoai.storage.choice import exports
from convoai.transfer.archive.writing import write_archive_to

FUNCTION = "convoai.transfer.archive.background.make"
KEPT_SECONDS = 24 * 3600
logger = logging.getLogger("convoai.transfer")


@dataclass(frozen=True)
class Order:
    """An ordered archive: `file`, its name in `exports()`, is there once `status` is `done`."""

    number: int
    status: str
    file: str | None = None


def order_archive(*, user: User) -> int:
    """Queue the making of the user's archive; return the number of the order.

    An order that waits already is returned again instead of a second one.
    """
    remove_old(user.pk)
    return _order(user=user)


@write
def _order(*, user: User) -> int:
    waiting = [
        row.pk
        for row in OrmQ.objects.filter(key=Conf.CLUSTER_NAME).order_by("-pk")
        if row.group() == group_of(user.pk)
    ]
    if waiting:
        return int(waiting[0])
    row = OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload="", lock=timezone.now())
    task = {
        **_identity(row.pk),
        "func": FUNCTION,
        "args": (),
        "kwargs": {"number": row.pk, "owner_id": user.pk},
        "group": group_of(user.pk),
        "ack_failure": True,
        "started": timezone.now(),
    }
    row.payload = SignedPackage.dumps(task)
    row.save(update_fields=["payload"])
    return int(row.pk)


def find_order(user_id: int, number: int) -> Order | None:
    """The user's order of that number; None for none, and for somebody else's. Raises OSError."""
    file = name_of(user_id, number)
    row = OrmQ.objects.filter(pk=number).first()
    task = Task.objects.filter(pk=_identity(number)["id"]).first()
    if exports().exists(file):
        return Order(number, "done", file)
    if task is not None and task.group == group_of(user_id):
        # One that was made and is gone was kept for its day.
        return None if task.success else Order(number, "failed")
    if row is not None and row.payload and row.group() == group_of(user_id):
        return Order(number, "running" if row.lock > timezone.now() else "queued")
    return None


def make(*, number: int, owner_id: int) -> None:
    """What the worker does: write the archive of the user to its file."""
    user = User.objects.filter(pk=owner_id).first()
    if user is None:
        return
    remove_old(owner_id)
    file = name_of(owner_id, number)
    if not exports().exists(file):  # of a worker that was killed after it had made it
        with exports().draft(file) as draft:
            write_archive_to(user, draft)


def name_of(user_id: int, number: int) -> str:
    return f"{user_id}/{number}.zip"


def remove_old(user_id: int) -> None:
    """Remove the user's archives of yesterday, and what killed workers left of others."""
    latest = time.time() - KEPT_SECONDS
    with suppress(OSError):
        for file in exports().files(str(user_id)):
            if file.modified < latest:
                exports().remove(file.name)


def remove_archives_of(user_id: int) -> None:
    """Remove all archives of one user."""
    try:
        exports().remove_below(str(user_id))
    except OSError:
        # Nothing looks for them later: the user is gone.
        logger.error(
            "The archives of user %s, who was deleted, could not be removed from %s: remove what "
            "lies below %s/ there.",
            user_id,
            exports().where,
            user_id,
        )


def group_of(user_id: int) -> str:
    return f"export of user {user_id}"


def _identity(number: int) -> dict[str, str]:
    return {"id": f"{number:032d}", "name": f"export {number}"}
