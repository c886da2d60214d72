"""The pages of imports; `exports.urls` takes them in."""

from django.contrib import admin
from django.urls import URLPattern, re_path

from exports.imports import views
from exports.imports.kinds import KINDS
from exports.imports.template_file import FORMATS


def _of_kind(code: str) -> list[URLPattern]:
    begin, about = rf"^import/{code}", {"kind": code}
    return [
        re_path(begin + r"/?$", admin.site.admin_view(views.import_page), about, f"import-{code}"),
        *(
            re_path(
                begin + rf"/template\.{format}$",
                admin.site.admin_view(views.template_page),
                {**about, "format": format},
                f"import-{code}-template-{format}",
            )
            for format in FORMATS
        ),
    ]


_DONE = r"^imports/(?P<import_id>[0-9]{1,18})"

urlpatterns = [
    *(pattern for code in KINDS for pattern in _of_kind(code)),
    re_path(_DONE + r"/?$", admin.site.admin_view(views.done_page), name="import-done"),
    re_path(_DONE + r"/undo/?$", admin.site.admin_view(views.undo_page), name="import-undo"),
]
