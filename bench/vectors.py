"""How fast and how completely faces are found: one owner's, and everybody's.

    python bench/vectors.py

Makes an owner with --rows partners and one with 2,000, whose 4096-dimensional faces lie in
clusters as real ones do, and asks for the ten nearest of faces that resemble a stored one. The same
again with 512 dimensions and zeros behind. Recall is counted against the exact answer, worked out
in NumPy.
"""

from __future__ import annotations

import argparse
import io
import statistics
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import project
import psutil

if TYPE_CHECKING:
    from convoai.accounts.models import User

    Array = np.ndarray[Any, np.dtype[np.float32]]

STORED = 4096
# People look alike in some dozens of ways, and in groups.
WAYS = 64
GROUPS = 1_000
CHUNK = 5_000
TOP = 10
MODEL = "bench-1"
SMALL = 2_000
INDEX = "idx_partners_face_bits"
COLUMNS = "user_id, name, image_embedding, image_embedding_model, created_at"
NOW = 800_000_000_000_000  # microseconds since 2000, as binary COPY wants them


class Faces:
    """Made-up faces of one size: `rows` to store, and `asked` that resemble some of them."""

    def __init__(self, *, rows: int, asked: int, size: int, seed: int, noise: float) -> None:
        self.noise = noise
        chance = np.random.default_rng(seed)
        groups = chance.standard_normal((GROUPS, WAYS)).astype(np.float32)
        self.latent = groups[chance.integers(GROUPS, size=rows)]
        self.latent += 0.6 * chance.standard_normal((rows, WAYS)).astype(np.float32)
        # Some ways matter more than others.
        weight = (np.arange(1, WAYS + 1) ** -0.5).astype(np.float32)
        self.spread = weight[:, None] * chance.standard_normal((WAYS, size)).astype(np.float32)
        self.chance = chance
        again = self.latent[chance.choice(rows, asked, replace=False)]
        again = again + 0.3 * chance.standard_normal(again.shape).astype(np.float32)
        self.asked = self._faces(again)

    def stored(self) -> Iterator[Array]:
        for start in range(0, len(self.latent), CHUNK):
            yield self._faces(self.latent[start : start + CHUNK])

    def _faces(self, latent: Array) -> Array:
        faces = latent @ self.spread
        faces += self.noise * self.chance.standard_normal(faces.shape).astype(np.float32)
        faces /= np.linalg.norm(faces, axis=1, keepdims=True)
        return faces


@dataclass
class Stored:
    """What was loaded for one owner: who, and per question the numbers of the ten nearest."""

    user: User
    rows: int
    questions: list[list[float]]
    right: list[set[int]]


def new_user(name: str) -> User:
    from convoai.accounts.models import User
    from convoai.accounts.services import create_user

    email = f"bench-vectors-{name}@example.org"
    User.objects.filter(email=email).delete()
    return create_user(email=email, password="a long enough pass phrase")


def load(user: User, faces: Faces) -> Stored:
    """Store the faces by binary COPY."""
    from django.db import connection

    scores = []
    for chunk in faces.stored():
        scores.append(chunk @ faces.asked.T)
        padded = np.zeros((len(chunk), STORED), dtype=">f4")
        padded[:, : chunk.shape[1]] = chunk
        with connection.cursor() as cursor:
            cursor.copy_expert(
                f"COPY conversation_partners ({COLUMNS}) FROM STDIN BINARY",
                io.BytesIO(binary_rows(user.pk, padded)),
            )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM conversation_partners WHERE user_id = %s ORDER BY id", [user.pk]
        )
        numbers = np.array([row[0] for row in cursor.fetchall()])
    cosines = np.concatenate(scores)
    nearest = np.argpartition(-cosines, TOP, axis=0)[:TOP].T
    questions = np.zeros((len(faces.asked), STORED), dtype=np.float64)
    questions[:, : faces.asked.shape[1]] = faces.asked
    right = [set(numbers[places].tolist()) for places in nearest]
    return Stored(user, len(numbers), questions.tolist(), right)


def binary_rows(user_id: int, vectors: Any) -> bytes:
    """Rows in PostgreSQL's binary COPY format ("COPY, File Formats, Binary Format")."""
    name, model = b"Somebody", MODEL.encode()
    before = struct.pack(">hiqi", 5, 8, user_id, len(name)) + name
    before += struct.pack(">ihh", 4 + 4 * STORED, STORED, 0)
    after = struct.pack(">i", len(model)) + model + struct.pack(">iq", 8, NOW)
    rows = b"".join(before + vector.tobytes() + after for vector in vectors)
    return b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0) + rows + struct.pack(">h", -1)


def sql(statement: str, *values: Any) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def exact(stored: Stored, question: list[float]) -> list[tuple[int, float]]:
    """Every vector of the owner compared: what the other ways are measured against."""
    return [
        (pk, cosine)
        for pk, cosine in sql(
            "SELECT id, 1 - (image_embedding <=> %s::vector) AS cosine FROM conversation_partners "
            "WHERE user_id = %s ORDER BY cosine DESC LIMIT %s",
            str(question),
            stored.user.pk,
            TOP,
        )
    ]


def report(name: str, stored: Stored, find: Callable[[list[float]], Any], times: int) -> None:
    took, recall = [], []
    backend = psutil.Process(sql("SELECT pg_backend_pid()")[0][0])
    worked = 0.0
    for number in range(-3, times):  # three to warm up
        if not number:
            worked = processor_seconds(backend)
        place = number % len(stored.questions)
        begin = time.perf_counter()
        found = find(stored.questions[place])
        if number >= 0:
            took.append((time.perf_counter() - begin) * 1000)
            recall.append(len({pk for pk, _ in found} & stored.right[place]) / TOP)
    ways = statistics.quantiles(took, n=20)
    worked = (processor_seconds(backend) - worked) / times * 1000
    p50, found = statistics.median(took), statistics.mean(recall)
    print(f"| {name} | {p50:.1f} | {ways[-1]:.1f} | {worked:.1f} | {found:.1%} |", flush=True)


def processor_seconds(backend: psutil.Process) -> float:
    """Used by this process and its connection in the database, which a busy machine bends less."""
    times = backend.cpu_times()
    return time.process_time() + float(times.user + times.system)


def measure(size: int, rows: int, times: int, noise: float) -> None:
    from partners.faces import nearest_of_everybody, nearest_of_owner

    shown = f"{size}-d" + ("" if size == STORED else f", padded to {STORED}")
    sql(f"DROP INDEX IF EXISTS {INDEX}")
    begin = time.perf_counter()
    large = load(new_user("large"), Faces(rows=rows, asked=100, size=size, seed=1, noise=noise))
    small = load(new_user("small"), Faces(rows=SMALL, asked=100, size=size, seed=2, noise=noise))
    loaded = time.perf_counter() - begin
    begin = time.perf_counter()
    sql("SET maintenance_work_mem = '512MB'")
    sql(
        f"CREATE INDEX {INDEX} ON conversation_partners USING hnsw "
        "(image_embedding_bits bit_hamming_ops) WITH (m = 16, ef_construction = 64)"
    )
    built = time.perf_counter() - begin
    sql("VACUUM ANALYZE conversation_partners")
    megabytes = sql(f"SELECT pg_relation_size('{INDEX}') / 1e6")[0][0]
    print(
        f"\n{shown}: {rows:,} + {SMALL:,} faces made and loaded in {loaded:.0f} s; index of "
        f"{megabytes:.0f} MB built in {built:.0f} s\n"
    )
    print("| faces | p50 ms | p95 ms | processor ms | recall@10 |\n|---|--:|--:|--:|--:|")
    for owner, name in ((small, f"one owner's {SMALL:,}"), (large, f"one owner's {rows:,}")):
        few = max(4, times // 20)
        report(f"{name}, exact", owner, partial(exact, owner), few)
        for count in (100, 200, 400):

            def of_owner(question: list[float], owner: Stored = owner, count: int = count) -> Any:
                return nearest_of_owner(
                    owner_id=owner.user.pk, vector=question, model=MODEL, top=TOP, candidates=count
                )

            report(f"{name}, bits, {count} compared", owner, of_owner, times)
    for count in (100, 200, 400):

        def of_all(question: list[float], count: int = count) -> Any:
            return nearest_of_everybody(vector=question, top=TOP, candidates=count)

        report(f"everybody's {rows + SMALL:,}, index, {count} compared", large, of_all, times)
    for stored in (large, small):
        stored.user.delete()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="faces of the large owner")
    parser.add_argument("--times", type=int, default=50, help="questions for each row of the table")
    parser.add_argument("--size", type=int, help="one size alone (default: 4096, then 512)")
    parser.add_argument(
        "--noise", type=float, default=1.5, help="what no person has in common (default: 1.5)"
    )
    options = parser.parse_args()
    project.set_up()
    for size in (options.size,) if options.size else (STORED, 512):
        measure(size, options.rows, options.times, options.noise)


if __name__ == "__main__":
    main()
