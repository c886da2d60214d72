"""The composition root: settings, routes, the admin site, Celery. Nothing imports it."""

from electionsite.celery import app as celery_app

__all__ = ["celery_app"]
