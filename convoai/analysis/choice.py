"""Which analyzer reads talks here, as the settings say."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from convoai.analysis.model.analyzer import FallbackAnalyzer, ModelAnalyzer
from convoai.analysis.model.asking import LONGEST
from convoai.analysis.model.provider import BadChoice, Provider, provider_from
from convoai.analysis.offline.analyzer import OfflineAnalyzer
from convoai.analysis.result import Analyzer

OFFLINE = "offline"


def configured_analyzer(*, seconds: float = LONGEST) -> Analyzer:
    """The analyzer that ANALYZER names; a model may take `seconds` for one talk.

    Raises ImproperlyConfigured.
    """
    provider = configured_provider()
    if provider is None:
        return OfflineAnalyzer()
    model = ModelAnalyzer(provider, seconds=seconds)
    if settings.ANALYZER_FALLBACK == OFFLINE:
        return FallbackAnalyzer(model, OfflineAnalyzer())
    return model


def configured_provider() -> Provider | None:
    """The provider of the language model; None offline. Raises ImproperlyConfigured."""
    if settings.ANALYZER_FALLBACK not in {"", OFFLINE}:
        raise ImproperlyConfigured("ANALYZER_FALLBACK must be offline, or not set.")
    if settings.ANALYZER == OFFLINE:
        return None
    try:
        return provider_from(
            name=settings.ANALYZER,
            base_url=settings.ANALYZER_BASE_URL,
            google_key=settings.GOOGLE_API_KEY,
            openai_key=settings.OPENAI_API_KEY,
            timeout=settings.ANALYZER_TIMEOUT,
            allowed_hosts=frozenset(settings.ANALYZER_ALLOWED_HOSTS),
        )
    except BadChoice as error:
        raise ImproperlyConfigured(str(error)) from None
