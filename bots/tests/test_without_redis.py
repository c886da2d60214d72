"""Redis away: what citizens send is taken and used all the same; nothing of it passes through Redis."""

import json

import pytest
from django.conf import settings as project
from django.core.cache import caches

from bots.models import BotUser, InboundUpdate, Message
from bots.services.partitions import maintain_partitions, watch_partitions
from bots.tasks import project_inbox, watch_backlog
from bots.tests.updates import message

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def without_redis(own_redis, settings):
    """The caches as they are set up, at a Redis that has stopped."""
    settings.CACHES = {name: {**cache, "LOCATION": own_redis.url} for name, cache in project.CACHES.items()}
    assert caches.settings["default"]["LOCATION"] == own_redis.url
    own_redis.stop()


def test_without_redis_updates_are_taken_and_used_and_the_upkeep_works(bot, intake, without_redis):
    sent = [json.dumps(message("x")).encode() for _update in range(20)]
    assert {intake.post(bot, body) for body in [*sent, *sent]} == {200}
    assert InboundUpdate.objects.count() == 20
    assert watch_backlog() is False
    assert project_inbox() == 20
    assert (Message.objects.count(), BotUser.objects.get().message_count) == (20, 20)
    maintain_partitions(actor=None)
    assert watch_partitions() is False
