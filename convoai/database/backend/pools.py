"""The connection pools of this process: one for each database it works with.

The library keeps one pool per Django alias. That is not enough: tests replace the database
behind an alias, and a forked child must not use its parent's connections.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import pool
from sqlalchemy.engine.interfaces import Dialect


class PoolKey(NamedTuple):
    """What makes two connections interchangeable."""

    alias: str
    name: str
    host: str
    port: str
    user: str


class PoolFigures(NamedTuple):
    """How full a pool is: connections kept idle, in use, and the most there may be."""

    idle: int
    in_use: int
    limit: int


_pools: dict[PoolKey, pool.Pool] = {}
_lock = threading.Lock()
# Connections that belong to a parent process; kept so that nothing tidies them up here.
_of_parents: list[object] = []


def find_pool(key: PoolKey) -> pool.Pool | None:
    """The pool of `key`, or None when nothing has connected there yet."""
    return _pools.get(key)


def make_pool(
    key: PoolKey, *, create: Callable[[], Any], dialect: Dialect, options: dict[str, Any]
) -> pool.Pool:
    """The pool of `key`, made unless another thread was faster.

    Pools of other databases behind the same alias are closed. Without `options` connections are
    not kept at all.
    """
    with _lock:
        found = _pools.get(key)
        if found is None:
            _dispose([other for other in _pools if other.alias == key.alias])
            found = _pools[key] = (
                pool.QueuePool(create, dialect=dialect, **options)
                if options
                else pool.NullPool(create, dialect=dialect)
            )
    return found


def dispose_pools() -> None:
    """Close every idle connection of this process and forget its pools."""
    with _lock:
        _dispose(list(_pools))


def pool_figures(alias: str) -> PoolFigures | None:
    """The figures of the pool behind `alias`, or None when nothing has connected yet."""
    for key, found in _pools.items():
        if key.alias == alias and isinstance(found, pool.QueuePool):
            limit = found.size() + found._max_overflow
            return PoolFigures(found.checkedin(), found.checkedout(), limit)
    return None


def leave_to_parent(connection: Any) -> None:
    """In a forked child: never touch this checked-out connection, not even when it is freed."""
    record = getattr(connection, "_connection_record", None)
    if record is not None:
        # Else the garbage collector would send a ROLLBACK over the parent's socket.
        record.fairy_ref = None
    _of_parents.append(connection)


def _dispose(keys: list[PoolKey]) -> None:
    for key in keys:
        _pools.pop(key).dispose()


def _forget_after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    _of_parents.extend(_pools.values())
    _pools.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
