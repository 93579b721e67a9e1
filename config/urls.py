"""Every address of Tailorline: customers `/`, staff `/staff/`, floor `/floor/`, REST `/api/v1/`."""

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
]
