"""The pages that show the API: everything they load comes from here."""

from csp.constants import SELF
from csp.decorators import csp_update
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView

swagger_page = SpectacularSwaggerSplitView.as_view(url_name="schema")
# Redoc styles its page from its script.
redoc_page = csp_update({"style-src": [SELF, "'unsafe-inline'"]})(
    SpectacularRedocView.as_view(url_name="schema")
)
