"""Staff pages of production, below `/staff/`; its slots are part of the same namespace."""

from django.urls import include, path

from production.views import due, gap, helping, jobs, materials, planning, queues, schedule

app_name = "production"
urlpatterns = [
    path("gap/", gap.gap, name="gap"),
    path("gap/<int:product_id>/", gap.gap_product, name="gap-product"),
    path("", include("production.urls_slots")),
    path("due/", due.due_dates, name="due"),
    path("schedule/", schedule.schedule, name="schedule"),
    path("schedule/plan-now/", planning.plan_now, name="plan-now"),
    path("schedule/planning/", planning.planning, name="planning"),
    path("schedule/planning/compare/", planning.compare, name="compare-plans"),
    path("schedule/planning/what-helps/", helping.what_helps, name="what-helps"),
    path("schedule/planning/what-helps/ask/", helping.ask_what_helps, name="ask-what-helps"),
    path("schedule/planning/what-helps/<int:line_id>/", helping.what_helps, name="what-helps"),
    path(
        "schedule/planning/what-helps/<int:line_id>/ask/",
        helping.ask_what_helps,
        name="ask-what-helps",
    ),
    path("schedule/planning/<int:pk>/", planning.one_plan, name="plan"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("queues/", queues.queues, name="queues"),
    path("queues/<slug:code>/", queues.queue, name="queue"),
    path("materials/", materials.materials, name="materials"),
    path("work-orders/<int:pk>/", queues.work_order, name="work-order"),
]
