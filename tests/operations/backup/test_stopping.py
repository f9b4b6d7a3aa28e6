"""A command that the system stops cleans up."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from convoai.operations.backup.stopping import cleaned_up_when_stopped


def stopped_twice(cleaned: list[str]) -> None:
    with cleaned_up_when_stopped():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append("all")


def test_being_stopped_cleans_up_once() -> None:
    before = signal.getsignal(signal.SIGTERM)
    cleaned: list[str] = []
    with pytest.raises(SystemExit) as ended:
        stopped_twice(cleaned)
    assert (ended.value.code, cleaned) == (143, ["all"])
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_thread_leaves_the_signals_of_its_process_alone() -> None:
    found: list[object] = []

    def run() -> None:
        with cleaned_up_when_stopped():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]
