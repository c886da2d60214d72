"""The webhook: where platforms send updates to."""

import logging

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bots.models import Bot, InboundUpdate
from bots.projection.decode import NotJson
from bots.services.inbox import store_updates
from common.regions import find_region

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a header's name)
RETRY_AFTER_SECONDS = 5


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, region: str, webhook_key: str) -> HttpResponse:
    """Store an update and say so.

    200 only once it is committed; 503 when it can't be, so that the platform keeps it and sends it again. 404 for an
    unknown key, 401 for a wrong secret, 413 above a mebibyte, 400 for what isn't JSON, and in production for what came
    without TLS: a redirect would hide that the secret has travelled in clear. The region in the path is nginx's
    business: a bot whose candidate moved is still served by its old path.
    """
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return HttpResponse(status=400)
    if find_region(region) is None:
        return HttpResponse(status=404)
    try:
        return _store(request, webhook_key)
    except (DatabaseError, InterfaceError) as error:
        logger.error("An update could not be stored: %s", type(error).__name__)
        return HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def _store(request: HttpRequest, webhook_key: str) -> HttpResponse:
    bot = Bot.objects.only("webhook_secret").filter(webhook_key=webhook_key).first()
    if bot is None:
        return HttpResponse(status=404)
    if not constant_time_compare(request.headers.get(SECRET_HEADER, ""), bot.webhook_secret):
        return HttpResponse(status=401)
    body = request.read(settings.WEBHOOK_MAXIMUM_BYTES + 1)
    if len(body) > settings.WEBHOOK_MAXIMUM_BYTES:
        return HttpResponse(status=413)
    try:
        store_updates(bot=bot, bodies=[body], source=InboundUpdate.Source.WEBHOOK)
    except NotJson:
        return HttpResponse(status=400)
    return HttpResponse(status=200)
