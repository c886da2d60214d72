import importlib

import pytest
from django.apps import apps
from django_celery_beat.models import PeriodicTask

from bots.models import InboundUpdate
from bots.services.inbox import store_updates
from bots.tasks import project_inbox

pytestmark = pytest.mark.django_db


def test_the_inbox_is_drained_by_a_scheduled_task(bot):
    scheduled = PeriodicTask.objects.get(task="bots.project_inbox")
    assert (scheduled.enabled, scheduled.queue) == (True, "projection")
    store_updates(bot=bot, bodies=[b'{"update_id": 1, "poll": {"id": "1"}}'], source=InboundUpdate.Source.WEBHOOK)
    assert project_inbox.apply().get() == 1
    assert not InboundUpdate.objects.filter(state="pending").exists()


def test_what_staff_changed_of_the_schedule_survives_a_second_set_up():
    PeriodicTask.objects.filter(task="bots.project_inbox").update(enabled=False)
    importlib.import_module("bots.migrations.0003_schedule").schedule(apps, None)
    assert not PeriodicTask.objects.get(task="bots.project_inbox").enabled


def test_old_replies_are_forgotten_each_night():
    task = PeriodicTask.objects.get(task="bots.forget_old_replies")
    assert (task.name, task.crontab.hour, str(task.crontab.timezone)) == ("Forget old replies", "3", "Asia/Tehran")
