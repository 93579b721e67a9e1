"""Every address of Tailorline: customers `/`, staff `/staff/`, floor `/floor/`, REST `/api/v1/`."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config.views import health, language

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("language/", language.choose, name="set_language"),
    path("admin/", admin.site.urls),
    path("api/v1/terminal/", include("production.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="api-docs"),
    path("slots/orders/", include("orders.urls_slots")),
    path("slots/recommendations/", include("recommendations.urls_slots")),
    # customers: English without a prefix, Chinese below /zh-hans/
    *i18n_patterns(path("", include("orders.urls_shop")), prefix_default_language=False),
]
