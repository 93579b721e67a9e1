"""Staff pages of production, below `/staff/`; their namespace is set in config/urls.py."""

from django.urls import path

from production.views import queues, schedule

urlpatterns = [
    path("schedule/", schedule.schedule, name="schedule"),
    path("schedule/plan-now/", schedule.plan_now, name="plan-now"),
    path("schedule/planning/", schedule.planning, name="planning"),
    path("queues/", queues.queues, name="queues"),
    path("queues/<slug:code>/", queues.queue, name="queue"),
    path("work-orders/<int:pk>/", queues.work_order, name="work-order"),
]
