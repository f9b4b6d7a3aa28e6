"""The users table: what the database itself holds to."""

from __future__ import annotations

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, transaction

from convoai.accounts.models import ApiKey, User
from convoai.accounts.services import create_api_key
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_the_table_and_columns_have_their_old_names() -> None:
    columns = {
        column.name
        for column in connection.introspection.get_table_description(connection.cursor(), "users")
    }
    old = {"id", "email", "username", "hashed_password", "is_active", "created_at", "updated_at"}
    assert old <= columns


def test_an_address_is_taken_whatever_its_case() -> None:
    make_user()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="ALICE@example.org", username="other")


def test_a_username_is_taken_once() -> None:
    make_user()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="other@example.org", username="alice")


@pytest.mark.parametrize("fields", [{"email": "no at"}, {"username": ""}])
def test_senseless_values_are_refused_by_the_database(fields: dict[str, str]) -> None:
    values = {"email": "x@example.org", "username": "x", **fields}
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(**values)


def test_a_user_is_found_by_address_whatever_the_case_through_the_index() -> None:
    user = make_user()
    assert User.objects.get_by_natural_key("Alice@EXAMPLE.org") == user
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT 1 FROM users WHERE lower(email) = lower('Alice@EXAMPLE.org')"
        )
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "users_email_unique_caseless" in plan


def test_an_address_in_another_script_is_found_whatever_the_case() -> None:
    user = User.objects.create(email="ÅSA@exämple.org", username="asa")
    assert User.objects.get_by_natural_key("åsa@EXÄMPLE.org") == user


def test_updated_at_is_null_until_the_first_change() -> None:
    user = make_user()
    user.refresh_from_db()
    assert user.updated_at is None
    user.username = "alicia"
    user.save()
    user.refresh_from_db()
    assert user.updated_at is not None


def test_rows_with_ids_of_their_own_move_the_sequence() -> None:
    User.objects.create(pk=5_000_000, email="imported@example.org", username="imported")
    assert make_user().pk > 5_000_000


def test_deleting_a_user_takes_the_keys_along_in_any_way() -> None:
    alice, bob = make_user(), make_user("bob")
    create_api_key(user=alice)
    create_api_key(user=bob)
    alice.delete()
    assert ApiKey.objects.get().user == bob
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM users")
    assert not ApiKey.objects.exists()


def test_a_fixture_names_users_by_address() -> None:
    user = make_user()
    text = serializers.serialize("json", [user], use_natural_primary_keys=True)
    assert '"pk"' not in text
    (loaded,) = serializers.deserialize("json", text)
    assert loaded.object.pk == user.pk


def test_a_row_with_the_old_columns_alone_can_be_inserted() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO users (email, username, hashed_password) VALUES (%s, %s, %s)",
            ["old@example.org", "old", "!"],
        )
    old = User.objects.get(email="old@example.org")
    assert (old.is_active, old.is_staff, old.is_superuser, old.updated_at) == (
        True,
        False,
        False,
        None,
    )
