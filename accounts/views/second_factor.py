"""Showing the second factor, enrolling, backup codes, and the page from which to reach all of it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from accounts import services
from accounts.admin_scope import staff_user
from accounts.forms import CodeForm, EnrolForm
from accounts.pages import ENROLLING_KEY, codes_page, enrol_page, lead_to, open_session, refuse, show_page
from accounts.recent_factor import ask_again, is_recent, note_shown
from accounts.second_factor import is_verified, next_url
from accounts.selectors import backup_codes_left, has_authenticator, has_second_factor, passkeys_of
from accounts.views.page import staff_page
from common.errors import DomainError


@staff_page
def overview(request: HttpRequest) -> HttpResponse:
    """What somebody has to show besides the password, and the ways to change it."""
    user = staff_user(request)
    context = {"left": backup_codes_left(user), "passkeys": passkeys_of(user)}
    return show_page(request, "overview", _("Second factor"), **context)


@staff_page
def verify(request: HttpRequest) -> HttpResponse:
    """Ask for a code or a passkey; then go on to the page that was wanted. Also once the last time is too long ago."""
    user = staff_user(request)
    if is_recent(request):
        return HttpResponseRedirect(next_url(request))
    if not has_second_factor(user):
        return lead_to("accounts:enrol", request)
    form = CodeForm(request.POST or None)
    context = {"has_passkey": passkeys_of(user).exists()}
    if form.is_valid():
        try:
            device = services.verify_second_factor(user=user, code=form.cleaned_data["code"])
        except services.SecondFactorRefused as error:
            return refuse(request, "verify", form, "code", error, **context)
        open_session(request, device)
        return HttpResponseRedirect(next_url(request))
    return show_page(request, "verify", _("Second factor"), form=form, **context)


@staff_page
def enrol(request: HttpRequest) -> HttpResponse:
    """Show a QR code for an authenticator app and take its first code; the answer to it shows the backup codes."""
    user = staff_user(request)
    if has_second_factor(user) and not is_verified(user):
        return lead_to("accounts:verify", request)
    if has_second_factor(user) and not is_recent(request):
        return ask_again(request)
    replaces_old = has_authenticator(user)
    device_id = request.session.get(ENROLLING_KEY)
    form = EnrolForm(request.POST or None, replaces_old=replaces_old)
    if form.is_valid():
        try:
            device, codes = services.confirm_enrolment(user=user, device_id=device_id, **form.cleaned_data)
        except services.SecondFactorRefused as error:
            return enrol_page(request, form, replaces_old, refusal=error)
        except DomainError as error:
            messages.error(request, str(error))
            return lead_to("accounts:enrol", request)
        request.session.pop(ENROLLING_KEY, None)
        open_session(request, device)
        return codes_page(request, codes)
    return enrol_page(request, form, replaces_old)


@staff_page
def backup_codes(request: HttpRequest) -> HttpResponse:
    """Say how many backup codes are left; make new ones for somebody who shows a fresh code."""
    user = staff_user(request)
    if not is_verified(user):
        return lead_to("accounts:verify", request)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            services.verify_second_factor(user=user, code=form.cleaned_data["code"])
        except services.SecondFactorRefused as error:
            return refuse(request, "backup_codes", form, "code", error, left=backup_codes_left(user))
        note_shown(request)
        return codes_page(request, services.make_backup_codes(user=user, actor=user))
    return show_page(request, "backup_codes", _("Backup codes"), form=form, left=backup_codes_left(user))
