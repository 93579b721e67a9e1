"""The terminal API alone, as it stands below `/api/v1/terminal/`."""

from django.urls import include, path

urlpatterns = [path("api/v1/terminal/", include("production.api.urls"))]
