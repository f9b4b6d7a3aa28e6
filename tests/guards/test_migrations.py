"""Migrations are complete, in one line, and named by hand."""

from __future__ import annotations

import io
import re

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

OUR_APPS = [
    app.label
    for app in apps.get_app_configs()
    if app.name.split(".")[0] in {"convoai", "partners", "conversations"}
]


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    output = io.StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=output, verbosity=1)
    except SystemExit:
        pytest.fail(f"make the missing migration: {output.getvalue()}")


@pytest.mark.parametrize("label", OUR_APPS)
def test_migrations_have_one_head(loader: MigrationLoader, label: str) -> None:
    assert len(loader.graph.leaf_nodes(label)) <= 1


def test_migrations_are_named_by_hand(loader: MigrationLoader) -> None:
    automatic = re.compile(r"\d{4}_(auto_|alter_|initial$|.*_and_more$)")
    ours = [name for label, name in loader.graph.nodes if label in OUR_APPS]
    assert ours
    assert not [name for name in ours if automatic.match(name)]


def test_migrations_can_be_undone(loader: MigrationLoader) -> None:
    one_way = [
        f"{label}.{name}: {operation.describe()}"
        for (label, name), migration in loader.graph.nodes.items()
        if label in OUR_APPS
        for operation in migration.operations
        if not operation.reversible
    ]
    assert not one_way
