"""Settings changed for real on a bundled server: proven, kept, taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from convoai.database import bundled
from convoai.database.own_settings import put_back
from convoai.database.place import find_place
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import connected
from convoai.operations.findings import Level
from convoai.operations.tuning.administering import administering
from convoai.operations.tuning.advice import Advice
from convoai.operations.tuning.applying import apply
from convoai.operations.tuning.asking import Table, settings_of
from convoai.operations.tuning.looking import look
from convoai.operations.tuning.planning import Plan, plan
from convoai.operations.tuning.recommending import Recommendation, Recommended
from convoai.operations.tuning.remembering import FILE, recall
from convoai.operations.tuning.report import applied, findings, lines, not_applied
from convoai.operations.tuning.tables import OPTIONS, TableAdvice
from convoai.operations.tuning.undoing import plan_undo, undo
from convoai.operations.tuning.units import GB, MB, Value
from convoai.refusals import Refusal
from tests.database.scratch import manage, scratch_folder, scratch_server


def yes() -> bool:
    return True


def no() -> bool:
    return False


@pytest.fixture(scope="module")
def here() -> Iterator[Installation]:
    """A bundled server of this module, with a large table in name."""
    with scratch_folder() as folder, scratch_server(folder):
        place = bundled.start(folder)
        found = Installation(
            {
                **settings.DATABASES["default"],
                "NAME": "conversation_ai",
                "HOST": str(place.socket_dir),
                "BUNDLED_DATA_DIR": str(folder),
                "TEST": {},
            }
        )
        with administering(found) as administrator:
            administrator.cursor.execute("CREATE TABLE messages (id int)")
            administrator.cursor.execute(
                "UPDATE pg_class SET reltuples = 1000000 WHERE relname = 'messages'"
            )
        yield found


@pytest.fixture(autouse=True)
def as_installed(here: Installation) -> Iterator[None]:
    """Each test leaves the server without settings of ALTER SYSTEM."""
    yield
    with administering(here) as administrator:
        for statement in (
            "ALTER SYSTEM RESET ALL",
            "REVOKE ALTER SYSTEM ON PARAMETER random_page_cost FROM convoai",
            "ALTER TABLE messages OWNER TO postgres",
        ):
            administrator.cursor.execute(statement)
        administrator.set_options("messages", dict.fromkeys(OPTIONS))
        administrator.reload()


def recommended(here: Installation, **told: Any) -> Recommended:
    with connected(here.database) as server:
        return look(server, here, **told)


def planned(here: Installation, **told: Any) -> Plan:
    with administering(here) as administrator:
        return plan(recommended(here, **told), here, administrator)


def forced(here: Installation, name: str, value: Value, text: str) -> Plan:
    """A plan with one change that nobody would recommend."""
    with connected(here.database) as server:
        now = settings_of(server, [name])[name]
    advice = Advice(name, value, text, "", "")
    return Plan(here, [Recommendation(advice, now)], [], [], [], [], may_reload=True)


def shown(here: Installation, name: str) -> str:
    """As a new connection of convoai's role gets it."""
    with connected(here.database) as server:
        return str(server.setting(name))


def options(here: Installation) -> list[str]:
    with connected(here.database) as server:
        found: list[str] = server.row(
            "SELECT coalesce(reloptions, '{}') FROM pg_class WHERE relname = 'messages'"
        )[0]
        return found


def test_what_is_recommended_is_set_kept_after_a_start_and_undone(
    here: Installation, tmp_path: Path
) -> None:
    before = {name: shown(here, name) for name in ("work_mem", "max_wal_size", "random_page_cost")}
    what = planned(here, memory=2 * GB, disk="ssd")
    assert {"max_wal_size", "random_page_cost"} <= {one.advice.name for one in what.settings}
    proof = apply(what, tmp_path, may_restart=yes)
    assert all(one.advice.suits(proof[one.advice.name].value) for one in what.settings)
    assert {one.level for one in applied(what, proof, set())} == {Level.OK}
    assert not planned(here, memory=2 * GB, disk="ssd").settings
    # convoai writes its own configuration at each start; ALTER SYSTEM's comes after it.
    assert here.data_dir is not None
    bundled.stop(here.data_dir)
    bundled.start(here.data_dir)
    assert shown(here, "random_page_cost") == "1.1"
    assert undo(plan_undo(here, tmp_path), tmp_path, may_restart=yes)
    assert {name: shown(here, name) for name in before} == before
    assert plan_undo(here, tmp_path).is_empty


def test_a_setting_that_needs_a_restart_waits_or_is_in_force(
    here: Installation, tmp_path: Path
) -> None:
    # Set by somebody before us: undone to that, not to PostgreSQL's own.
    with administering(here) as administrator:
        administrator.set("max_connections", "150")
    what = forced(here, "max_connections", 160, "160")
    proof = apply(what, tmp_path, may_restart=no)
    assert proof["max_connections"].is_waiting
    (waiting,) = applied(what, proof, set())
    assert waiting.level == Level.WARNING
    assert "manage.py database stop" in waiting.hint
    proof = apply(what, tmp_path, may_restart=yes)
    assert proof["max_connections"].text == "160"
    assert recall(tmp_path).settings["max_connections"].before == "150"
    assert undo(plan_undo(here, tmp_path), tmp_path, may_restart=yes)
    assert shown(here, "max_connections") == "150"


def test_a_server_that_does_not_come_up_goes_back_by_itself(
    here: Installation, tmp_path: Path
) -> None:
    what = forced(here, "superuser_reserved_connections", 300, "300")
    what.tables.append(TableAdvice(Table("messages", 1, {}), {"fillfactor": "90"}))
    with pytest.raises(Refusal, match=r"did not start: .*the settings are as they were before"):
        apply(what, tmp_path, may_restart=yes)
    assert shown(here, "superuser_reserved_connections") == "3"
    assert options(here) == []
    assert not (tmp_path / FILE).exists()


def test_undo_mends_a_server_that_cannot_be_started(here: Installation, tmp_path: Path) -> None:
    assert here.data_dir is not None
    what = forced(here, "superuser_reserved_connections", 300, "300")
    apply(what, tmp_path, may_restart=no)
    bundled.stop(here.data_dir)
    assert undo(plan_undo(here, tmp_path), tmp_path, may_restart=no) is False
    assert shown(here, "superuser_reserved_connections") == "3"


def test_what_somebody_has_changed_since_stays(here: Installation, tmp_path: Path) -> None:
    apply(forced(here, "work_mem", 8 * MB, "8MB"), tmp_path, may_restart=no)
    with administering(here) as administrator:
        administrator.set("work_mem", "9MB")
        administrator.reload()
    undoing = plan_undo(here, tmp_path)
    assert undoing.left == ["work_mem"]
    assert list(undoing.lines()) == ["work_mem stays: somebody has changed it since"]
    undo(undoing, tmp_path, may_restart=no)
    assert shown(here, "work_mem") == "9MB"


def test_a_change_that_postgresql_refuses_leaves_everything(
    here: Installation, tmp_path: Path
) -> None:
    what = forced(here, "work_mem", 8 * MB, "8MB")
    what.settings.append(forced(here, "random_page_cost", 2.0, "much").settings[0])
    with pytest.raises(Refusal, match="PostgreSQL refused a change"):
        apply(what, tmp_path, may_restart=no)
    with administering(here) as administrator:
        assert administrator.own_settings() == {}
    assert not (tmp_path / FILE).exists()


def as_plain_role(here: Installation) -> Installation:
    """The same server as if it were somebody else's: convoai's role, without the superuser."""
    return Installation(
        {name: one for name, one in here.database.items() if name != "BUNDLED_DATA_DIR"}
    )


def test_a_role_without_rights_is_told_what_to_set_elsewhere(
    here: Installation, tmp_path: Path
) -> None:
    plain = as_plain_role(here)
    what = planned(plain, memory=8 * GB, disk="ssd")
    assert what.is_empty
    assert {"max_wal_size", "random_page_cost"} <= {one.advice.name for one in what.elsewhere}
    found = {one.id: one for one in applied(what, {}, {"rds.extensions"})}
    assert found["tune.random_page_cost"].level == Level.WARNING
    assert "parameter group" in found["tune.random_page_cost"].hint
    assert "ALTER SYSTEM SET random_page_cost" in found["tune.random_page_cost"].hint
    assert "another role" in found["tune.table.messages"].message


def test_a_granted_setting_and_an_own_table_are_changed_without_a_superuser(
    here: Installation, tmp_path: Path
) -> None:
    with administering(here) as administrator:
        for statement in (
            "GRANT ALTER SYSTEM ON PARAMETER random_page_cost TO convoai",
            "ALTER TABLE messages OWNER TO convoai",
        ):
            administrator.cursor.execute(statement)
    plain = as_plain_role(here)
    what = planned(plain, disk="ssd")
    assert [one.advice.name for one in what.settings] == ["random_page_cost"]
    proof = apply(what, tmp_path, may_restart=no)
    assert "autovacuum_vacuum_scale_factor=0.05" in options(here)
    found = {one.id: one for one in applied(what, proof, set())}
    # It may set, but not reload.
    assert "pg_reload_conf" in found["tune.random_page_cost"].hint
    with administering(here) as administrator:
        administrator.cursor.execute("GRANT EXECUTE ON FUNCTION pg_reload_conf() TO convoai")
    assert undo(plan_undo(plain, tmp_path), tmp_path, may_restart=no)
    assert options(here) == []
    assert shown(here, "random_page_cost") == "4"


def test_a_value_that_wins_over_alter_system_is_named(here: Installation) -> None:
    with administering(here) as administrator:
        administrator.cursor.execute("ALTER ROLE convoai SET random_page_cost = 3")
    what = planned(here, disk="ssd")
    with administering(here) as administrator:
        administrator.cursor.execute("ALTER ROLE convoai RESET random_page_cost")
    assert [one.advice.name for one in what.stronger] == ["random_page_cost"]
    (found,) = (one for one in not_applied(what, set()) if one.id == "tune.random_page_cost")
    assert "ALTER ROLE" in found.hint


def test_the_machine_of_a_remote_server_is_asked_for(here: Installation) -> None:
    remote = Installation({**here.database, "BUNDLED_DATA_DIR": "", "HOST": "db.example.org"})
    with connected(here.database) as server:
        unknown = look(server, remote)
        told = look(server, remote, memory=8 * GB, cores=4, disk="ssd")
    machine = findings(unknown, remote)[0]
    assert "db.example.org cannot be seen" in machine.message
    assert "shared_buffers 128MB" in machine.message
    assert "--memory" in machine.hint
    assert any("--memory" in line for line in lines(unknown, remote))
    assert told.unknown.keys() <= {"wal_compression", "jit"}
    assert told.budget is not None
    assert told.budget.size == 8 * GB


def test_more_memory_than_there_is_is_refused(here: Installation) -> None:
    with pytest.raises(Refusal, match="more than this machine has"):
        recommended(here, memory=1 << 50)


def test_what_another_server_remembers_is_not_undone_here(
    here: Installation, tmp_path: Path
) -> None:
    change = {"jit": {"before": None, "now": "off"}}
    (tmp_path / FILE).write_text(json.dumps({"server": "1", "settings": change, "tables": {}}))
    with pytest.raises(Refusal, match="another server"):
        plan_undo(here, tmp_path)
    with pytest.raises(Refusal, match="another server"):
        apply(forced(here, "jit", "off", "off"), tmp_path, may_restart=no)
    (tmp_path / FILE).write_text("{]")
    with pytest.raises(Refusal, match="cannot be read"):
        plan_undo(here, tmp_path)


def test_lines_of_others_stay_in_the_file_of_a_stopped_server(here: Installation) -> None:
    assert here.data_dir is not None
    place = find_place(here.data_dir)
    with administering(here) as administrator:
        administrator.set("application_name", "it's")
        administrator.set("work_mem", "8MB")
    put_back(place, {"work_mem": None, "cluster_name": "o'clock"})
    with administering(here) as administrator:
        assert administrator.own_settings() == {
            "application_name": "it's",
            "cluster_name": "o'clock",
        }


def test_the_command_applies_and_undoes_and_says_so_in_json(
    here: Installation, tmp_path: Path
) -> None:
    folder = str(here.data_dir)
    done = manage("tune", "--apply", "--yes", "--json", "--disk", "ssd", DATA_DIR=folder)
    assert done.returncode == 0, done.stderr
    told = {one["id"]: one for one in json.loads(done.stdout)["findings"]}
    assert told["tune.random_page_cost"]["evidence"] == {"now": "1.1", "before": "4"}
    undone = manage("tune", "--undo", "--yes", DATA_DIR=folder)
    assert undone.returncode == 0, undone.stderr
    assert "ALTER SYSTEM RESET random_page_cost" in undone.stdout
    assert shown(here, "random_page_cost") == "4"


def test_a_gone_server_is_a_refusal() -> None:
    with (
        pytest.raises(Refusal, match="No PostgreSQL answers"),
        administering(
            Installation(
                {"HOST": "127.0.0.1", "PORT": "1", "USER": "a", "NAME": "b", "PASSWORD": ""}
            )
        ),
    ):
        pass
