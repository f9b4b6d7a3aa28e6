"""Finding partners by a face's vector: own ones only, of one model, never through a wrong plan."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from rest_framework.test import APIClient

from convoai.accounts.models import User
from partners import faces
from partners.faces import nearest_of_everybody, nearest_of_owner
from partners.models import ConversationPartner
from partners.services import set_face
from tests.api.shapes import PARTNER_KEYS
from tests.factories import make_partner

pytestmark = pytest.mark.django_db
MATCH = "/api/partners/match-embedding"


def face(*start: float, size: int = 512) -> list[float]:
    """A vector that begins so, with zeros behind."""
    return [*start, *[0.0] * (size - len(start))]


def with_face(
    user: User, name: str, embedding: list[float], model: str = "face-1"
) -> ConversationPartner:
    return set_face(partner=make_partner(user, name), embedding=embedding, model=model)


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert list(body) == ["results", "count"]
    assert body["count"] == len(body["results"])
    return [result["partner"]["name"] for result in body["results"]]


def test_a_face_is_kept_and_finds_its_partner(api: APIClient, alice: User) -> None:
    partner = make_partner(alice, "Dana")
    with_face(alice, "Eda", face(0, 1))
    answer = api.put(
        f"/api/partners/{partner.pk}/embedding", {"embedding": face(3, 4), "model": "face-1"}
    )
    assert answer.status_code == 200
    assert list(answer.json()) == PARTNER_KEYS
    stored = ConversationPartner.objects.values_list("image_embedding", flat=True).get(
        pk=partner.pk
    )
    assert list(stored) == pytest.approx(face(0.6, 0.8, size=4096))
    found = api.post(MATCH, {"embedding": face(3, 4), "threshold": 0})
    assert names(found) == ["Dana", "Eda"]
    assert list(found.json()["results"][0]) == ["partner", "similarity"]
    assert [one["similarity"] for one in found.json()["results"]] == pytest.approx([1, 0.9])
    api.delete(f"/api/partners/{partner.pk}/embedding")
    assert names(api.post(MATCH, {"embedding": face(3, 4), "threshold": 0})) == ["Eda"]


@pytest.mark.bad_input(52)
def test_less_than_a_cosine_of_one_half_is_no_match_unless_asked(
    api: APIClient, alice: User
) -> None:
    with_face(alice, "half", face(0.5, math.sqrt(0.75)))
    with_face(alice, "less", face(0.49, math.sqrt(1 - 0.49**2)))
    with_face(alice, "opposite", face(-1))
    before = list(ConversationPartner.objects.values_list("image_embedding", "updated_at"))
    assert names(api.post(MATCH, {"embedding": face(1)})) == ["half"]
    assert names(api.post(MATCH, {"embedding": face(1), "threshold": 0.6})) == ["half", "less"]
    assert names(api.post(MATCH, {"embedding": face(1), "threshold": 0, "top_k": 1})) == ["half"]
    everybody = api.post(MATCH, {"embedding": face(1), "threshold": 0})
    assert everybody.json()["results"][-1]["similarity"] == 0
    after = list(ConversationPartner.objects.values_list("image_embedding", "updated_at"))
    assert [list(row[0]) for row in after] == [list(row[0]) for row in before]
    assert [row[1] for row in after] == [row[1] for row in before]


@pytest.mark.parametrize("size", [128, 512, 768, 4096])
def test_vectors_of_several_sizes_are_padded_alike(api: APIClient, alice: User, size: int) -> None:
    with_face(alice, "Dana", face(1, 2, size=size))
    for asked in (size, 4096):
        answer = api.post(MATCH, {"embedding": face(2, 4, size=asked)})
        assert answer.json()["results"][0]["similarity"] == pytest.approx(1)


@pytest.mark.bad_input(50)
def test_an_identical_face_of_somebody_else_is_neither_found_nor_touched(
    api: APIClient, alice: User, bob: User
) -> None:
    theirs = with_face(bob, "Eda", face(1), model="face-2")
    before = ConversationPartner.objects.filter(pk=theirs.pk).values().get()
    assert names(api.post(MATCH, {"embedding": face(1), "threshold": 0})) == []
    for call in (api.put, api.delete):
        body = {"embedding": face(0, 1), "model": "face-1"}
        assert call(f"/api/partners/{theirs.pk}/embedding", body).status_code == 404
    mine = with_face(alice, "Dana", face(1))
    assert names(api.post(MATCH, {"embedding": face(1), "threshold": 0})) == ["Dana"]
    assert mine.pk != theirs.pk
    after = ConversationPartner.objects.filter(pk=theirs.pk).values().get()
    assert {k: str(v) for k, v in after.items()} == {k: str(v) for k, v in before.items()}


def assert_mismatch(answer: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, "model_mismatch")


@pytest.mark.bad_input(49)
def test_faces_of_different_models_are_never_compared(api: APIClient, alice: User) -> None:
    with_face(alice, "one", face(1), model="face-1")
    with_face(alice, "two", face(1), model="face-2")
    assert_mismatch(api.post(MATCH, {"embedding": face(1)}))
    assert names(api.post(MATCH, {"embedding": face(1), "model": "face-2"})) == ["two"]
    assert_mismatch(api.post(MATCH, {"embedding": face(1), "model": "face-3"}))


def test_faces_of_an_unknown_model_are_a_model_of_their_own(api: APIClient, alice: User) -> None:
    old = with_face(alice, "old", face(1))
    ConversationPartner.objects.filter(pk=old.pk).update(image_embedding_model=None)
    assert names(api.post(MATCH, {"embedding": face(1)})) == ["old"]
    with_face(alice, "new", face(1))
    assert_mismatch(api.post(MATCH, {"embedding": face(1)}))
    assert names(api.post(MATCH, {"embedding": face(1), "model": "face-1"})) == ["new"]


WRONG = [
    (46, [], "embedding_dims"),
    (46, [0.1] * 511, "embedding_dims"),
    (46, [0.1] * 4097, "embedding_dims"),
    (46, face(1e39), "embedding_range"),
    (46, face(-1e300, 1), "embedding_range"),
    (47, [*face(), "0.5"], "float_type"),
    (47, [*face(), None], "float_type"),
    (47, [*face(), True], "float_type"),
    (47, [face(1)], "float_type"),
    (47, {"0": 1.0}, "not_a_list"),
    (47, "0.5", "not_a_list"),
    (47, None, "none_not_allowed"),
    (48, face(0.0), "embedding_norm"),
    (48, face(1e-30), "embedding_norm"),
    (48, face(1e38, 1e38), "embedding_norm"),
    (48, [0.25] * 512, "embedding_norm"),
]


@pytest.mark.bad_input(46, 47, 48)
@pytest.mark.parametrize(("row", "embedding", "kind"), WRONG)
def test_what_is_no_vector_is_422_and_nothing_is_stored(
    api: APIClient, alice: User, row: int, embedding: Any, kind: str
) -> None:
    partner = make_partner(alice)
    calls = [
        api.post(MATCH, {"embedding": embedding}),
        api.put(f"/api/partners/{partner.pk}/embedding", {"embedding": embedding, "model": "m"}),
    ]
    for answer in calls:
        assert answer.status_code == 422
        [problem] = answer.json()["detail"]
        assert problem["loc"] == ["body", "embedding"]
        if kind != "not_a_list":
            assert problem["type"] == kind
    assert not ConversationPartner.objects.filter(image_embedding__isnull=False).exists()


@pytest.mark.bad_input(47)
@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have_are_422(api: APIClient, word: str) -> None:
    body = f'{{"embedding": [{", ".join(["0.5"] * 511)}, {word}]}}'
    answer = api.post(MATCH, body, content_type="application/json")
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"top_k": 0}, "top_k"),
        ({"top_k": 101}, "top_k"),
        ({"top_k": "many"}, "top_k"),
        ({"threshold": 1.5}, "threshold"),
        ({"threshold": "NaN"}, "threshold"),
        ({"model": ""}, "model"),
        ({"model": "m" * 201}, "model"),
        ({"treshold": 0.5}, "treshold"),
    ],
)
def test_other_values_that_make_no_sense_are_422_at_their_place(
    api: APIClient, changes: dict[str, Any], place: str
) -> None:
    answer = api.post(MATCH, {"embedding": face(1), **changes})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", place]


@pytest.mark.bad_input(48)
def test_the_database_refuses_a_vector_of_zeros(alice: User) -> None:
    partner = make_partner(alice)
    with pytest.raises(DatabaseError), transaction.atomic():
        ConversationPartner.objects.filter(pk=partner.pk).update(image_embedding=[0.0] * 4096)


@pytest.fixture
def crowd(alice: User, bob: User) -> dict[int, list[float]]:
    """Thirty faces of Alice's partners, and a hundred of Bob's that are nearer to most things."""
    chance = random.Random(4)
    centre = [chance.gauss(0, 1) for _ in range(128)]

    def near(spread: float) -> list[float]:
        return [value + chance.gauss(0, spread) for value in centre]

    mine = {}
    for user, count, spread in ((bob, 100, 0.2), (alice, 30, 2.0)):
        for number in range(count):
            vector = near(spread)
            partner = with_face(user, str(number), vector)
            if user is alice:
                mine[partner.pk] = vector
    return mine


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (
        math.hypot(*one) * math.hypot(*other)
    )


def test_the_nearest_of_one_owner_are_all_found_among_nearer_ones_of_others(
    crowd: dict[int, list[float]], alice: User
) -> None:
    asked = next(iter(crowd.values()))
    stored = [*asked, *[0.0] * (4096 - 128)]
    right = sorted(crowd, key=lambda pk: -cosine(crowd[pk], asked))[:10]
    found = nearest_of_owner(owner_id=alice.pk, vector=stored, model="face-1", top=10)
    assert [pk for pk, _ in found] == right
    everybody = nearest_of_everybody(vector=stored, top=10)
    assert everybody[0][0] == right[0]
    assert everybody[0][1] == pytest.approx(1)
    assert len(everybody) == 10


def plan_of(statement: str, **values: Any) -> str:
    """The plan when the planner is talked into using any index that fits the order."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {statement}", values)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_no_search_of_one_owner_runs_through_the_index_of_everybody(
    crowd: dict[int, list[float]], alice: User
) -> None:
    vector = str([*next(iter(crowd.values())), *[0.0] * (4096 - 128)])
    values = {"vector": vector, "least": -1, "top": 10, "candidates": 400}
    mine = {**values, "owner": alice.pk, "model": "face-1", "many": 10_000, "most": 400}
    # The trap: the obvious query takes that index, and drops the rows of others afterwards.
    naive = (
        "SELECT id FROM conversation_partners WHERE user_id = %(owner)s ORDER BY "
        "image_embedding_bits <~> binary_quantize(%(vector)s::vector)::bit(4096) LIMIT 10"
    )
    assert "idx_partners_face_bits" in plan_of(naive, **mine)
    assert "idx_partners_face_bits" not in plan_of(faces.OF_ONE_OWNER, **mine)
    assert "idx_partners_face_bits" in plan_of(faces.OF_EVERYBODY, **values)
    assert "Seq Scan on conversation_partners" not in plan_of(faces.MODELS, **mine)


def test_sign_bits_lie_in_the_row_and_vectors_do_not() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, attstorage::text FROM pg_attribute WHERE attname LIKE 'image_emb%' "
            "AND attrelid = 'conversation_partners'::regclass AND attlen = -1"
        )
        storage = dict(cursor.fetchall())
    assert storage["image_embedding_bits"] == "p"
    assert storage["image_embedding"] == "e"
