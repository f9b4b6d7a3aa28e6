"""The web server's door for asynchronous servers (ASGI)."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convoai.settings")
application = get_asgi_application()
