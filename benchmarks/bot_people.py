"""How quickly the pages about a bot with millions of people open; on this machine, in one run.

    .venv/bin/python benchmarks/bot_people.py [--people 5000000] [--rounds 5] [--quick] [--json]

Starts an embedded PostgreSQL in a temporary folder (about 700 bytes a person, with indexes) and fills it by SQL: one
bot with nearly all people and a small one beside it. Then the pages are asked for as browsers do, through the site's
own middleware, signed in, and each asking is audited. Told are the median and the slowest of the rounds, the first of
which finds nothing in Django's caches, what of the median the queries take, and how long the counting ahead takes.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)

from benchmarks.own_site import own_site  # noqa: E402 (after the path is known)

LIST_LIMIT_MILLISECONDS, ANALYTICS_LIMIT_MILLISECONDS = 300, 1000
PEOPLE = """
INSERT INTO bots_botuser (bot_id, platform_user_id, first_name, last_name, username, language_code, source, city,
    phone, phone_index, is_blocked, next_text_is, click_count, message_count, first_seen_at, last_seen_at)
SELECT CASE WHEN number %% 10000 = 0 THEN %(small)s ELSE %(large)s END, 100000000 + number,
    (ARRAY['علی','زهرا','محمد','فاطمه','حسین','مریم','رضا','سارا','مهدی','نرگس'])[1 + (number * 3 %% 10)::int],
    (ARRAY['احمدی','محمدی','حسینی','رضایی','کریمی','موسوی','جعفری','نوری'])[1 + (number / 10 * 5 %% 8)::int]
        || CASE WHEN number %% 3 = 0 THEN ' ' || chr(1575 + (number %% 30)::int) || 'زاده' || number %% 5000
            ELSE '' END,
    CASE WHEN number %% 2 = 0 THEN 'user' || number ELSE '' END, 'fa',
    CASE WHEN number %% 4 = 0 THEN '' WHEN number %% 50021 = 1 THEN 'leaflet' ELSE 'poster-' || number %% 40 END,
    CASE WHEN number %% 3 = 0 THEN '' WHEN number %% 60013 = 1 THEN 'qom' WHEN number %% 5 = 0 THEN 'isfahan'
        ELSE 'tehran' END,
    '', CASE WHEN number = 4242 THEN %(phone)s ELSE '' END, number %% 20 = 0, '', 2, 1,
    now() - interval '180 days' * (1 - number / %(people)s::float),
    now() - interval '180 days' * (1 - number / %(people)s::float) * ((number * 31) %% 100) / 100.0
FROM generate_series(1, %(people)s::bigint) AS number
"""
LOOKUP = """
INSERT INTO bots_personlookup (bot_user_id, platform_user_id, words, city, source, is_blocked)
SELECT id, platform_user_id, bots_person_words(concat_ws(' ', first_name, last_name, username)), city, source,
    is_blocked
FROM bots_botuser
"""
CLICKS = """
INSERT INTO bots_click (bot_id, bot_user_id, kind, data, occurred_at)
SELECT bot_id, id, 'start', '', first_seen_at FROM bots_botuser
"""
MESSAGES = """
INSERT INTO bots_message (bot_id, bot_user_id, kind, text, occurred_at)
SELECT bot_id, id, 'text', 'سلام', last_seen_at FROM bots_botuser WHERE id % 4 = 0
"""
PHONE = "+989127025006"


def fill(people: int) -> dict[str, Any]:
    """A large and a small bot; returns them and how long filling took."""
    from django.db import connection

    from accounts.testing import make_candidate
    from bots.models import BotUser
    from bots.services.bots import create_bot

    bots = {
        name: create_bot(candidate=make_candidate(name), slug=name, name=name, actor=None)
        for name in ("large", "small")
    }
    phone = BotUser._meta.get_field("phone_index").index_of(PHONE)
    started = time.perf_counter()
    with connection.cursor() as cursor:
        # Triggers and foreign keys are looked at row by row; what is inserted here is right without them.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(PEOPLE, {"small": bots["small"].pk, "large": bots["large"].pk, "people": people, "phone": phone})
        for statement in (LOOKUP, CLICKS, MESSAGES):
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM (ANALYZE) bots_botuser, bots_personlookup, bots_click, bots_message")
    return {**bots, "seconds": time.perf_counter() - started}


def addresses(bots: dict[str, Any], people: int) -> dict[str, str]:
    """What is looked at, and where it stands."""
    today, month_ago = time.strftime("%Y-%m-%d"), time.strftime("%Y-%m-%d", time.localtime(time.time() - 30 * 86400))
    queries = {
        "list": "",
        "list, page 100": "p=100",
        "filter: large bot": f"bot__id__exact={bots['large'].pk}",
        "filter: small bot": f"bot__id__exact={bots['small'].pk}",
        "filter: frequent city": "city=tehran",
        "filter: rare city": "city=qom",
        "filter: frequent source": "source=poster-1",
        "filter: rare source": "source=leaflet",
        "filter: no city told": "city=-",
        "filter: blocked": "is_blocked__exact=1",
        "filter: first seen today": f"first_seen_at__from={today}",
        "filter: last seen in a month": f"last_seen_at__from={month_ago}",
        "filter: first seen before a month": f"first_seen_at__to={month_ago}",
        "filter: city, source and small bot": f"city=tehran&source=poster-1&bot__id__exact={bots['small'].pk}",
        "search: frequent name": f"q={quote('علی')}",
        "search: two names": f"q={quote('زهرا محمدی')}",
        "search: rare name": f"q={quote('کزاده77')}",
        "search: one letter": f"q={quote('م')}",
        "search: username": f"q=user{people // 2 * 2}",
        "search: nobody": "q=nobody-has-this-name",
        "search: number": f"q={100_000_000 + people // 3}",
        "search: phone": f"q={quote(PHONE)}",
        "search: frequent name in small bot": f"q={quote('علی')}&bot__id__exact={bots['small'].pk}",
    }
    return {name: f"/admin/bots/botuser/?{query}" for name, query in queries.items()}


def measure(client: Any, address: str, rounds: int) -> dict[str, float]:
    from django.db import connection

    pages: list[float] = []
    queries: list[float] = []

    def time_query(execute: Any, *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            queries[-1] += 1000 * (time.perf_counter() - began)

    for _round in range(rounds):
        queries.append(0.0)
        started = time.perf_counter()
        with connection.execute_wrapper(time_query):
            answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
        pages.append(1000 * (time.perf_counter() - started))
    figures = {"median": statistics.median(pages), "slowest": max(pages), "database": statistics.median(queries)}
    return {name: round(value, 1) for name, value in figures.items()}


def measure_all(people: int, rounds: int) -> dict[str, Any]:
    from accounts.roles import Role
    from accounts.testing import make_staff, sign_in
    from bots.analytics.roll_up import roll_up
    from bots.analytics.snapshot import refresh_snapshots

    bots = fill(people)
    started = time.perf_counter()
    roll_up()
    rolled_up = time.perf_counter()
    refresh_snapshots()
    counted = time.perf_counter()
    owner = sign_in(make_staff(Role.OWNER))
    limited = sign_in(make_staff(Role.OWNER, candidates=[bots["small"].candidate]))
    lists = {name: measure(owner, address, rounds) for name, address in addresses(bots, people).items()}
    lists["list, of staff limited to the small bot"] = measure(limited, "/admin/bots/botuser/", rounds)
    lists["search, of staff limited to the small bot"] = measure(
        limited, f"/admin/bots/botuser/?q={quote('علی')}", rounds
    )
    analytics = {
        "bot": measure(owner, f"/admin/bots/{bots['large'].pk}/analytics?days=90", rounds),
        "candidate": measure(owner, f"/admin/bots/analytics/candidate/{bots['large'].candidate_id}?days=90", rounds),
    }
    return {
        "benchmark": "bot_people",
        "people": people,
        "fill_seconds": round(bots["seconds"], 1),
        "roll_up_seconds": round(rolled_up - started, 1),
        "snapshot_seconds": round(counted - rolled_up, 1),
        "list_milliseconds": lists,
        "analytics_milliseconds": analytics,
        "slowest_list_milliseconds": max(row["median"] for row in lists.values()),
        "slowest_analytics_milliseconds": max(row["median"] for row in analytics.values()),
    }


def run_all(people: int, rounds: int) -> dict[str, Any]:
    # Limits would refuse this machine after a second.
    with own_site(ELECTIONSITE_ENVIRONMENT="test", ELECTIONSITE_RATE_LIMITS="false"):
        from django.test.utils import override_settings

        with override_settings(ALLOWED_HOSTS=["testserver"]):
            return measure_all(people, rounds)


def show(figures: dict[str, Any]) -> None:
    print(f"{figures['people']:,} people; filled in {figures['fill_seconds']} s")  # noqa: T201
    for title, key, limit in (
        ("List of people", "list_milliseconds", LIST_LIMIT_MILLISECONDS),
        ("Analytics", "analytics_milliseconds", ANALYTICS_LIMIT_MILLISECONDS),
    ):
        print(f"\n{title + f', under {limit} ms':<46}{'median ms':>10}{'slowest ms':>12}{'queries ms':>12}")  # noqa: T201
        for name, row in figures[key].items():
            mark = "" if row["median"] < limit else "  too slow"
            print(f"{name:<46}{row['median']:>10,.1f}{row['slowest']:>12,.1f}{row['database']:>12,.1f}{mark}")  # noqa: T201
    print(f"\nCounting hours anew: {figures['roll_up_seconds']} s, people: {figures['snapshot_seconds']} s")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--people", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="200,000 people, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    options = parser.parse_args()
    figures = run_all(200_000, 3) if options.quick else run_all(options.people, options.rounds)
    if options.json:
        print(json.dumps(figures))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
