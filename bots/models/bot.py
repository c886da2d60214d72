import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from common.fields import BlindIndexField, EncryptedTextField

PROXY_SCHEMES = ("http://", "https://", "socks5://", "socks5h://")
API_ROOTS = {"telegram": "https://api.telegram.org", "bale": "https://tapi.bale.ai"}


def make_webhook_key() -> str:
    """A random, unguessable part of the webhook's path (128 bits); the token itself never stands in a path."""
    return secrets.token_urlsafe(16)


def make_webhook_secret() -> str:
    """A random secret for the header that Telegram sends with each update (256 bits, of its allowed characters)."""
    return secrets.token_urlsafe(32)


def address_of_proxy(proxy: str) -> str:
    """A proxy's address without name, password and path; what isn't an address is left as it is."""
    try:
        parts = urlsplit(proxy)
    except ValueError:
        return proxy
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else proxy


class Bot(models.Model):
    """A candidate's chat bot on Telegram or a messenger that speaks its API."""

    class Platform(models.TextChoices):
        TELEGRAM = "telegram", _("Telegram")
        BALE = "bale", _("Bale")

    class Way(models.TextChoices):
        """How a bot's updates come here."""

        WEBHOOK = "webhook", _("the platform sends them")
        POLLING = "polling", _("they are fetched")

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="bots", verbose_name=_("candidate"))
    slug = models.SlugField(_("short name"), max_length=50, unique=True, help_text=_("Used by commands and files."))
    name = models.CharField(_("name"), max_length=150)
    platform = models.CharField(_("platform"), max_length=16, choices=Platform.choices, default=Platform.TELEGRAM)
    api_root = models.URLField(
        _("API address"),
        blank=True,
        help_text=_("Only for a Bot API server of your own; empty means the platform's."),
    )
    token = EncryptedTextField(_("token"), blank=True, default="")
    token_index = BlindIndexField(source="token")
    username = models.CharField(_("username"), max_length=64, blank=True, editable=False)
    proxy = EncryptedTextField(
        _("proxy"),
        blank=True,
        default="",
        help_text=_("Where the platform can be reached only through one, such as http://user:password@host:3128."),
    )
    receives_by = models.CharField(_("updates"), max_length=8, choices=Way.choices, default=Way.WEBHOOK, editable=False)
    webhook_url = models.URLField(max_length=500, blank=True, editable=False)  # as the platform was told
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True, editable=False)
    webhook_key = models.CharField(max_length=64, unique=True, default=make_webhook_key, editable=False)
    webhook_secret = EncryptedTextField(default=make_webhook_secret, editable=False)
    polling_offset = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("bot")
        verbose_name_plural = _("bots")
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["token_index"],
                condition=~models.Q(token_index=""),
                name="bot_token_once",
                violation_error_message=_("Another bot already uses this token."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Calls go to the platforms and the servers that operators name: else staff could aim them anywhere inside."""
        if self.api_root and self.api_root.rstrip("/") not in settings.BOT_API_SERVERS:
            raise ValidationError({"api_root": _("An operator must first name this server in the settings.")})
        if self.proxy:
            self._clean_proxy()

    def _clean_proxy(self) -> None:
        if self.proxy_address not in settings.BOT_PROXIES or not self.proxy_address.startswith(PROXY_SCHEMES):
            raise ValidationError({"proxy": _("An operator must first name this proxy in the settings.")})

    @property
    def effective_api_root(self) -> str:
        """The Bot API server that this bot talks to, without a final slash."""
        return (self.api_root or API_ROOTS[self.platform]).rstrip("/")

    @property
    def proxy_address(self) -> str:
        """The proxy without the name and password that it asks for; empty where there is none."""
        return address_of_proxy(self.proxy)

    @property
    def webhook_path(self) -> str:
        """The path that the platform sends updates to; its region lets nginx choose the servers."""
        return f"/webhook/{self.candidate.region}/{self.webhook_key}"
