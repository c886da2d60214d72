"""Other ways of taking and using updates, to compare the intake with; each keeps the same row."""

import os
import sys
from pathlib import Path
from typing import Any

sys.path[0:0] = [str(Path(__file__).resolve().parent.parent)]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "electionsite.settings")

INSERT = """
    INSERT INTO bots_inboundupdate (bot_id, source, state, received_at, kind, reason, update_id, body)
    VALUES ($1, 'webhook', 'pending', now(), '', '', $2, $3) ON CONFLICT DO NOTHING
"""


def make_asgi() -> Any:
    """The intake's own judging and storing behind the interface that servers of others offer."""
    import asyncio

    import django

    django.setup()
    from bots.intake.application import Intake
    from bots.intake.http import Head

    intake = Intake()
    work: list[asyncio.Task[None]] = []

    async def live(receive: Any, send: Any) -> None:
        await receive()
        work.extend(asyncio.create_task(each()) for each in (intake.known_bots.keep_up, intake.inbox.keep_storing))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def judge(scope: Any, receive: Any) -> int:
        verdict = intake.judge(Head(scope["method"].encode(), scope["raw_path"], dict(scope["headers"])))
        if isinstance(verdict, int):
            return verdict
        body, message = b"", {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        verdict(body, answer.set_result)
        return await answer

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        status = await judge(scope, receive)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    return application


def make_django() -> Any:
    """A view as most Django projects have it: one `create` by the ORM, behind the site's own middleware."""
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    from django.http import HttpRequest, HttpResponse
    from django.urls import path as route
    from django.utils.crypto import constant_time_compare
    from django.views.decorators.csrf import csrf_exempt

    from bots.models import Bot, InboundUpdate
    from bots.projection.decode import read_update_id
    from electionsite import urls

    @csrf_exempt
    def webhook(request: HttpRequest, region: str, key: str) -> HttpResponse:
        bot = Bot.objects.get(webhook_key=key)
        if not constant_time_compare(request.headers["X-Telegram-Bot-Api-Secret-Token"], bot.webhook_secret):
            return HttpResponse(status=401)
        number = read_update_id(request.body)
        InboundUpdate.objects.create(bot=bot, update_id=number, body=request.body.decode(), source="webhook")
        return HttpResponse(status=200)

    urls.urlpatterns[:0] = [route("webhook/<region>/<key>", webhook)]
    return application


def run_aiohttp(port: int, database_url: str, bot_id: int, secret: str) -> None:
    """aiohttp with a pool of asyncpg, one statement and one commit an update."""
    import django

    django.setup()
    import asyncpg
    import uvloop
    from aiohttp import web

    from bots.projection.decode import read_update_id
    from common.crypto import encrypt

    uvloop.install()

    async def webhook(request: Any) -> Any:
        if request.headers["X-Telegram-Bot-Api-Secret-Token"] != secret:
            return web.Response(status=401)
        body = await request.read()
        sealed = encrypt(body.decode(), context="bots.InboundUpdate.body")
        async with request.app["pool"].acquire() as connection:
            await connection.execute(INSERT, bot_id, read_update_id(body), sealed)
        return web.Response()

    async def make() -> Any:
        application = web.Application()
        application["pool"] = await asyncpg.create_pool(database_url, min_size=16, max_size=16)
        application.router.add_post("/webhook/{region}/{key}", webhook)
        return application

    web.run_app(make(), host="127.0.0.1", port=port, print=None, access_log=None)


def make_celery() -> Any:
    """A task an update, which finds or makes the person and makes the message, by the ORM."""
    import django

    django.setup()
    from celery import Celery

    from bots.models import BotUser, Message
    from bots.projection.interpret import interpret

    app = Celery("rivals", broker=os.environ["RIVALS_BROKER"])
    app.conf.task_ignore_result = True

    @app.task(name="rivals.use")  # type: ignore[untyped-decorator]
    def use(bot_id: int, update_id: int, body: str) -> None:
        import datetime as dt

        from django.db import transaction

        facts = interpret(body.encode(), update_id=update_id, received_at=dt.datetime.now(dt.UTC))
        if facts.person is None or facts.message is None:
            return
        with transaction.atomic():
            person, _created = BotUser.objects.update_or_create(
                bot_id=bot_id,
                platform_user_id=facts.person.id,
                defaults={"first_name": facts.person.first_name, "last_seen_at": facts.occurred_at},
                create_defaults={"first_seen_at": facts.occurred_at, "last_seen_at": facts.occurred_at},
            )
            Message.objects.create(
                bot_id=bot_id, bot_user=person, update_id=update_id, kind="text", text=facts.message.text or "",
                occurred_at=facts.occurred_at,
            )  # fmt: skip

    return app


def __getattr__(name: str) -> Any:
    """`celery --app benchmarks.intake_rivals:celery_app`; Celery takes no function that makes one."""
    if name == "celery_app":
        return make_celery()
    raise AttributeError(name)


if __name__ == "__main__":
    run_aiohttp(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
