"""Staff pages of forecasting, below `/staff/`; its slots are part of the same namespace."""

from django.urls import include, path, re_path

from forecasting.views import forecasts, runs

app_name = "forecasting"
urlpatterns = [
    path("", include("forecasting.urls_slots")),
    path("forecasts/", forecasts.forecasts, name="forecasts"),
    path("forecasts/<int:series_id>/", forecasts.forecast, name="forecast"),
    path("forecasts/<int:series_id>/override/", forecasts.override, name="override"),
    path("option-shares/", forecasts.option_shares, name="option-shares"),
    path("runs/", runs.run_list, name="runs"),
    path("runs/<int:run_id>/", runs.run, name="run"),
    path("runs/<int:run_id>/progress/", runs.progress, name="run-progress"),
    path("runs/<int:run_id>/cancel/", runs.cancel, name="cancel"),
    path("runs/<int:run_id>/promote/", runs.promote, name="promote"),
    re_path(r"^runs/(?P<kind>forecast|ranking)/train/$", runs.train, name="train"),
    re_path(r"^runs/(?P<kind>forecast|ranking)/back/$", runs.roll_back, name="roll-back"),
]
