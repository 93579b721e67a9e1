"""Every address of Tailorline: customers `/`, staff `/staff/`, floor `/floor/`, REST `/api/v1/`."""

from django.contrib import admin
from django.urls import path

from config.views import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
