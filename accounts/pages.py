"""What the second-factor pages answer with."""

from typing import Any
from urllib.parse import urlencode

import segno
from django.contrib import admin, messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_otp import login as mark_verified
from django_otp.models import Device

from accounts import services
from accounts.admin_scope import staff_user
from accounts.forms import EnrolForm
from accounts.models import AuthenticatorDevice, BackupCodeDevice
from accounts.recent_factor import note_shown
from accounts.second_factor import is_verified, next_url
from accounts.selectors import backup_codes_left

ENROLLING_KEY = "enrolling_device"
FEW_CODES = 3


def open_session(request: HttpRequest, device: Device) -> None:
    """Mark the session as verified now, under a new key: one that leaked before is worth nothing after."""
    mark_verified(request, device)
    note_shown(request)
    request.session.cycle_key()
    if isinstance(device, BackupCodeDevice):
        left = backup_codes_left(staff_user(request))
        words = ngettext("One backup code is left.", "%(count)d backup codes are left.", left) % {"count": left}
        messages.add_message(request, messages.WARNING if left <= FEW_CODES else messages.INFO, words)


def lead_to(name: str, request: HttpRequest) -> HttpResponse:
    """To another page of the second factor, which then leads where this one would have."""
    response = redirect(name)
    if "next" in request.GET or "next" in request.POST:
        response["Location"] += f"?{urlencode({'next': next_url(request)})}"
    return response


def refuse(
    request: HttpRequest, page: str, form: Form, field: str, error: services.SecondFactorRefused, **context: Any
) -> HttpResponse:
    """The page once more, with the refusal at its field; 429 while the throttle holds."""
    form.add_error(field, str(error))
    throttled = error.code == "code-throttled"
    titles = {"verify": _("Second factor"), "enrol": _("Authenticator app"), "backup_codes": _("Backup codes")}
    response = show_page(request, page, titles[page], form=form, **context)
    if throttled:
        response.status_code = 429
        response["Retry-After"] = str(error.retry_after)
    return response


def enrol_page(
    request: HttpRequest, form: EnrolForm, replaces_old: bool, refusal: services.SecondFactorRefused | None = None
) -> HttpResponse:
    user = staff_user(request)
    known = request.session.get(ENROLLING_KEY)
    device = services.start_enrolment(user=user, device_id=known)
    request.session[ENROLLING_KEY] = device.pk
    context = {"qr_code": _qr_code(device), "seed_groups": _in_fours(device.seed), "replaces_old": replaces_old}
    if refusal:
        return refuse(request, "enrol", form, refusal.extra["field"], refusal, **context)
    return show_page(request, "enrol", _("Authenticator app"), form=form, **context)


def codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return show_page(request, "new_codes", _("Your backup codes"), codes=codes)


def _qr_code(device: AuthenticatorDevice) -> str:
    """The device's address as an SVG without styles, dark on white in dark mode, too: cameras want it so."""
    image = segno.make(device.config_url, error="m", micro=False)
    markup = image.svg_inline(omitsize=True, svgclass=None, lineclass=None, light="#fff", border=4)
    return mark_safe(markup)  # noqa: S308 (segno's markup; the text is drawn, not written)


def _in_fours(seed: str) -> list[str]:
    return [seed[start : start + 4] for start in range(0, len(seed), 4)]


def show_page(request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
    shared = admin.site.each_context(request)
    if not is_verified(request.user):
        shared |= {"available_apps": [], "is_nav_sidebar_enabled": False}
    context = {**shared, "title": title, "next": next_url(request), **context}
    return TemplateResponse(request, f"accounts/{name}.html", context)
