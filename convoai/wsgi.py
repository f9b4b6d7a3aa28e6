"""The web server's door (WSGI): gunicorn convoai.wsgi."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convoai.settings")
application = get_wsgi_application()

# Not at the top: it needs Django to be set up.
from convoai.operations.statements.recording import start_recording  # noqa: E402

start_recording("web")
