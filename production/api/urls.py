"""Addresses of the terminal API, below `/api/v1/terminal/`."""

from django.urls import path

from production.api import views

STEPS = {
    "setup": views.Setup,
    "start": views.Start,
    "pause": views.Pause,
    "resume": views.Resume,
    "report": views.Report,
    "finish": views.Finish,
    "fail": views.Fail,
    "recall": views.Recall,
}

urlpatterns = [
    path("queue", views.QueueOfTerminal.as_view(), name="terminal-queue"),
    path("jobs/claim", views.Claim.as_view(), name="terminal-claim"),
    *(
        path(f"jobs/<int:job_id>/{name}", view.as_view(), name=f"terminal-{name}")
        for name, view in STEPS.items()
    ),
    path(
        "machines/<int:machine_id>/acknowledge",
        views.Acknowledge.as_view(),
        name="terminal-acknowledge",
    ),
]
