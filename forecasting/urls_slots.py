"""Fragments of forecasting that other pages show."""

from django.urls import path

from forecasting.views import forecasts

urlpatterns = [path("forecasts/summary/", forecasts.summary, name="summary")]
