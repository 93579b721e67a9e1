"""Every address of Tailorline: customers `/`, staff `/staff/`, floor `/floor/`, REST `/api/v1/`."""

from types import ModuleType

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLResolver, include, path, register_converter
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config.views import (
    alarms,
    beginning,
    dashboard,
    editing,
    entering,
    first_account,
    footing,
    health,
    imports,
    language,
    password,
    rows,
    setup,
)
from journal.stream import live
from orders import urls_slots as orders_slots
from orders import urls_staff as orders_staff
from orders.views import pictures
from recommendations import urls_slots as suggestions_slots
from recommendations import urls_staff as suggestions_staff


def staff_and_slots(app: str, staff: ModuleType, slots: ModuleType) -> URLResolver:
    """Staff pages and fragments in one include: Django finds only one namespace of a name."""
    patterns = [
        path("staff/", include(staff.urlpatterns)),
        path(f"slots/{app}/", include(slots.urlpatterns)),
    ]
    return path("", include((patterns, app)))


register_converter(rows.SheetInPath, "sheet")

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("live/", live, name="live"),
    path("language/", language.choose, name="set_language"),
    # one door to sign in: it counts failures
    path(
        "admin/login/",
        RedirectView.as_view(pattern_name="login", query_string=True),
        name="admin-login",
    ),
    path("admin/", admin.site.urls),
    path("api/v1/terminal/", include("production.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="api-docs"),
    staff_and_slots("orders", orders_staff, orders_slots),
    path("staff/", dashboard.dashboard, name="dashboard"),
    path("staff/footing/", footing.footing, name="footing"),
    path("staff/try-again/", alarms.try_again, name="try-again"),
    path("staff/imports/", include(imports)),
    path("staff/edit/", editing.index, name="edit-index"),
    path("staff/edit/history/", editing.history, name="edit-history"),
    path("staff/edit/undo/", editing.take_back, name="edit-undo"),
    path("staff/edit/<sheet:sheet>/rows/", rows.rows, name="edit-rows"),
    path("staff/edit/<sheet:sheet>/rows/all/", rows.change_all, name="change-all"),
    path("staff/edit/<slug:kind>/", editing.new, name="edit-new"),
    path("staff/edit/<slug:kind>/<path:name>/", editing.edit, name="edit"),
    path("staff/first-account/<str:token>/", first_account.make, name="first-account"),
    path("staff/begin/", beginning.overview, name="begin"),
    path("staff/begin/plant/", beginning.plant, name="begin-plant"),
    path("staff/begin/start/", beginning.start, name="begin-start"),
    path("staff/begin/start/take-back/", beginning.take_back, name="begin-take-back"),
    path("staff/begin/hours/", beginning.hours, name="begin-hours"),
    path("staff/begin/cells/", beginning.cells, name="begin-cells"),
    path("staff/begin/product/", beginning.product, name="begin-product"),
    path("staff/begin/orders/", beginning.orders, name="begin-orders"),
    path("staff/begin/plan/", beginning.plan, name="begin-plan"),
    path("staff/begin/next/", beginning.following, name="begin-next"),
    path("staff/setup/", setup.setup, name="setup"),
    path("staff/setup/upload/", setup.upload, name="setup-upload"),
    path("staff/setup/undo/", setup.take_back, name="setup-undo"),
    path("staff/setup/check/<str:token>/", setup.look, name="setup-check"),
    path("staff/setup/check/<str:token>/apply/", setup.write, name="setup-apply"),
    path("staff/setup/<slug:name>.<slug:ending>", setup.download, name="setup-download"),
    path("staff/", include("forecasting.urls_staff")),
    path("staff/", include("production.urls_staff")),
    staff_and_slots("recommendations", suggestions_staff, suggestions_slots),
    path("pictures/<str:sku>.svg", pictures.picture, name="picture"),
    # customers: English without a prefix, Chinese below /zh-hans/
    *i18n_patterns(
        path("enter/", entering.enter, name="enter"),
        path("password/", include(password.urlpatterns)),
        path("", include("orders.urls_shop")),
        prefix_default_language=False,
    ),
]
