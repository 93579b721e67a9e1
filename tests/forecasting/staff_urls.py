"""All addresses, with the staff pages of forecasting."""

from django.urls import include, path

from config import urls

urlpatterns = [path("staff/", include("forecasting.urls_staff")), *urls.urlpatterns]
