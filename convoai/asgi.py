"""The web server's door for asynchronous servers (ASGI)."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convoai.settings")
application = get_asgi_application()

# Not at the top: it needs Django to be set up.
from convoai.operations.statements.recording import start_recording  # noqa: E402

start_recording("web")
