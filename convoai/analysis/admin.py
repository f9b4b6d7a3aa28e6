"""Django-q's own pages leave the admin: they could resubmit, change and unpickle what is queued."""

from __future__ import annotations

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

admin.site.unregister([Schedule, Success, Failure, OrmQ])
