"""The account of one person. The e-mail address is the login name, whatever its case."""

from __future__ import annotations

import logging
from typing import ClassVar

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower, Now
from django.utils import timezone

from convoai.accounts.validators import validate_storable
from convoai.database.fields import ChangedAtField

logger = logging.getLogger(__name__)


class UserManager(BaseUserManager["User"]):
    def with_email(self, email: str) -> models.QuerySet[User]:
        """The user with this e-mail address, whatever its case; or none.

        Compares LOWER with LOWER, because `email__iexact` compiles to UPPER and would miss
        the unique index on LOWER(email).
        """
        return self.alias(email_key=Lower("email")).filter(email_key=Lower(Value(email)))

    def get_by_natural_key(self, username: str | None) -> User:
        """The user with this e-mail address, whatever its case. Raises User.DoesNotExist."""
        return self.with_email(username or "").get()

    def create_user(self, email: str, username: str, password: str | None = None) -> User:
        """Django's own entry point; the product's is `accounts.services.create_user`."""
        return self._create(email, username, password, is_staff=False, is_superuser=False)

    def create_superuser(self, email: str, username: str, password: str | None = None) -> User:
        return self._create(email, username, password, is_staff=True, is_superuser=True)

    def _create(self, email: str, username: str, password: str | None, **rights: bool) -> User:
        user = self.model(email=self.normalize_email(email), username=username, **rights)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField("e-mail address", max_length=254)
    username = models.CharField(max_length=150, validators=[validate_storable])
    password = models.CharField(max_length=255, db_column="hashed_password")
    is_active = models.BooleanField(
        "active",
        default=True,
        db_default=True,
        help_text="Switch off instead of deleting when the person's data shall stay.",
    )
    is_staff = models.BooleanField(
        "may use the admin",
        default=False,
        db_default=False,
        help_text="Staff see everybody's data in the admin.",
    )
    is_superuser = models.BooleanField(
        "has every right",
        default=False,
        db_default=False,
        help_text="May do everything in the admin, without single rights.",
    )
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    updated_at = ChangedAtField(null=True, blank=True, editable=False)
    # Noted about once a second, and only where a replica is read from (accounts.own_writes).
    wrote_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["username"]

    class Meta:
        db_table = "users"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="users_email_unique",
                violation_error_message="There is already a user with this e-mail address.",
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="users_email_unique_caseless",
                violation_error_message="There is already a user with this e-mail address.",
            ),
            models.UniqueConstraint(
                fields=["username"],
                name="users_username_unique",
                violation_error_message="There is already a user with this username.",
            ),
            models.CheckConstraint(
                condition=Q(email__contains="@"),
                name="users_email_has_at",
                violation_error_message="Enter a valid e-mail address.",
            ),
            models.CheckConstraint(
                condition=~Q(username=""),
                name="users_username_not_empty",
                violation_error_message="Enter a username.",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def natural_key(self) -> tuple[str]:
        return (self.email,)

    def clean(self) -> None:
        super().clean()
        self.email = type(self).objects.normalize_email(self.email)

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password. A broken stored hash fits no password.

        An imported hash may be cut short, and hashers raise ValueError on such text.
        """
        try:
            return super().check_password(raw_password)
        except ValueError:
            logger.warning("The stored password of user %s is not readable.", self.pk)
            # Takes as long as a real comparison, so that the answer's time says nothing.
            make_password(raw_password)
            return False

    def get_full_name(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        return self.username
