"""What goes on in the server: dead rows, old transactions, locks, replicas."""

from __future__ import annotations

from collections.abc import Iterator

from convoai.operations.doctor.installation import Installation, quoted
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Finding, error, info, ok, warning

DEAD_ROWS, DEAD_SHARE = 10_000, 0.2
# Of about 2,100 million transactions after which the server stops taking writes.
OLD_AGE, LAST_AGE = 500_000_000, 1_500_000_000
LONG_SECONDS, LOCK_SECONDS, LAG_SECONDS = 600, 3, 60
LAG_BYTES = 1_000_000_000
LONG = """
SELECT pid, state, extract(epoch FROM now() - xact_start)::bigint, application_name
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    AND xact_start < now() - make_interval(secs => %s) ORDER BY xact_start
"""
WAITING = """
SELECT l.pid, extract(epoch FROM clock_timestamp() - l.waitstart)::bigint,
       pg_blocking_pids(l.pid), coalesce(l.relation::regclass::text, l.locktype)
FROM pg_locks AS l
WHERE NOT l.granted AND l.waitstart < clock_timestamp() - make_interval(secs => %s)
ORDER BY l.waitstart
"""
# A partitioned table has the rows of its partitions. Autovacuum makes no statistics of the whole.
ROWS = """
SELECT s.relname::text, coalesce(parts.live, s.n_live_tup), s.n_dead_tup,
       s.last_analyze IS NULL AND s.last_autoanalyze IS NULL
FROM pg_stat_user_tables AS s
CROSS JOIN LATERAL (
    SELECT sum(pg_stat_get_live_tuples(relid))::bigint AS live
    FROM pg_partition_tree(s.relid) WHERE isleaf
) AS parts
WHERE s.schemaname = coalesce(current_schema(), 'public') ORDER BY s.n_dead_tup DESC
"""
SLOTS = """
SELECT slot_name::text, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint
FROM pg_replication_slots WHERE NOT active
"""
REPLICAS = """
SELECT coalesce(nullif(application_name, ''), client_addr::text, 'a replica'), state,
       coalesce(extract(epoch FROM replay_lag), 0)::float,
       coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::bigint
FROM pg_stat_replication
"""


def examine_rows(server: Server, here: Installation) -> Iterator[Finding]:
    found = server.rows(ROWS)
    dead = [
        (table, gone, live)
        for table, live, gone, _ in found
        if gone > DEAD_ROWS and gone > DEAD_SHARE * (live + gone)
    ]
    if dead:
        yield warning(
            "rows.dead",
            "Dead rows take room and time: "
            + ", ".join(f"{table} {gone:,} beside {live:,}" for table, gone, live in dead),
            here.own_sql(*(f"VACUUM ANALYZE {quoted(table)}" for table, _, _ in dead)),
            tables={table: gone for table, gone, _ in dead},
        )
    else:
        yield ok("rows.dead", "Few dead rows.")
    blind = [table for table, live, _, never in found if never and live > DEAD_ROWS]
    if blind:
        yield warning(
            "rows.statistics",
            f"The planner knows nothing of {', '.join(blind)}: never analyzed.",
            here.own_sql(*(f"ANALYZE {quoted(table)}" for table in blind)),
            tables=blind,
        )


def examine_age(server: Server, here: Installation) -> Iterator[Finding]:
    name, transactions, multi = server.row(
        "SELECT datname::text, age(datfrozenxid), mxid_age(datminmxid) FROM pg_database "
        "ORDER BY greatest(age(datfrozenxid), mxid_age(datminmxid)) DESC LIMIT 1"
    )
    age = max(transactions, multi)
    figures = {"database": name, "transactions": transactions, "multixacts": multi}
    if age < OLD_AGE:
        yield ok("age.wraparound", f"Transactions are far from wrapping ({age:,}).", **figures)
        return
    make = error if age > LAST_AGE else warning
    yield make(
        "age.wraparound",
        f"The database {name} has not been frozen for {age:,} transactions; at 2,100,000,000 the "
        "server takes no more writes.",
        here.administrator_sql("VACUUM (FREEZE)", database=name)
        + "; first end what is old: long transactions, prepared ones, unused replication slots.",
        **figures,
    )


def examine_transactions(server: Server, here: Installation) -> Iterator[Finding]:
    long = server.rows(LONG, LONG_SECONDS)
    if long:
        yield warning(
            "transactions.long",
            "Long transactions keep dead rows from being cleared: "
            + ", ".join(f"process {pid} ({state}) {age:,} s" for pid, state, age, _ in long),
            "If nobody needs them: "
            + here.own_sql(*(f"SELECT pg_terminate_backend({pid})" for pid, *_ in long)),
            processes={str(pid): {"state": state, "seconds": age} for pid, state, age, _ in long},
        )
    else:
        yield ok("transactions.long", f"No transaction is older than {LONG_SECONDS // 60} min.")
    prepared = [
        name
        for (name,) in server.rows(
            "SELECT gid FROM pg_prepared_xacts WHERE prepared < now() - interval '1 hour'"
        )
    ]
    if prepared:
        yield warning(
            "transactions.prepared",
            f"{len(prepared)} prepared transactions were left; convoai makes none.",
            here.administrator_sql("SELECT gid, owner FROM pg_prepared_xacts")
            + " lists them, ROLLBACK PREPARED 'gid' ends one.",
        )


def examine_locks(server: Server, here: Installation) -> Iterator[Finding]:
    waiting = server.rows(WAITING, LOCK_SECONDS)
    if not waiting:
        yield ok("locks.waiting", "Nobody waits for a lock.")
        return
    blockers = sorted({pid for _, _, pids, _ in waiting for pid in pids})
    yield warning(
        "locks.waiting",
        "Waiting for locks: "
        + ", ".join(
            f"process {pid} for {seconds} s on {what} (held by {', '.join(map(str, pids))})"
            for pid, seconds, pids, what in waiting
        ),
        "If the holder is stuck: "
        + here.own_sql(*(f"SELECT pg_terminate_backend({pid})" for pid in blockers)),
        waiting=len(waiting),
        blockers=blockers,
    )


def examine_replication(server: Server, here: Installation) -> Iterator[Finding]:
    is_replica, read_only = server.row(
        "SELECT pg_is_in_recovery(), (SELECT reset_val FROM pg_settings "
        "WHERE name = 'default_transaction_read_only')"
    )
    if is_replica:
        yield error(
            "replication.replica",
            "The database is a replica, which takes no writes.",
            "Point DATABASE_URL at the primary.",
        )
        return
    if read_only == "on":
        yield error(
            "replication.read_only",
            "The database takes no writes: default_transaction_read_only is on.",
            here.administrator_sql(
                f"ALTER DATABASE {quoted(here.name)} SET default_transaction_read_only = off"
            ),
        )
    slots = [(name, size) for name, size in server.rows(SLOTS) if size > LAG_BYTES]
    if slots:
        yield warning(
            "replication.slots",
            "Replication slots that nobody uses fill the disk: "
            + ", ".join(f"{name} holds {size // 1_000_000:,} MB" for name, size in slots),
            here.administrator_sql(
                *(f"SELECT pg_drop_replication_slot('{name}')" for name, _ in slots)
            ),
            slots=dict(slots),
        )
    replicas = server.rows(REPLICAS)
    late = [one for one in replicas if one[2] > LAG_SECONDS or one[3] > LAG_BYTES]
    if late:
        yield warning(
            "replication.lag",
            "Replicas are behind: "
            + ", ".join(
                f"{name} {seconds:.0f} s, {size:,} bytes" for name, _, seconds, size in late
            ),
            "See the replica's log and the network between the two.",
            replicas={name: {"seconds": lag, "bytes": size} for name, _, lag, size in late},
        )
    elif replicas:
        yield ok("replication.lag", f"{len(replicas)} replicas follow closely.")
    else:
        yield info("replication.lag", "No replica.")
