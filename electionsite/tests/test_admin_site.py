import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import PASSWORD, make_staff, sign_in
from audit.models import AuditLog
from common.environment import PROJECT_DIR
from electionsite.admin_site import APP_ORDER

pytestmark = pytest.mark.django_db
TEMPLATE_FOLDERS = ("electionsite/templates", "common/templates")


def in_language(client, code):
    client.cookies["django_language"] = code
    return client


def test_pages_are_persian_and_right_to_left_whatever_the_browser_prefers():
    page = Client().get("/admin/login/", headers={"accept-language": "de"}).content.decode()
    assert '<html lang="fa" dir="rtl">' in page


def test_the_sign_in_page_offers_the_other_language_by_its_own_name():
    page = Client().get("/admin/login/").content.decode()
    assert re.search(r'name="language" value="en" lang="en">\s*English', page)
    assert 'value="fa"' not in page
    page = in_language(Client(), "en").get("/admin/login/").content.decode()
    assert re.search(r'name="language" value="fa" lang="fa">\s*فارسی', page)


def test_switching_keeps_the_page_with_its_filters():
    client = sign_in(make_staff(Role.OWNER))
    here = f"{reverse('admin:django_celery_beat_periodictask_changelist')}?enabled__exact=1"
    assert f'name="next" value="{here}"' in client.get(here).content.decode()
    answer = client.post("/language/setlang/", {"language": "en", "next": here}, follow=True)
    assert answer.redirect_chain == [(here, 302)]
    assert '<html lang="en" dir="ltr">' in answer.content.decode()


def test_switching_does_not_lead_to_other_sites():
    answer = Client().post("/language/setlang/", {"language": "en", "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_the_signed_out_see_no_list_of_apps():
    assert Client().get("/admin/login/").context["available_apps"] == []


def test_apps_stand_in_the_order_of_peoples_work():
    page = sign_in(make_staff(Role.OWNER)).get("/admin/")
    labels = [app["app_label"] for app in page.context["app_list"]]
    known = [label for label in labels if label in APP_ORDER]
    assert known == [label for label in APP_ORDER if label in labels]
    assert labels[: len(known)] == known
    assert "auth" not in labels


@pytest.mark.parametrize("folder", TEMPLATE_FOLDERS)
def test_our_templates_hold_no_inline_script_or_style(folder):
    for path in (PROJECT_DIR / folder).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", text), path


def test_a_change_of_ones_own_password_is_audited_and_a_refused_one_is_not(db):
    user = make_staff(Role.SUPPORT)
    client = sign_in(user)
    new = "An entirely new passphrase, the 2nd"
    for old in ("wrong", PASSWORD):
        client.post(reverse("admin:password_change"), {"old_password": old, "new_password1": new, "new_password2": new})
    user.refresh_from_db()
    assert user.check_password(new)
    assert AuditLog.objects.filter(action="accounts.user.set_password", object_id=user.pk).count() == 1


@pytest.mark.parametrize("page", ["index", "password_change", "password_change_done"])
def test_each_page_has_the_same_links_at_its_top(page):
    answer = sign_in(make_staff(Role.OWNER)).get(reverse(f"admin:{page}"))
    for target in ("admin:password_change", "accounts:overview", "accounts:sessions", "set_language"):
        assert f'"{reverse(target)}"' in answer.content.decode()
