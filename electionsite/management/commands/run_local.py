import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils.translation import override

from bots.models import Bot
from common.embedded import embedded_names, leave_servers
from common.environment import PROJECT_DIR, environment
from common.processes import exit_on_stop_signals, ignore_stop_signals
from electionsite.local.demo import FirstSignIn, make_demo_data, prepare_first_sign_in
from electionsite.local.messenger import (
    MESSENGER_PORT,
    connect_bots,
    messenger_processes,
    name_test_server,
    use_test_server,
)
from electionsite.local.processes import local_processes
from electionsite.local.supervisor import Supervisor
from electionsite.local.terminal import Terminal, terminal_columns
from electionsite.local.web import HOST, free_port, wait_until_it_answers
from electionsite.local.welcome import welcome_text
from scaling.probes import probe_cache, probe_database

SAMPLE_TRAFFIC = PROJECT_DIR / "bots" / "testing" / "data" / "campaign.jsonl"


class Command(BaseCommand):
    help = "Run the whole site on this machine, with demo data, until Ctrl-C. Not in production."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("run_local makes demo data and prints a password; it doesn't run in production.")
        exit_on_stop_signals()
        supervisor = Supervisor(write=self._show)
        try:
            with override("en"):
                self._run(supervisor)
        finally:
            ignore_stop_signals()
            supervisor.stop()
            connections.close_all()
            leave_servers()
            self._say("Stopped: no process is left running.")

    def _run(self, supervisor: Supervisor) -> None:
        self._step("Servers", self._describe_servers())
        self._check_servers()
        self._step("Database", "applying migrations")
        call_command("migrate", verbosity=0, interactive=False)
        made = make_demo_data()
        self._step("Demo data", ", ".join(f"{count} new {noun}" for noun, count in made.items()))
        self._replay()
        sign_in = prepare_first_sign_in()
        port = self._choose_port("ELECTIONSITE_PORT", environment.int("ELECTIONSITE_PORT", default=8000))
        intake_wanted = environment.int("ELECTIONSITE_INTAKE_PORT", default=port + 1)
        intake_port = self._choose_port("ELECTIONSITE_INTAKE_PORT", intake_wanted)
        # No nginx stands in front: bots' updates go straight to the intake.
        os.environ.setdefault("ELECTIONSITE_INTAKE_URL", f"http://{HOST}:{intake_port}")
        processes = local_processes(port, intake_port)
        bots = self._prepare_messenger(processes)
        connections.close_all()
        self._step("Processes", "starting " + ", ".join(processes))
        supervisor.start(processes)
        if all(self._answers(supervisor, one) for one in (port, intake_port)):
            connect_bots(bots, f"http://{HOST}:{intake_port}")
            self._welcome(port, sign_in)
        elif supervisor.find_ended() is None:
            raise CommandError("The web process or the intake doesn't answer.")
        ended = supervisor.wait(may_go_on=Terminal().is_there)
        if ended:
            raise CommandError(f"{ended.name} ended by itself with exit code {ended.exit_code}; everything stops.")

    def _describe_servers(self) -> str:
        names = {"DATABASE_URL": "PostgreSQL", "REDIS_URL": "Redis"}
        own = [label for name, label in names.items() if name in embedded_names()]
        given = [f"{label} of {name}" for name, label in names.items() if name not in embedded_names()]
        return "; ".join([*([f"embedded {' and '.join(own)}, data in {settings.DATA_DIR}"] if own else []), *given])

    def _check_servers(self) -> None:
        for name, probe in (("DATABASE_URL", probe_database), ("REDIS_URL", probe_cache)):
            try:
                probe()
            except Exception as error:
                raise CommandError(f"The server of {name} doesn't answer: {str(error).strip()}") from error

    def _replay(self) -> None:
        started_at = time.monotonic()
        quiet = Path("/dev/null").open("w", encoding="utf-8")  # noqa: SIM115
        with quiet:
            call_command("replay_updates", str(SAMPLE_TRAFFIC), stdout=quiet)
            call_command("project_updates", stdout=quiet)
            call_command("maintain_partitions", stdout=quiet)  # the sample's months are long past
        self._step("Traffic", f"sample updates replayed and projected in {time.monotonic() - started_at:.1f} s")

    def _answers(self, supervisor: Supervisor, port: int) -> bool:
        return wait_until_it_answers(port, may_go_on=lambda: supervisor.find_ended() is None)

    def _choose_port(self, variable: str, wanted: int) -> int:
        try:
            port = free_port(wanted)
        except OSError as error:
            raise CommandError(f"{variable}: {error}") from error
        if port != wanted:
            self._step("Port", f"{wanted} is taken; using {port}")
        return port

    def _prepare_messenger(self, processes: dict[str, list[str]]) -> list[Bot]:
        """Add a messenger to test against to the processes; returns the bots that are to be connected to it."""
        if not environment.bool("ELECTIONSITE_TEST_MESSENGER", default=True):
            return []
        port = free_port(MESSENGER_PORT)
        bots = use_test_server(name_test_server(port))
        processes |= messenger_processes(port)
        self._step("Messenger", f"{len(bots)} demo bots talk to a test server on port {port}, used by made-up citizens")
        return bots

    def _welcome(self, port: int, sign_in: FirstSignIn) -> None:
        # Passkeys belong to a name; for an address in digits browsers make none.
        self._say(welcome_text(f"http://localhost:{port}/", sign_in, columns=terminal_columns()))

    def _step(self, what: str, how: str) -> None:
        self._say(f"{what + ':':<11}{how}")

    def _show(self, name: str, line: str) -> None:
        self._say(f"{name:<7}| {line}")

    def _say(self, text: str) -> None:
        with suppress(OSError, ValueError):  # whoever read us may be gone; stopping goes on
            self.stdout.write(text)
            self.stdout.flush()
