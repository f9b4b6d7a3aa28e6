"""manage.py production_check: what is not yet right for a server that others reach."""

from __future__ import annotations

from convoai.operations.management.commands import doctor
from convoai.operations.production import examine_for_production


class Command(doctor.Command):
    help = (
        "Look at this installation as a server for others: all that doctor looks at, more "
        "strictly, with Django's deployment checks. Starts and changes nothing. Exit code 0: all "
        "is well, 1: warnings, 2: errors."
    )
    examination = staticmethod(examine_for_production)
