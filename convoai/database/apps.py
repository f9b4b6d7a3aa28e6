"""The database room as a Django app: extensions, checks and `manage.py database`."""

from django.apps import AppConfig
from django.core import checks

from convoai.database.checks import check_driver, check_role


class DatabaseConfig(AppConfig):
    name = "convoai.database"
    label = "database"
    verbose_name = "Database"

    def ready(self) -> None:
        checks.register(check_driver, checks.Tags.database)
        # Also without --database: it needs no connection.
        checks.register(check_driver)
        checks.register(check_role, checks.Tags.database)
