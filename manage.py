#!/usr/bin/env python
"""Commands of Electionsite; `manage.py help` lists them."""

import os
import sys

COMMANDS_WITHOUT_SERVERS = {
    "help", "version", "--help", "--version",
    "check", "collectstatic", "compilemessages", "make_secrets", "makemessages",
}  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "electionsite.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command == "run_local":  # Ctrl-C is how it ends, also while it is still starting
        from common.processes import exit_on_stop_signals

        exit_on_stop_signals()
    if command not in COMMANDS_WITHOUT_SERVERS and not {"-h", "--help"} & set(sys.argv):
        _provide_servers()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def _provide_servers() -> None:
    from common.embedded import EmbeddedServerError, provide_servers
    from common.environment import environment_name

    if environment_name() == "production":
        return
    try:
        provide_servers()
    except EmbeddedServerError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
