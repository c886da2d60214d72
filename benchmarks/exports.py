"""How fast people leave, in one run on this machine: our export against plain COPY and django-import-export's own.

    .venv/bin/python benchmarks/exports.py [--people 100000] [--quick] [--json]

Starts embedded servers in a temporary folder and fills them. Each way runs in a process of its own, so that its peak
memory (resident set) is its own; a process that has only loaded Django is shown for comparison. Files go to the same
temporary folder. "CPU s" is the Python process's own share, which a busy machine disturbs less than the seconds on the
clock. django-import-export's Dataset keeps everything in memory, so it gets the first 100,000 people only.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)  # this file's own folder would make `import exports` find this file

QUICK_PEOPLE = 10_000
DATASET_MAXIMUM = 100_000
FILL = """
INSERT INTO bots_botuser (bot_id, platform_user_id, first_name, last_name, username, language_code, source, city, phone,
    phone_index, is_blocked, next_text_is, click_count, message_count, first_seen_at, last_seen_at)
SELECT %s, 100000000 + n, 'فاطمه ' || n, 'محمدی‌نژاد', 'user_' || n, 'fa', 'poster-' || n %% 20,
    (ARRAY['tehran', 'isfahan', 'karaj', ''])[1 + n %% 4], '', '', n %% 17 = 0, '', n %% 50, n %% 9,
    timestamptz '2025-01-01' + n %% 300 * interval '1 day', timestamptz '2025-11-01' + n %% 20 * interval '1 hour'
FROM generate_series(1, %s) AS n
"""
COPY = """
COPY (SELECT platform_user_id, first_name, last_name, username, language_code, source, city, is_blocked, click_count,
    message_count, first_seen_at, last_seen_at FROM bots_botuser ORDER BY id) TO STDOUT (FORMAT csv)
"""


def start_django() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
    import django

    django.setup()


def nothing(_path: Path) -> int:
    return 0


def by_copy(path: Path) -> int:
    """COPY of the twelve columns of the model, as the floor: no Jalali, no names of cities, nothing defused."""
    from django.db import connection

    with connection.cursor() as cursor, path.open("wb") as file:
        with cursor.copy(COPY) as copy:
            for block in copy:
                file.write(block)
        return int(cursor.rowcount)


def by_us(path: Path) -> int:
    from bots.models import BotUser
    from exports.services import export_bot_users

    with path.open("wb") as file:
        people, format = BotUser.objects.order_by("pk"), path.suffix[1:]
        return export_bot_users(
            queryset=people, file=file, format=format, actor=None, with_phones=False, language="fa"
        ).rows


def by_dataset(path: Path) -> int:
    from bots.models import BotUser
    from exports.resources import BotUserResource

    resource_ = BotUserResource(with_phones=False)
    dataset = resource_.export(resource_.narrow(BotUser.objects.order_by("pk")[:DATASET_MAXIMUM]))
    path.write_text(dataset.csv, encoding="utf-8")
    return len(dataset)


WAYS: dict[str, tuple[str, str, Callable[[Path], int]]] = {
    "nothing": ("Django loaded, nothing done", "txt", nothing),
    "copy": ("COPY … TO STDOUT, 12 raw columns", "csv", by_copy),
    "csv": ("our export, CSV", "csv", by_us),
    "xlsx": ("our export, XLSX", "xlsx", by_us),
    "dataset": ("django-import-export, export().csv", "csv", by_dataset),
}


def measure(name: str, folder: Path) -> None:
    """Run one way in this process and print its figures as JSON."""
    start_django()
    label, extension, run = WAYS[name]
    path = folder / f"{name}.{extension}"
    path.touch()
    started, cpu_started = time.perf_counter(), time.process_time()
    rows = run(path)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    figures = {
        "way": label,
        "rows": rows,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "bytes": path.stat().st_size,
        "peak_bytes": peak,
    }
    print(json.dumps(figures))  # noqa: T201


def prepare(people: int) -> None:
    """Make the tables and fill them."""
    start_django()
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import Candidate
    from bots.models import Bot

    call_command("migrate", verbosity=0)
    candidate = Candidate.objects.create(code="benchmark", name="نامزد", city="tehran")
    bot = Bot.objects.create(candidate=candidate, slug="benchmark", name="بات")
    with connection.cursor() as cursor:
        cursor.execute(FILL, [bot.pk, people])
        cursor.execute("VACUUM ANALYZE bots_botuser")


def run_all(people: int) -> list[dict[str, Any]]:
    from common.embedded import provide_servers

    with tempfile.TemporaryDirectory(prefix="electionsite-benchmark-") as name:
        folder = Path(name)
        # Never the servers that this machine's environment names: theirs are other people's data.
        for variable in ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"):
            os.environ.pop(variable, None)
        os.environ |= {"ELECTIONSITE_DATA_DIR": name, "ELECTIONSITE_ENVIRONMENT": "development"}
        provide_servers(folder)
        prepare(people)
        figures = []
        for way in WAYS:
            command = [sys.executable, __file__, "--measure", way, "--folder", name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            figures.append(json.loads(done.stdout.splitlines()[-1]))
        return figures


def show(figures: list[dict[str, Any]]) -> None:
    floor = next(row["seconds"] for row in figures if row["way"].startswith("COPY"))
    print(f"{'Way':<38}{'Rows':>10}{'Seconds':>9}{'CPU s':>8}{'Rows/s':>10}{'MB':>8}{'Peak MB':>9}{'x COPY':>8}")  # noqa: T201
    for row in figures:
        speed = round(row["rows"] / row["seconds"]) if row["seconds"] else 0
        times = f"{row['seconds'] / floor:.1f}" if row["rows"] and floor else ""
        print(  # noqa: T201
            f"{row['way']:<38}{row['rows']:>10,}{row['seconds']:>9.2f}{row['cpu_seconds']:>8.2f}{speed:>10,}"
            f"{row['bytes'] / 1e6:>8.1f}{row['peak_bytes'] / 1e6:>9.0f}{times:>8}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PEOPLE:,} people, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--measure", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.folder)
        return
    people = QUICK_PEOPLE if options.quick else options.people
    figures = run_all(people)
    if options.json:
        print(json.dumps({"benchmark": "exports", "people": people, "ways": figures}))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
