"""Everything that changes partners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import transaction

from convoai.accounts.models import User
from convoai.database.transactions import sqlstate, write
from convoai.embedding.vectors import stored_vector
from convoai.refusals import Refusal
from partners.images import remove_image, store_image
from partners.models import ConversationPartner


@write
def create_partner(
    *,
    user: User,
    name: str,
    email: str | None = None,
    phone: str | None = None,
    notes: str | None = None,
    relationship: str | None = None,
    image_path: str | None = None,
) -> ConversationPartner:
    """A new partner of the user; `image_path` is where `store_image` put the picture."""
    partner: ConversationPartner = ConversationPartner.objects.create(
        user=user,
        name=name,
        email=email,
        phone=phone,
        notes=notes,
        relationship=relationship,
        image_path=image_path,
    )
    return partner


@write
def update_partner(
    *, partner: ConversationPartner, changes: Mapping[str, Any]
) -> ConversationPartner:
    """Write the given columns (name, email, phone, notes, relationship) and nothing else."""
    for name, value in changes.items():
        setattr(partner, name, value)
    partner.save(update_fields=[*changes, "updated_at"])
    return partner


def create_partner_with_image(
    *, user: User, image: bytes | None, **values: Any
) -> ConversationPartner:
    """As `create_partner`, with a picture (bytes from `clean_image`) if there is one: both or none.

    Raises Refusal `quota` for one picture too many, `storage_full` when the file cannot be written.
    """
    if image is None:
        return create_partner(user=user, **values)
    _refuse_over_quota(user.pk)
    path = store_image(user.pk, image)
    try:
        return create_partner(user=user, image_path=path, **values)
    except BaseException as error:
        _take_back(path, error)
        raise


def set_image(*, partner: ConversationPartner, data: bytes) -> ConversationPartner:
    """Make the bytes (from `clean_image`) the partner's picture.

    The file is written first and taken back when the row cannot be saved; the old picture goes
    once the row is safe. So no row ever names a file that is not there. Raises Refusal `quota`
    for one picture too many, `storage_full` when the file cannot be written.
    """
    if not partner.image_path:
        _refuse_over_quota(partner.user_id)
    path = store_image(partner.user_id, data)
    try:
        return _point_at_image(partner=partner, path=path)
    except BaseException as error:
        _take_back(path, error)
        raise


def _refuse_over_quota(user_id: int) -> None:
    pictures = ConversationPartner.objects.filter(user_id=user_id, image_path__startswith="faces/")
    if pictures.count() >= settings.IMAGES_PER_USER:
        raise Refusal(
            "quota",
            f"There are {settings.IMAGES_PER_USER:,} pictures already, which is the limit: "
            "remove one, or let an operator raise IMAGES_PER_USER.",
        )


def _take_back(path: str, error: BaseException) -> None:
    """Remove the file of a row that was not saved."""
    if isinstance(error, DatabaseFault) and sqlstate(error) is None:
        # The connection was lost, perhaps during COMMIT, and the row may be there after all. If
        # it is not, `manage.py sweep_images` removes the file.
        return
    remove_image(path)


@write
def _point_at_image(*, partner: ConversationPartner, path: str) -> ConversationPartner:
    locked = ConversationPartner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    old = locked.image_path
    partner.image_path = path
    # A face belongs to the picture it was read from.
    ConversationPartner.objects.filter(pk=partner.pk).update(
        image_embedding=None, image_embedding_model=None
    )
    partner.save(update_fields=["image_path", "updated_at"])
    transaction.on_commit(lambda: remove_image(old))
    return partner


@write
def set_face(
    *, partner: ConversationPartner, embedding: Sequence[float], model: str
) -> ConversationPartner:
    """Store the vector of the partner's face (as many numbers as `model` gives), of length 1.

    Raises Refusal `embedding_dims`, `embedding_range` or `embedding_norm`.
    """
    partner.image_embedding = stored_vector(embedding)
    partner.image_embedding_model = model
    partner.save(update_fields=["image_embedding", "image_embedding_model", "updated_at"])
    return partner


@write
def remove_face(*, partner: ConversationPartner) -> None:
    """Forget the vector of the partner's face; the picture stays."""
    partner.image_embedding = partner.image_embedding_model = None
    partner.save(update_fields=["image_embedding", "image_embedding_model", "updated_at"])


@write
def delete_partner(*, partner: ConversationPartner) -> None:
    """Remove the partner with all talks, messages, facts and the picture."""
    partner.delete()
