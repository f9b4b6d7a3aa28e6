"""What `tune` recommends and has done: findings for monitors, lines for a person."""

from __future__ import annotations

from collections.abc import Iterator

from convoai.operations.doctor.installation import Installation
from convoai.operations.findings import Finding, Level, info, ok, warning
from convoai.operations.tuning.asking import Setting
from convoai.operations.tuning.planning import Plan, provider_of
from convoai.operations.tuning.recommending import Recommendation, Recommended, cache_level
from convoai.operations.tuning.units import readable

APPLY = "`manage.py tune --apply` sets it, and `manage.py tune --undo` puts it back."


def findings(recommended: Recommended, here: Installation) -> list[Finding]:
    """One for the machine, one for each setting and each table."""
    found = [_machine(recommended, here)]
    found += [setting_finding(one, recommended) for one in recommended.settings]
    found += [
        info(f"tune.{name}", f"{name}: {why}.", setting=name)
        for name, why in recommended.unknown.items()
    ]
    for table in recommended.tables:
        found.append(
            info(
                f"tune.table.{table.table.name}",
                f"{table.reason}.",
                APPLY,
                before=table.before,
                recommended=table.values,
            )
        )
    return found


def setting_finding(one: Recommendation, recommended: Recommended) -> Finding:
    """Now, recommended, why, and from where."""
    advice, now = one.advice, one.now
    evidence = {
        "now": now.text,
        "recommended": advice.text,
        "reason": advice.reason,
        "source": advice.source,
        "needs_restart": now.needs_restart,
        "waits_for_restart": now.is_waiting,
    }
    id = f"tune.{advice.name}"
    if one.is_met:
        return ok(id, f"{advice.name} is {now.text}: nothing to do.", **evidence)
    effect = "a restart" if now.needs_restart else "a reload"
    message = f"{advice.name} is {now.text}, recommended is {advice.text} ({effect})."
    hint = APPLY
    if now.is_waiting:
        message = f"{advice.name} is {now.text}; a change waits for a restart of the server."
    if one.stronger:
        hint = f"It is set by {one.stronger}, which wins over ALTER SYSTEM: change it there."
    return Finding(id, _level(one, recommended), message, hint, evidence)


def _level(one: Recommendation, recommended: Recommended) -> Level:
    if one.advice.name == "shared_buffers" and cache_level(recommended) == Level.WARNING:
        return Level.WARNING
    if one.advice.name == "max_connections" and not isinstance(one.now.value, str):
        wanted = recommended.asked.processes.connections
        return Level.WARNING if one.now.value < wanted else Level.INFO
    return Level.INFO


def _machine(recommended: Recommended, here: Installation) -> Finding:
    machine, asked = recommended.machine, recommended.asked
    evidence = {
        "memory": machine.memory,
        "free": machine.free,
        "cores": machine.cores,
        "disk": str(machine.disk),
        "disk_free": machine.disk_free,
        "budget": recommended.budget.size if recommended.budget else None,
        "database": asked.database,
        "connections": asked.processes.connections,
        "purpose": str(recommended.purpose),
    }
    if machine.memory is not None:
        return ok("tune.machine", f"{', '.join(machine.lines())}.", **evidence)
    told = [
        f"{name} {asked.settings[name].text}"
        for name in ("shared_buffers", "effective_cache_size", "max_connections")
        if name in asked.settings
    ]
    return info(
        "tune.machine",
        f"The machine of {here.host} cannot be seen from here; its server says: {', '.join(told)}.",
        "Say what it has: `manage.py tune --memory 8GB --cores 4 --disk ssd` (the provider's "
        "console shows it).",
        **evidence,
    )


def lines(recommended: Recommended, here: Installation) -> Iterator[str]:
    """All of it for a person."""
    asked = recommended.asked
    yield f"Machine   {', '.join(recommended.machine.lines())}"
    if recommended.budget is not None:
        yield f"Memory    {'; '.join(recommended.budget.lines)}"
    yield (
        f"Database  PostgreSQL {asked.major}, {readable(asked.database)}; convoai may open "
        f"{asked.processes.connections} connections"
    )
    for one in recommended.settings:
        found = setting_finding(one, recommended)
        yield ""
        yield found.message
        yield f"    {one.advice.reason}"
        yield f"    [{one.advice.source}]"
        if not one.is_met and one.stronger:
            yield f"    {found.hint}"
    for table in recommended.tables:
        yield ""
        yield f"{table.reason}."
    if recommended.unknown:
        yield ""
    for name, why in recommended.unknown.items():
        yield f"{name}: nothing can be said; {why}."
    machine = _machine(recommended, here)
    if machine.level != Level.OK:
        yield ""
        yield f"{machine.message} {machine.hint}"


def applied(plan: Plan, proof: dict[str, Setting], settings: set[str]) -> list[Finding]:
    """What has come of `--apply`: each value as the server tells it, and what others must do."""
    found = []
    for one in plan.settings:
        id, name = f"tune.{one.advice.name}", one.advice.name
        now = proof[name]
        if now.is_waiting:
            hint = f"At a quiet moment: {plan.here.restart()}."
            found.append(warning(id, f"{name} is {now.text} until the server is restarted.", hint))
        elif one.advice.suits(now.value):
            found.append(ok(id, f"{name} is {now.text}.", now=now.text, before=one.now.text))
        else:
            hint = "Let the server read its settings anew: `SELECT pg_reload_conf()`."
            found.append(warning(id, f"{name} is still {now.text}.", hint))
    for table in plan.tables:
        options = ", ".join(f"{name} {value}" for name, value in table.values.items())
        found.append(ok(f"tune.table.{table.table.name}", f"{table.table.name}: {options}."))
    return found + not_applied(plan, settings)


def not_applied(plan: Plan, settings: set[str]) -> list[Finding]:
    """What this role may not do, with who may and how."""
    found = []
    for one in plan.elsewhere:
        name, text = one.advice.name, one.advice.text
        found.append(
            warning(
                f"tune.{name}",
                f"{plan.here.role} may not change {name}; set it to {text}"
                f"{' and restart the server' if one.now.needs_restart else ''}.",
                f"Managed servers: in {provider_of(settings)}. Your own: "
                + plan.here.administrator_sql(f"ALTER SYSTEM SET {name} = '{text}'"),
            )
        )
    for one in plan.stronger:
        found.append(
            warning(
                f"tune.{one.advice.name}",
                f"{one.advice.name} is {one.now.text} and cannot be changed by ALTER SYSTEM.",
                f"It is set by {one.stronger}.",
            )
        )
    for table in plan.tables_elsewhere:
        found.append(
            warning(
                f"tune.table.{table.table.name}",
                f"{table.table.name} belongs to another role, which alone may change its options.",
                "Let its owner run `manage.py tune --apply`.",
            )
        )
    return found
