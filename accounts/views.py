"""The pages of the second factor: showing it, enrolling, backup codes."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.admin_scope import staff_user
from accounts.forms import CodeForm, EnrolForm
from accounts.pages import ENROLLING_KEY, codes_page, enrol_page, lead_to, open_session, refuse, show_page
from accounts.second_factor import is_verified, next_url
from accounts.selectors import backup_codes_left, has_authenticator
from common.errors import DomainError

Page = Callable[[HttpRequest], HttpResponse]


def _second_factor_page(view: Page) -> Page:
    """For signed-in staff, verified or not; nothing of it is cached, and error reports leave its codes out."""
    for wrap in (
        login_required,
        sensitive_post_parameters("code", "current_code"),
        csrf_protect,
        never_cache,
        require_http_methods(["GET", "HEAD", "POST"]),
    ):
        view = wrap(view)
    return view


@_second_factor_page
def verify(request: HttpRequest) -> HttpResponse:
    """Ask for a code; then go on to the page that was wanted."""
    user = staff_user(request)
    if is_verified(user):
        return HttpResponseRedirect(next_url(request))
    if not has_authenticator(user):
        return lead_to("accounts:enrol", request)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            device = services.verify_second_factor(user=user, code=form.cleaned_data["code"])
        except services.SecondFactorRefused as error:
            return refuse(request, "verify", form, "code", error)
        open_session(request, device)
        return HttpResponseRedirect(next_url(request))
    return show_page(request, "verify", _("Second factor"), form=form)


@_second_factor_page
def enrol(request: HttpRequest) -> HttpResponse:
    """Show a QR code for an authenticator app and take its first code; the answer to it shows the backup codes."""
    user = staff_user(request)
    replaces_old = has_authenticator(user)
    if replaces_old and not is_verified(user):
        return lead_to("accounts:verify", request)
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


@_second_factor_page
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
        return codes_page(request, services.make_backup_codes(user=user, actor=user))
    return show_page(request, "backup_codes", _("Backup codes"), form=form, left=backup_codes_left(user))
