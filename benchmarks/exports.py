"""How fast people leave, in one run on this machine: our exports against PostgreSQL's COPY and against what others use.

    .venv/bin/python benchmarks/exports.py [--people 1000000] [--rounds 3] [--quick] [--json]

Starts embedded servers with durable defaults in a temporary folder and fills them: people with twelve columns of
Persian text. Ours is the whole of an export: counted, one snapshot, words and Jalali days, defused, hashed, encrypted
into the vault. COPY is the floor: twelve raw columns of the same rows, neither encrypted nor kept.

Each way runs in a process of its own, so that its peak memory (resident set) is its own; a process that has only loaded
Django is shown for comparison, and `peak_rss_mb` is what the largest of ours takes beyond it. Slow rivals get the first
rows only. A ratio is the median of the rounds' rows a second, on the clock. "CPU s" is the process's share and its
database session's; `…_cpu` are the same ratios by it, which a busy machine disturbs less.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)  # this file's own folder would make `import exports` find this file

from benchmarks import exports_rivals as rivals  # noqa: E402

QUICK_PEOPLE = 20_000
COLUMNS = (
    "platform_user_id", "first_name", "last_name", "username", "language_code", "source", "city", "is_blocked",
    "click_count", "message_count", "first_seen", "first_seen_at",
)  # fmt: skip
FILL = """
INSERT INTO bots_botuser (bot_id, platform_user_id, first_name, last_name, username, language_code, source, city, phone,
    phone_index, is_blocked, next_text_is, click_count, message_count, first_seen_at, last_seen_at)
SELECT %s, 100000000 + n, 'فاطمه ' || n, 'محمدی‌نژاد', 'user_' || n, 'fa', 'poster-' || n %% 20,
    (ARRAY['tehran', 'isfahan', 'karaj', ''])[1 + n %% 4], (%s::text[])[1 + n %% 10], '', n %% 17 = 0, '', n %% 50,
    n %% 9, timestamptz '2025-01-01' + n %% 300 * interval '1 day',
    timestamptz '2025-11-01' + n %% 20 * interval '1 hour'
FROM generate_series(1, %s) AS n
"""
COPY = """
COPY (SELECT platform_user_id, first_name, last_name, username, language_code, source, city, is_blocked, click_count,
    message_count, first_seen_at, last_seen_at FROM bots_botuser ORDER BY id LIMIT %s) TO STDOUT (FORMAT csv)
"""


def start_django() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
    import django

    django.setup()


def nothing(_path: Path, _limit: int) -> int:
    return 0


def by_copy(_path: Path, limit: int) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        with cursor.copy(COPY, [limit]) as copy:
            for _row in copy:
                pass
        return int(cursor.rowcount)


def by_us(format: str, *columns: str) -> Callable[[Path, int], int]:
    def export(_path: Path, limit: int) -> int:
        from bots.models import BotUser
        from exports.engine import SheetSource, write_export
        from exports.resources import BotUserResource
        from exports.snapshot import one_snapshot
        from exports.vault import new_vault_file

        sheet = SheetSource("People", BotUserResource(), BotUser.objects.order_by("pk")[:limit], columns)
        with new_vault_file(str(uuid.uuid4()), number=uuid.uuid4()) as file, one_snapshot():
            return write_export(
                sheets=[sheet], format=format, file=cast(BinaryIO, file), language="fa", watermark="benchmark"
            ).rows

    return export


# What each is called, how it is done, and what part of the people it gets.
WAYS: dict[str, tuple[str, Callable[[Path, int], int], float]] = {
    "nothing": ("Django loaded, nothing done", nothing, 1),
    "copy": ("COPY … TO STDOUT, 12 raw columns", by_copy, 1),
    "csv": ("ours, CSV", by_us("csv", *COLUMNS), 1),
    "csv_phones": ("ours, CSV with phones", by_us("csv", *COLUMNS, "phone"), 1),
    "xlsx": ("ours, XLSX", by_us("xlsx", *COLUMNS), 1),
    "xlsx_phones": ("ours, XLSX with phones", by_us("xlsx", *COLUMNS, "phone"), 1),
    "import_export": ("django-import-export, CSV", rivals.by_import_export, 0.02),
    "rustpy": ("rustpy-xlsxwriter", rivals.by_rustpy, 0.2),
    "xlsxwriter": ("XlsxWriter, constant memory", rivals.by_xlsxwriter, 0.05),
    "openpyxl": ("openpyxl, write-only", rivals.by_openpyxl, 0.05),
}
# How many times as fast the first is as the second, or how many times as long it takes.
TIMES_AS_FAST = {
    "csv_vs_import_export": ("csv", "import_export"),
    "xlsx_vs_openpyxl": ("xlsx", "openpyxl"),
    "xlsx_vs_xlsxwriter": ("xlsx", "xlsxwriter"),
    "xlsx_vs_rustpy": ("xlsx", "rustpy"),
}
TIMES_AS_LONG = {
    "csv_vs_copy": ("csv", "copy"),
    "xlsx_vs_copy": ("xlsx", "copy"),
    "csv_phones_ratio": ("csv_phones", "csv"),
    "xlsx_phones_ratio": ("xlsx_phones", "xlsx"),
}


def measure(name: str, folder: Path, limit: int) -> None:
    """Run one way in this process and print its figures as JSON."""
    start_django()
    import psutil
    from django.db import connection

    _label, run, _part = WAYS[name]
    connection.ensure_connection()
    session = psutil.Process(connection.connection.info.backend_pid)

    def cpu_seconds() -> float:
        of_session = session.cpu_times()
        return time.process_time() + of_session.user + of_session.system

    started, cpu_started = time.perf_counter(), cpu_seconds()
    rows = run(folder / name, limit)
    seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu_started
    figures = {"rows": rows, "seconds": seconds, "cpu_seconds": cpu, "peak_bytes": peak_bytes()}
    print(json.dumps(figures))  # noqa: T201


def peak_bytes() -> int:
    """The most memory that this process has held; getrusage would count what its parent held when it was started."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def in_own_process(name: str, folder: Path, people: int) -> dict[str, Any]:
    label, _run, part = WAYS[name]
    limit = max(round(people * part), min(people, QUICK_PEOPLE // 4))
    command = [sys.executable, __file__, "--measure", name, "--folder", str(folder), "--people", str(limit)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    for path in (folder / "vault").rglob("*"):
        if path.is_file():
            path.unlink()
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"way": label, **figures}


def prepare(people: int) -> None:
    """Make the tables and fill them."""
    start_django()
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import Candidate
    from bots.models import Bot
    from common.crypto import encrypt

    call_command("migrate", verbosity=0)
    candidate = Candidate.objects.create(code="benchmark", name="نامزد", city="tehran")
    bot = Bot.objects.create(candidate=candidate, slug="benchmark", name="بات")
    phones = [encrypt(f"+98912700502{number}", context="bots.BotUser.phone") for number in range(10)]
    with connection.cursor() as cursor:
        cursor.execute(FILL, [bot.pk, phones, people])
        cursor.execute("VACUUM ANALYZE bots_botuser")
        cursor.execute("CHECKPOINT")


def run_all(people: int, rounds: int) -> dict[str, Any]:
    from common.embedded import provide_servers

    # The server still works off what was written when the folder goes.
    with tempfile.TemporaryDirectory(prefix="electionsite-benchmark-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # Never the servers that this machine's environment names: theirs are other people's data.
        for variable in ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"):
            os.environ.pop(variable, None)
        os.environ |= {
            "ELECTIONSITE_DATA_DIR": name,
            "ELECTIONSITE_ENVIRONMENT": "development",
            "ELECTIONSITE_EXPORTS_STORE": str(folder / "vault"),
        }
        provide_servers(folder)
        prepare(people)
        measured = [{name: in_own_process(name, folder, people) for name in WAYS} for _round in range(rounds)]
    return {
        "benchmark": "exports",
        "people": people,
        "rounds": rounds,
        **ratios(measured, "seconds", ""),
        **ratios(measured, "cpu_seconds", "_cpu"),
        "peak_rss_mb": peak_megabytes(measured),
        "ways": [{"name": name, **median_of(measured, name)} for name in WAYS],
    }


def ratios(measured: list[dict[str, Any]], unit: str, suffix: str) -> dict[str, float]:
    """Each ratio as the median of the rounds'."""

    def each(one: dict[str, Any], way: str) -> float:
        return float(one[way][unit] / one[way]["rows"])

    found = {
        **{key: [each(one, slow) / each(one, fast) for one in measured] for key, (fast, slow) in TIMES_AS_FAST.items()},
        **{key: [each(one, ours) / each(one, base) for one in measured] for key, (ours, base) in TIMES_AS_LONG.items()},
    }
    medians = {key: round(statistics.median(values), 2) for key, values in found.items()}
    medians["phones_ratio"] = max(medians.pop("csv_phones_ratio"), medians.pop("xlsx_phones_ratio"))
    return {f"{key}{suffix}": value for key, value in medians.items()}


def peak_megabytes(measured: list[dict[str, Any]]) -> int:
    loaded = min(one["nothing"]["peak_bytes"] for one in measured)
    ours = (one[name]["peak_bytes"] for one in measured for name in ("csv", "csv_phones", "xlsx", "xlsx_phones"))
    growth: float = (max(ours) - loaded) / 1e6
    return round(growth)


def median_of(measured: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The round of a way that took the median time."""
    rounds = sorted((one[name] for one in measured), key=lambda figures: figures["seconds"])
    figures = rounds[len(rounds) // 2]
    return {**figures, **{key: round(figures[key], 2) for key in ("seconds", "cpu_seconds")}}


def show(figures: dict[str, Any]) -> None:
    print(f"{'Way':<36}{'Rows':>10}{'Seconds':>9}{'CPU s':>8}{'Rows/s':>10}{'Peak MB':>9}")  # noqa: T201
    for row in figures["ways"]:
        speed = round(row["rows"] / row["seconds"]) if row["seconds"] else 0
        print(  # noqa: T201
            f"{row['way']:<36}{row['rows']:>10,}{row['seconds']:>9.2f}{row['cpu_seconds']:>8.2f}{speed:>10,}"
            f"{row['peak_bytes'] / 1e6:>9.0f}"
        )
    print()  # noqa: T201
    for key in (*TIMES_AS_LONG, *TIMES_AS_FAST, "phones_ratio"):
        if key in figures:
            print(f"{key:<24}{figures[key]:>8.2f}  by CPU {figures[f'{key}_cpu']:>8.2f}")  # noqa: T201
    print(f"{'peak_rss_mb':<24}{figures['peak_rss_mb']:>8}")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PEOPLE:,} people once, about a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--measure", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.folder, options.people)
        return
    people, rounds = (QUICK_PEOPLE, 1) if options.quick else (options.people, options.rounds)
    figures = run_all(people, rounds)
    if options.json:
        print(json.dumps(figures))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
