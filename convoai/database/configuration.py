"""DATABASES["default"] from the environment: the bundled PostgreSQL, or DATABASE_URL."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from convoai.database.addresses import parse_url
from convoai.database.pooler import LIMITS, POOLER, needs_session, pooled_address
from convoai.environment import flag, number, seconds_of, text

ENGINE = "convoai.database.backend"
REPLICA_ENGINE = "convoai.database.replica"
# Seconds until an unreachable host is given up.
CONNECT_TIMEOUT = 5
# Another server can answer, so a replica is given up sooner; its limit of time is the least that
# PostgreSQL knows. A server that vanishes in the middle of an answer is noticed as soon.
REPLICA_CONNECT_TIMEOUT = 2
REPLICA_POOL_TIMEOUT = 0.5
REPLICA_OPTIONS = {
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "tcp_user_timeout": 3000,
}
# Profile: connections kept, connections more under load.
PROFILES = {"low": (5, 10), "default": (10, 20), "high": (20, 40)}
RECYCLE = 3600
# Seconds a web request waits for a free connection before it is answered 503; a command waits.
WEB_POOL_TIMEOUT, COMMAND_POOL_TIMEOUT = 2.0, 30.0
# Server parameter, variable, seconds for the web, seconds for commands (0 = none).
TIMEOUTS = (
    ("statement_timeout", "STATEMENT_TIMEOUT", 10.0, 0.0),
    ("lock_timeout", "LOCK_TIMEOUT", 3.0, 30.0),
    ("idle_in_transaction_session_timeout", "IDLE_TIMEOUT", 30.0, 600.0),
)


def database_settings(env: environ.Env, data_dir: Path, *, command: bool) -> dict[str, Any]:
    """The settings of the one database.

    `data_dir` is where the bundled PostgreSQL lives when DATABASE_URL is not set; `command` is
    true in a management command, which may take longer than a web request. Raises
    ImproperlyConfigured with one sentence that names the variable and the fix.
    """
    url = text(env, "DATABASE_URL")
    pooler = pooled_address(env, url, text(env, "DATABASE_DIRECT_URL"))
    is_pooled = pooler is not None and not (command and needs_session())
    if pooler is not None:
        settings = {**pooler["pooled" if is_pooled else "direct"], POOLER: pooler}
    else:
        settings = parse_url(url) if url else _bundled(data_dir)
    return _completed(
        env, settings, command=command, connect_timeout=CONNECT_TIMEOUT, is_pooled=is_pooled
    )


def replica_settings(env: environ.Env, *, command: bool) -> dict[str, dict[str, Any]]:
    """The settings of the replica under its alias; nothing without DATABASE_REPLICA_URL.

    Raises ImproperlyConfigured as `database_settings` does.
    """
    url = text(env, "DATABASE_REPLICA_URL")
    if not url:
        return {}
    try:
        settings = parse_url(url)
    except ImproperlyConfigured as problem:
        said = str(problem).replace("DATABASE_URL", "DATABASE_REPLICA_URL")
        fix = "remove it to read from the primary alone"
        said = said.replace("remove it to use the bundled PostgreSQL", fix)
        raise ImproperlyConfigured(said) from None
    settings["OPTIONS"] = {**REPLICA_OPTIONS, **settings["OPTIONS"]}
    settings = _completed(env, settings, command=command, connect_timeout=REPLICA_CONNECT_TIMEOUT)
    settings["OPTIONS"]["options"] += " -c default_transaction_read_only=on"
    pool = settings["POOL_OPTIONS"]
    return {
        "replica": {
            **settings,
            "ENGINE": REPLICA_ENGINE,
            "POOL_OPTIONS": {**pool, "TIMEOUT": min(pool["TIMEOUT"], REPLICA_POOL_TIMEOUT)},
            # Tests have one database.
            "TEST": {"MIRROR": "default"},
        }
    }


def _completed(
    env: environ.Env,
    settings: dict[str, Any],
    *,
    command: bool,
    connect_timeout: int,
    is_pooled: bool = False,
) -> dict[str, Any]:
    options = settings["OPTIONS"] = dict(settings.get("OPTIONS", {}))
    options.setdefault("connect_timeout", connect_timeout)
    options.setdefault("application_name", "convoai command" if command else "convoai")
    limits = _limits(env, command=command)
    if is_pooled:
        settings[LIMITS] = _local(limits)
    else:
        # Sent with the connection itself, so they cost no round trip; the address's own
        # `options` come last and win. Django would set the time zone by a statement of its own.
        given = [f"-c {name}={value}" for name, value in {"TimeZone": "UTC", **limits}.items()]
        options["options"] = " ".join(filter(None, [*given, options.get("options")]))
    return {
        **settings,
        "ENGINE": ENGINE,
        # The pool keeps connections; with it a connection must go back after each request.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "POOL_OPTIONS": _pool_options(env, command=command),
    }


def _bundled(data_dir: Path) -> dict[str, Any]:
    if sys.platform == "win32":
        raise ImproperlyConfigured(
            "The bundled PostgreSQL does not run on Windows itself: use WSL, or set DATABASE_URL "
            "to a PostgreSQL of yours."
        )
    # Here, because it needs what Windows does not have.
    from convoai.database.place import DATABASE, PORT, ROLE, find_place

    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {data_dir} cannot be made ({error.strerror}): set DATA_DIR to a "
            "folder you may write."
        ) from error
    return {
        "NAME": DATABASE,
        "USER": ROLE,
        "PASSWORD": "",
        "HOST": str(find_place(data_dir).socket_dir),
        "PORT": str(PORT),
        # How the backend knows that it may start this server.
        "BUNDLED_DATA_DIR": str(data_dir),
    }


def _pool_options(env: environ.Env, *, command: bool) -> dict[str, Any]:
    profile = env.str("DB_POOL_PROFILE", default="") or "default"
    if profile not in PROFILES:
        raise ImproperlyConfigured(
            f"DB_POOL_PROFILE is {profile!r}, but must be one of {', '.join(PROFILES)}."
        )
    size, overflow = PROFILES[profile]
    timeout = COMMAND_POOL_TIMEOUT if command else WEB_POOL_TIMEOUT
    # Upper case, and all five: the pool library ignores other spellings without a word.
    return {
        "POOL_SIZE": int(number(env, "DB_POOL_SIZE", default=size, least=1)),
        "MAX_OVERFLOW": int(number(env, "DB_MAX_OVERFLOW", default=overflow, least=0)),
        "TIMEOUT": seconds_of(env, "DB_POOL_TIMEOUT", default=timeout),
        "RECYCLE": int(number(env, "DB_POOL_RECYCLE", default=RECYCLE, least=1)),
        "PRE_PING": flag(env, "DB_POOL_PRE_PING", default=True),
    }


def _limits(env: environ.Env, *, command: bool) -> dict[str, int]:
    """Server parameter -> milliseconds, 0 for no limit."""
    prefix = "DB_COMMAND_" if command else "DB_"
    limits = {}
    for parameter, name, for_web, for_commands in TIMEOUTS:
        seconds = seconds_of(env, prefix + name, default=for_commands if command else for_web)
        limits[parameter] = round(seconds * 1000)
    return limits


def _local(limits: dict[str, int]) -> str:
    return "".join(f"SET LOCAL {name} = {value}; " for name, value in limits.items())
