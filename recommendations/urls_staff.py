"""Staff pages of suggestions, below `/staff/`; their namespace is set in config/urls.py."""

from django.urls import path

from recommendations.views import preview

urlpatterns = [path("suggestions/", preview.preview, name="preview")]
