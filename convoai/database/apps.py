"""The database room as a Django app: extensions, checks and `manage.py database`."""

from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    name = "convoai.database"
    label = "database"
    verbose_name = "Database"
