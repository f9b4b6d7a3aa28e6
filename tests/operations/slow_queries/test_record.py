"""The record in memory: bounded, whole from many threads, honest about its p95."""

from __future__ import annotations

import random
import statistics
from concurrent.futures import ThreadPoolExecutor

from convoai.database import statement_times
from convoai.database.statement_times import OTHER, Record, quantile
from tests.database.scratch import run_script


def test_what_goes_beyond_the_limit_is_added_up_as_other() -> None:
    record = Record(most=10)
    for number in range(100):
        record.note(f"GET {number}", f"SELECT column_{'a' * number} FROM t", 0.001)
    taken = record.take()
    assert len(taken) == 11
    assert taken[OTHER].calls == 90
    assert sum(times.calls for times in taken.values()) == 100
    assert record.take() == {}


def test_only_the_first_entry_after_a_taking_is_told() -> None:
    record = Record()
    for _ in range(2):
        texts = ("SELECT a", "SELECT a", "SELECT b")
        assert [record.note("a", text, 0.1) for text in texts] == [True, False, False]
        record.take()


def test_nothing_is_lost_between_threads() -> None:
    record = Record()
    with ThreadPoolExecutor(8) as pool:
        for worker in range(8):
            pool.submit(lambda: [record.note("r", "SELECT a", 0.001) for _ in range(500)])
            pool.submit(record.give_back, {("r", f"SELECT b{worker}"): statement_times.Times()})
    assert sum(times.calls for times in record.take().values()) == 4_000


def test_p95_is_at_most_one_bucket_above_the_truth() -> None:
    record, dice = Record(), random.Random(7)
    seconds = [dice.lognormvariate(-6, 1.5) for _ in range(2_000)]
    for one in seconds:
        record.note("r", "SELECT a", one)
    ((_, times),) = record.take().items()
    truth = statistics.quantiles(seconds, n=20)[-1] * 1_000_000
    assert truth <= quantile(times.histogram, 0.95, times.longest) * 1.001
    assert quantile(times.histogram, 0.95, times.longest) <= truth * 1.45
    assert quantile([0] * 48, 0.95, 0) == 0


FORK = """
import os
from convoai.database import statement_times
statement_times.record.note("r", "SELECT a", 0.001)
child = os.fork()
if not child:
    os._exit(len(statement_times.record.take()))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), len(statement_times.record.take()))
"""


def test_a_forked_child_leaves_its_parents_counts_to_the_parent() -> None:
    assert run_script(FORK).split() == ["0", "1"]
