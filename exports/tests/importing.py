"""Sending files to the pages of imports as a browser does."""

import csv
import io

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override
from openpyxl import Workbook

from accounts.testing import sign_in
from exports.models import DataImport

BEGIN = "/admin/exports/import/"


def browser(user, language="en", **options):
    client = sign_in(user, **options)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def as_csv(*rows, delimiter=","):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return SimpleUploadedFile("list.csv", text.getvalue().encode("utf-8-sig"))


def as_xlsx(*rows):
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return SimpleUploadedFile("list.xlsx", file.getvalue())


def send(client, kind, *rows, file=None):
    return client.post(f"{BEGIN}{kind}", {"file": file or as_csv(*rows)})


def confirm(client, kind, preview, **changed):
    values = {"number": preview.context["form"]["number"].value(), "seen": preview.context["form"]["seen"].value()}
    return client.post(f"{BEGIN}{kind}", {**values, "confirm": "1", **changed}, follow=True)


def run(client, kind, *rows, file=None):
    """Send a file and confirm its preview; the page of the import."""
    preview = send(client, kind, *rows, file=file)
    assert preview.context["may_confirm"], shown(preview)
    response = confirm(client, kind, preview)
    assert response.context["done"].state == "done"
    return response


def undo(client, done):
    return client.post(reverse("exports:import-undo", args=[done.pk]), follow=True)


def shown(response):
    """Line, outcome, and what would be stored or is wrong, of each row of a preview."""
    if "judgement" not in (response.context or {}):
        return dict(response.context["form"].errors)
    return [
        (
            row.line,
            str(row.outcome),
            [(change.heading, change.before, change.after) for change in row.changes] or list(row.problems),
        )
        for row in response.context["judgement"].rows
    ]


def refusal(response):
    assert not DataImport.objects.exists()
    with override("en"):
        return str(response.context["form"].errors["file"][0])


def told(response):
    return [str(message) for message in response.context["messages"]]
