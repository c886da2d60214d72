"""What the audit log costs those who write, and how fast it is verified; on this machine, in one run.

    .venv/bin/python benchmarks/audit.py [--rows 1000000] [--quick] [--json]

Starts an embedded PostgreSQL with durable defaults in a temporary folder.

Writing: eight threads change candidates through the service that staff's changes go through, for each way the same
number of changes, the ways in turn for several rounds; told is the median over the rounds. The alternatives: the
model's own `create`, and a chain kept at once, each row with the hash of the row before, which one lock must guard.

Verifying: rows are sealed and verified in processes of their own, so that their peak memory is theirs; twice, the
second time with a tenth of the rows, to show that memory doesn't grow. The alternative: the ORM, row by row.
"""

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)  # this file's own folder would make `import audit` find this file

from benchmarks.own_site import own_site, start_django  # noqa: E402 (after the path is known)

THREADS = 8
CHAIN_LOCK = 77
FILL = """
INSERT INTO audit_auditlog (occurred_at, action, actor_id, actor_label, object_type, object_id, object_label, address,
    agent, session_id, request_id, details)
SELECT now() - interval '1 minute', 'accounts.candidate.change', n %% 50, 'سارا رستمی', 'accounts.candidate',
    (n %% 900)::text, 'فاطمه محمدی‌نژاد', '192.0.2.1', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0',
    md5((n %% 99)::text), md5(n::text),
    jsonb_build_object('changed', jsonb_build_array('city'), 'before', jsonb_build_object('city', 'tehran'),
        'after', jsonb_build_object('city', 'isfahan'))
FROM generate_series(1, %s) AS n
"""


# Writing


def not_at_all(**_act: Any) -> None:
    """The same change, and nobody writes it down."""


def by_us(**act: Any) -> None:
    from audit.services import record

    record(**act)


def by_orm(*, action: str, actor: Any, target: Any, details: Any) -> None:
    from audit.models import AuditLog

    AuditLog.objects.create(
        action=action, object_type=target._meta.label_lower, object_id=target.pk, object_label=str(target),
        details=details,
    )  # fmt: skip


def by_chain(*, action: str, actor: Any, target: Any, details: Any) -> None:
    from django.db import connection

    from audit.models import AuditLog

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    before = AuditLog.objects.order_by("-id").values_list("request_id", flat=True).first() or ""
    mark = hashlib.sha256(f"{before}{action}{target.pk}{details}".encode()).hexdigest()
    AuditLog.objects.create(action=action, object_id=target.pk, details=details, request_id=mark)


WRITERS: dict[str, tuple[str, Callable[..., None]]] = {
    "unaudited": ("not recorded", not_at_all),
    "record": ("recorded by our service", by_us),
    "orm": ("recorded by the model's create", by_orm),
    "chain": ("a chain kept at once, under a lock", by_chain),
}


def change_candidates(write: Callable[..., None], changes: int) -> float:
    """Seconds that eight threads take for `changes` changes each."""
    from django.db import connection

    from accounts.models import Candidate
    from accounts.services import candidates

    setattr(candidates, "record", write)  # noqa: B010 (the service under measure, with another way to record)
    numbers = list(Candidate.objects.order_by("pk").values_list("pk", flat=True)[:THREADS])
    ready = threading.Barrier(THREADS + 1)

    def work(number: int) -> None:
        connection.ensure_connection()
        ready.wait()
        for turn in range(changes):
            name = f"نامزد {turn}-{time.perf_counter_ns()}"
            candidates.update_candidate(candidate_id=number, name=name, actor=None)
        connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def measure_writing(changes: int, rounds: int) -> list[dict[str, Any]]:
    """Each way's figures; the cost is the median of the rounds' own ratios, as the machine's pace wanders."""
    seconds: dict[str, list[float]] = {name: [] for name in WRITERS}
    change_candidates(by_us, changes // 4)
    for _round in range(rounds):
        for name, (_label, write) in WRITERS.items():
            seconds[name].append(change_candidates(write, changes))
    figures = []
    for name, (label, _write) in WRITERS.items():
        cost = statistics.median(mine / plain for mine, plain in zip(seconds[name], seconds["unaudited"], strict=True))
        speed = THREADS * changes / statistics.median(seconds[name])
        figures.append({"way": label, "changes_per_second": round(speed), "cost_percent": round(100 * (cost - 1), 1)})
    return figures


# Verifying


def by_verify_log() -> int:
    from audit.seals.verification import verify_log

    report = verify_log()
    if report.findings:
        raise SystemExit(str(report.findings[0]))
    return report.rows


def by_orm_rows() -> int:
    """The ORM's rows and a digest of each: what a program would do that doesn't look at the bytes."""
    from audit.models import AuditLog

    count, digest = 0, hashlib.sha256()
    for row in AuditLog.objects.order_by("id").values_list().iterator(chunk_size=2000):
        digest.update(repr(row).encode())
        count += 1
    return count


def by_sealing() -> int:
    from audit.seals.sealing import seal_new_rows

    return seal_new_rows()


READERS: dict[str, tuple[str, Callable[[], int]]] = {
    "seal": ("seal_new_rows", by_sealing),
    "verify": ("verify_log", by_verify_log),
    "orm": ("ORM rows, a digest over them", by_orm_rows),
}


def measure_reading(name: str) -> None:
    start_django()
    label, run = READERS[name]
    started = time.perf_counter()
    rows = run()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    figures = {"way": label, "rows": rows, "seconds": round(seconds, 2), "peak_bytes": peak}
    print(json.dumps({**figures, "rows_per_second": round(rows / seconds)}))  # noqa: T201


def in_own_process(name: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--measure", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def fill(rows: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(FILL, [rows])
        cursor.execute("VACUUM ANALYZE audit_auditlog")


def prepare() -> None:
    from accounts.services import create_candidate

    for number in range(THREADS):
        create_candidate(code=f"benchmark-{number}", name="نامزد", city="tehran", actor=None)


def run_all(rows: int, changes: int, rounds: int) -> dict[str, Any]:
    with own_site():
        prepare()
        writing = measure_writing(changes, rounds)
        reading = []
        for count in (rows // 10, rows - rows // 10):
            fill(count)
            reading += [in_own_process(reader) for reader in READERS]
    return {"benchmark": "audit", "threads": THREADS, "writing": writing, "reading": reading}


def show(figures: dict[str, Any]) -> None:
    print(f"{'Changes from 8 threads':<38}{'Changes/s':>10}{'Cost':>9}")  # noqa: T201
    for row in figures["writing"]:
        print(f"{row['way']:<38}{row['changes_per_second']:>10,}{row['cost_percent']:>+8.1f}%")  # noqa: T201
    print(f"\n{'Reading':<32}{'Rows':>10}{'Seconds':>9}{'Rows/s':>10}{'Peak MB':>9}")  # noqa: T201
    for row in figures["reading"]:
        speed, peak = row["rows_per_second"], row["peak_bytes"] / 1e6
        print(f"{row['way']:<32}{row['rows']:>10,}{row['seconds']:>9.2f}{speed:>10,}{peak:>9.0f}")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="fewer rows and changes, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--measure", choices=sorted(READERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure_reading(options.measure)
        return
    rows, changes, rounds = (100_000, 40, 3) if options.quick else (options.rows, 150, 7)
    figures = run_all(rows, changes, rounds)
    if options.json:
        print(json.dumps(figures))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
