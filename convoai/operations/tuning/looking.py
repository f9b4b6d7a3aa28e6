"""Looking at server and machine, for `tune` and for the doctor alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.tuning.advice import Purpose
from convoai.operations.tuning.asking import ask
from convoai.operations.tuning.machine import Machine, this_machine, told_machine
from convoai.operations.tuning.recommending import NAMES, Recommended, recommend
from convoai.operations.tuning.tables import LARGE
from convoai.operations.tuning.units import readable
from convoai.refusals import Refusal


def look(
    server: Server,
    here: Installation,
    *,
    purpose: Purpose | None = None,
    memory: int | None = None,
    cores: int | None = None,
    disk: str | None = None,
) -> Recommended:
    """What this server should have; what a person says of its machine wins over what is seen.

    Without a purpose, the machine of the bundled server is one that somebody works at (shared),
    that of another one answers people (web). Raises Refusal, psycopg2.Error.
    """
    machine = machine_of(server, here)
    if here.is_bundled and memory and machine.memory and memory > machine.memory:
        raise Refusal(
            "too_much",
            f"--memory is more than this machine has ({readable(machine.memory)}): name what the "
            "database and convoai may use of it, or leave it out.",
        )
    asked = ask(server, here.database["POOL_OPTIONS"], NAMES, rows=LARGE)
    return recommend(
        told_machine(machine, memory=memory, cores=cores, disk=disk),
        asked,
        purpose or (Purpose.SHARED if here.is_bundled else Purpose.WEB),
    )


def machine_of(server: Server, here: Installation) -> Machine:
    """The machine of this server; all but unknown when it is another than this one."""
    if not here.is_local:
        return Machine(is_ours=False, told=f"{here.host} cannot be seen from here")
    if here.data_dir is not None:
        from convoai.database.place import find_place  # needs what Windows does not have

        return this_machine(find_place(here.data_dir).cluster)
    folder = server.setting("data_directory")
    found = this_machine(Path(folder) if folder else None)
    # The address leads here, but perhaps into a container: its limits are not ours.
    return replace(found, told=found.told or "as this machine's")
