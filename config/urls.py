"""Every address of Tailorline: customers `/`, staff `/staff/`, floor `/floor/`, REST `/api/v1/`."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config.views import alarms, dashboard, health, language, password
from journal.stream import live
from orders import urls_slots, urls_staff
from orders.views import pictures
from recommendations import urls_slots as suggestions_slots
from recommendations import urls_staff as suggestions_staff

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
    # one include for each app: Django finds only one namespace of a name
    path(
        "",
        include(
            (
                [
                    path("staff/", include(urls_staff.urlpatterns)),
                    path("slots/orders/", include(urls_slots.urlpatterns)),
                ],
                "orders",
            )
        ),
    ),
    path("staff/", dashboard.dashboard, name="dashboard"),
    path("staff/try-again/", alarms.try_again, name="try-again"),
    path("staff/", include("forecasting.urls_staff")),
    path("staff/", include("production.urls_staff")),
    path(
        "",
        include(
            (
                [
                    path("staff/", include(suggestions_staff.urlpatterns)),
                    path("slots/recommendations/", include(suggestions_slots.urlpatterns)),
                ],
                "recommendations",
            )
        ),
    ),
    path("pictures/<str:sku>.svg", pictures.picture, name="picture"),
    # customers: English without a prefix, Chinese below /zh-hans/
    *i18n_patterns(
        path("password/", include(password.urlpatterns)),
        path("", include("orders.urls_shop")),
        prefix_default_language=False,
    ),
]
