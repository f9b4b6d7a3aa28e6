"""A real browser that writes down what goes wrong in a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium(playwright: Playwright) -> str:
    """The path of a Chromium, playwright's own or the system's; skips the test without one."""
    own = playwright.chromium.executable_path
    if Path(own).exists():
        return own
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("No Chromium: install it, or run `playwright install chromium`.")


@contextmanager
def open_page(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page and the list of its troubles: errors in the console, in scripts and on the way."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    troubles: list[str] = []
    page.on(
        "console",
        lambda message: (
            troubles.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "response",
        lambda answer: (
            troubles.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
        ),
    )
    try:
        yield page, troubles
    finally:
        context.close()
