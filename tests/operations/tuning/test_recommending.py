"""What is recommended for machines of all sizes, and how they are looked at."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from convoai.operations.cgroups import limits
from convoai.operations.findings import Level
from convoai.operations.tuning.advice import Purpose
from convoai.operations.tuning.disks import Disk, disk_of
from convoai.operations.tuning.machine import Machine, this_machine
from convoai.operations.tuning.planning import provider_of
from convoai.operations.tuning.recommending import cache_level
from convoai.operations.tuning.units import GB, KB, MB, parse_size, size_text, value_of
from tests.operations.tuning.machines import asked, number, recommended, setting, values

TAKES_MEMORY = ("shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem")
SIZES = [512 * MB, GB, 2 * GB, 4 * GB, 8 * GB, 16 * GB, 64 * GB, 256 * GB]
LARGE = asked(200 * GB)


@pytest.mark.parametrize(
    ("memory", "cores", "buffers", "work"),
    [
        (512 * MB, 1, 32 * MB, 4 * MB),
        (2 * GB, 2, 400 * MB, 22 * MB),
        (16 * GB, 4, 3 * GB + 896 * MB, 64 * MB),
        (256 * GB, 64, 63 * GB, 64 * MB),
    ],
    ids=["small VPS", "2 GB", "16 GB", "256 GB and 64 cores"],
)
def test_machines_of_all_sizes(memory: int, cores: int, buffers: int, work: int) -> None:
    found = values(memory, cores=cores, server=LARGE)
    assert found["shared_buffers"] == buffers
    assert found["work_mem"] == work
    assert found["max_connections"] == 100
    assert found["max_worker_processes"] == max(cores, 8)


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("database", [10 * MB, 3 * GB, 500 * GB])
def test_more_memory_never_means_less_and_never_too_much(purpose: Purpose, database: int) -> None:
    found = [values(size, purpose=purpose, server=asked(database)) for size in SIZES]
    for small, large in pairwise(found):
        for name in TAKES_MEMORY:
            assert number(small[name]) <= number(large[name]), name
    for memory, one in zip(SIZES, found, strict=True):
        assert number(one["shared_buffers"]) <= 0.25 * memory
        assert number(one["effective_cache_size"]) <= 0.75 * memory
        assert number(one["shared_buffers"]) <= number(one["effective_cache_size"])
        if memory >= 2 * GB:
            # All statements at once, with a sort each, and three cleaners.
            busy = 18 * number(one["work_mem"]) + 3 * number(one["maintenance_work_mem"])
            assert number(one["shared_buffers"]) + busy < memory


def test_a_machine_shared_with_a_browser_gives_the_database_less() -> None:
    web, shared = (values(16 * GB, purpose=p, server=LARGE) for p in (Purpose.WEB, Purpose.SHARED))
    for name in TAKES_MEMORY[:2]:
        assert number(shared[name]) < 0.6 * number(web[name])
    own = recommended(Machine(16 * GB), purpose=Purpose.SHARED).budget
    assert own is not None
    assert "half is left to other programs" in " ".join(own.lines)
    assert "convoai's own 3 processes get 448 MB" in " ".join(own.lines)


def test_a_server_with_a_machine_of_its_own_gets_all_of_it() -> None:
    alone = values(8 * GB, is_ours=False, server=LARGE)
    assert alone["shared_buffers"] == 2 * GB
    assert alone["effective_cache_size"] == 6 * GB


def test_loading_gets_room_for_indexes_and_a_longer_log() -> None:
    web, load = (values(16 * GB, purpose=p, server=LARGE) for p in (Purpose.WEB, Purpose.LOAD))
    for name in ("maintenance_work_mem", "work_mem", "max_wal_size", "min_wal_size"):
        assert number(load[name]) > number(web[name]), name


def test_a_small_database_leaves_most_of_the_memory_alone() -> None:
    assert values(256 * GB, server=asked(10 * MB))["shared_buffers"] == 128 * MB
    assert values(256 * GB, server=asked(GB))["shared_buffers"] == 2 * GB


def test_what_other_programs_hold_is_not_claimed() -> None:
    held = values(16 * GB, free=GB, server=LARGE)
    assert held["shared_buffers"] == 576 * MB


def test_turning_disks_and_full_ones() -> None:
    turning = values(2 * GB, disk=Disk.HDD, server=LARGE)
    assert (turning["random_page_cost"], turning["effective_io_concurrency"]) == (4.0, 2)
    assert values(2 * GB, server=LARGE)["random_page_cost"] == 1.1
    assert values(2 * GB, server=asked(LARGE.database, major=16))["effective_io_concurrency"] == 200
    # All of it is in memory: the disk does not matter.
    assert values(16 * GB, disk=Disk.HDD)["random_page_cost"] == 1.1
    narrow = values(16 * GB, disk_free=10 * GB)
    assert narrow["max_wal_size"] == GB
    assert number(narrow["min_wal_size"]) <= GB / 4


def test_what_cannot_be_known_is_said_and_not_guessed() -> None:
    found = recommended(Machine(is_ours=False))
    assert set(TAKES_MEMORY) <= set(found.unknown)
    assert "--disk" in found.unknown["random_page_cost"]
    assert "--cores" in found.unknown["max_parallel_workers"]
    assert {one.advice.name for one in found.settings} >= {"max_connections", "jit", "max_wal_size"}


def test_nothing_is_to_be_done_about_what_is_nearly_so() -> None:
    machine = Machine(16 * GB, None, 2, Disk.SSD)
    fine = {one.advice.name: one.advice.value for one in recommended(machine).settings}
    # A little more memory, and the database has grown.
    later = asked(2 * GB + 300 * MB, changed=fine)
    found = recommended(Machine(17 * GB, None, 2, Disk.SSD), server=later)
    assert found.to_change == []
    more = asked(changed={**fine, "max_connections": 500, "max_wal_size": 64 * GB})
    assert recommended(machine, server=more).to_change == []


def test_own_choices_of_wal_buffers_are_only_questioned_when_they_are_small() -> None:
    machine = Machine(16 * GB)
    for value, is_met in ((MB, False), (64 * MB, True)):
        server = asked()
        chosen = {"wal_buffers": setting("wal_buffers", value, source="configuration file")}
        server = replace(server, settings={**server.settings, **chosen})
        (one,) = (
            one
            for one in recommended(machine, server=server).settings
            if one.advice.name == "wal_buffers"
        )
        assert one.is_met == is_met


@pytest.mark.parametrize(
    ("rows", "share"), [(200_000, None), (1_000_000, "0.05"), (100_000_000, "0.005")]
)
def test_large_tables_are_cleaned_more_often(rows: int, share: str | None) -> None:
    tables = recommended(Machine(GB), server=asked(rows=rows)).tables
    if share is None:
        assert tables == []
    else:
        assert tables[0].values["autovacuum_vacuum_scale_factor"] == share


@pytest.mark.parametrize(
    ("memory", "now", "database", "level"),
    [
        (16 * GB, 128 * MB, 2 * GB, Level.WARNING),
        (16 * GB, 128 * MB, 100 * MB, Level.OK),
        (512 * MB, 128 * MB, 2 * GB, Level.OK),
        (2 * GB, GB, 100 * GB, Level.WARNING),
        (None, 128 * MB, 2 * GB, Level.WARNING),
        (None, 512 * MB, 2 * GB, Level.OK),
    ],
)
def test_the_doctor_warns_of_a_cache_that_is_far_off(
    memory: int | None, now: int, database: int, level: Level
) -> None:
    server = asked(database, changed={"shared_buffers": now})
    assert cache_level(recommended(Machine(memory), server=server)) == level


def test_a_server_without_a_compiler_has_nothing_to_switch_off() -> None:
    found = recommended(Machine(GB), server=replace(asked(), has_jit=False))
    assert "built without" in found.unknown["jit"]


def test_sizes_are_read_and_written() -> None:
    assert [parse_size(text) for text in ("512MB", "16 GB", "1.5g", "64GiB", "2T")] == [
        512 * MB,
        16 * GB,
        3 * GB // 2,
        64 * GB,
        2048 * GB,
    ]
    for text in ("", "-1", "banana", "16", "1e9GB", "16 PB", "\u0661GB", "0x10MB", "5MB5"):
        assert parse_size(text) is None, text
    assert [size_text(size) for size in (64 * KB, 16 * MB, 3 * GB)] == ["64kB", "16MB", "3GB"]
    assert value_of("16384", "8kB", "integer") == 128 * MB
    assert value_of("1.1", None, "real") == 1.1
    assert value_of("on", None, "bool") == "on"


def test_the_limits_of_a_container_count(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/app\n")
    group = tmp_path / "fs" / "app"
    group.mkdir(parents=True)
    (group.parent / "memory.max").write_text("max\n")
    (group / "memory.max").write_text(f"{GB}\n")
    (group / "memory.current").write_text(f"{600 * MB}\n")
    (group / "memory.stat").write_text(f"anon 1\ninactive_file {100 * MB}\n")
    (group / "cpu.max").write_text("150000 100000\n")
    found = limits(tmp_path / "fs", own)
    assert (found.memory, found.free, found.cores) == (GB, 524 * MB, 1.5)


def test_the_limits_of_an_older_container_count(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("4:memory:/docker/abc\n1:cpu:/\n0::/\n")
    memory, cpu = tmp_path / "memory", tmp_path / "cpu"
    memory.mkdir()
    cpu.mkdir()
    # The path is the host's; in the container there is only the top.
    (memory / "memory.limit_in_bytes").write_text(f"{2 * GB}\n")
    (memory / "memory.usage_in_bytes").write_text(f"{GB}\n")
    (cpu / "cpu.cfs_quota_us").write_text("-1\n")
    found = limits(tmp_path, own)
    assert (found.memory, found.free, found.cores) == (2 * GB, GB, None)
    (memory / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert limits(tmp_path, own).memory is None
    assert limits(tmp_path, tmp_path / "absent").memory is None


@pytest.mark.parametrize(
    ("name", "turns", "kind"),
    [("nvme0n1", "0", Disk.SSD), ("sda", "1", Disk.HDD), ("vda", "1", Disk.UNKNOWN)],
)
def test_disks_are_known_by_what_the_system_tells(
    tmp_path: Path, name: str, turns: str, kind: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "major", lambda _: 8)
    monkeypatch.setattr(os, "minor", lambda _: 1)
    disk = tmp_path / "devices" / name
    (disk / "part1").mkdir(parents=True)
    (disk / "queue").mkdir()
    (disk / "queue" / "rotational").write_text(f"{turns}\n")
    blocks = tmp_path / "dev" / "block"
    blocks.mkdir(parents=True)
    (blocks / "8:1").symlink_to(disk / "part1")
    assert disk_of(tmp_path, tmp_path)[0] == kind
    monkeypatch.setattr(os, "major", lambda _: 0)
    assert disk_of(tmp_path, tmp_path)[0] == Disk.UNKNOWN
    assert disk_of(tmp_path / "absent", tmp_path)[0] == Disk.UNKNOWN


def test_this_machine_has_something(tmp_path: Path) -> None:
    machine = this_machine(tmp_path)
    assert machine.memory
    assert machine.cores
    assert machine.free is not None
    assert machine.free <= machine.memory


def test_providers_are_known_by_their_settings() -> None:
    assert "parameter group" in provider_of({"rds.extensions"})
    assert "Cloud SQL" in provider_of({"cloudsql.iam_authentication"})
    assert "provider's console" in provider_of({"work_mem"})
