"""The Celery application; tasks live in each app's `tasks` module."""

import os

from celery import Celery

from electionsite import task_origin  # noqa: F401 (connects its signals)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "electionsite.settings")

app = Celery("electionsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
