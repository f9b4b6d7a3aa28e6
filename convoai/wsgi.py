"""The web server's door (WSGI): gunicorn convoai.wsgi."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convoai.settings")
application = get_wsgi_application()
