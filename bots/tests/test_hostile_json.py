"""Whatever is sent: no 5xx, nothing lost, and the database never sees a value that it refuses."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bots.models import InboundUpdate
from bots.projection.decode import read_update_id
from bots.projection.worker import project_inbox
from bots.tests.updates import button, membership, message, poll, update, vote

texts = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    ["\x00", "a\x00b", "\ud800", "\udfff\ud800", "𐍈"]
)
numbers = (
    st.integers() | st.integers(min_value=2**62, max_value=2**70) | st.floats(allow_nan=False, allow_infinity=False)
)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
real_updates = st.sampled_from([
    message("سلام"), message("/start src_x"), button("city:qom"), vote([0]), poll("a", "b"), membership("kicked"),
    message(contact={"phone_number": "98912", "first_name": "x", "user_id": 7}), update(chat_boost={"chat": {"id": 1}}),
])  # fmt: skip


@st.composite
def mutated_updates(draw):
    """A real update in which one value, somewhere, is replaced by anything."""
    mutated = json.loads(json.dumps(draw(real_updates)))
    mutated["update_id"] = draw(st.integers(min_value=1, max_value=2**63 - 1))
    place = mutated
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        place[key] = draw(values)
        return mutated


bodies = st.one_of(
    st.builds(lambda value: json.dumps(value).encode(), values | mutated_updates()),
    st.builds(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), mutated_updates()),
    st.binary(max_size=40),
    st.builds(lambda depth: b'{"update_id":1,"message":' + b"[" * depth + b"]" * depth + b"}", st.integers(1, 3000)),
)


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(body=bodies)
def test_anything_sent_to_the_webhook_is_refused_with_400_or_kept_and_handled(intake, bot, body):
    before = InboundUpdate.objects.count()
    status = intake.post(bot, body)
    assert status in {200, 400}
    if status == 200:
        is_new = InboundUpdate.objects.count() == before + 1
        assert is_new or InboundUpdate.objects.filter(update_id=read_update_id(body)).exists()
    report = project_inbox()
    assert report.total == InboundUpdate.objects.count() - before
    assert not InboundUpdate.objects.filter(state=InboundUpdate.State.PENDING).exists()
    # The reason of what the database refused begins with the error's name: there must be none.
    assert not InboundUpdate.objects.filter(reason__regex=r"^\w+(Error|Exception): ").exists()
    if is_clean_json(body):
        assert status == 200


def is_clean_json(body: bytes) -> bool:
    try:
        json.loads(body.decode("utf-8"), parse_constant=lambda name: 1 / 0)
    except (ValueError, RecursionError, ZeroDivisionError):
        return False
    return True
