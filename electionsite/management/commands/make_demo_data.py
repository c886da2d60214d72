from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from electionsite.local.demo import make_demo_data


class Command(BaseCommand):
    help = "Make three candidates with bots, and plans that they have bought, where missing. Not in production."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("Demo data has no place in production.")
        made = make_demo_data()
        self.stdout.write(", ".join(f"{count} new {noun}" for noun, count in made.items()))
