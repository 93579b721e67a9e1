"""What terminals send and get, as DRF serializers and OpenAPI examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from production.models import Job, Machine

MOST_PIECES = 1_000_000
BIGGEST_KEY = 2**63 - 1
BIGGEST = 2**31 - 1

Body = serializers.Serializer[Any]


class OperatorBody(Body):
    operator = serializers.CharField(max_length=40, help_text="The operator's badge.")


class StepBody(OperatorBody):
    version = serializers.IntegerField(
        min_value=0, max_value=BIGGEST, help_text="The job's version that the terminal shows."
    )


class PauseBody(StepBody):
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class PiecesBody(StepBody):
    good = serializers.IntegerField(
        min_value=0, max_value=MOST_PIECES, default=0, help_text="Good pieces since last report."
    )
    scrap = serializers.IntegerField(
        min_value=0, max_value=MOST_PIECES, default=0, help_text="Scrap since the last report."
    )


class ReportBody(PiecesBody):
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class FailBody(PiecesBody):
    reason = serializers.CharField(max_length=200, help_text="What went wrong.")


class ClaimBody(OperatorBody):
    job = serializers.IntegerField(
        min_value=1,
        max_value=BIGGEST_KEY,
        required=False,
        help_text="A certain job; without it the next one.",
    )
    version = serializers.IntegerField(
        min_value=0, max_value=BIGGEST, required=False, help_text="Of the named job."
    )
    machine = serializers.IntegerField(
        min_value=1,
        max_value=BIGGEST_KEY,
        required=False,
        help_text="Without it, the job's planned or freest machine.",
    )


class MachineShape(serializers.ModelSerializer[Machine]):
    class Meta:
        model = Machine
        fields = ("id", "code", "name", "status", "setup_family", "capabilities")
        read_only_fields = fields


class JobShape(serializers.ModelSerializer[Job]):
    work_order = serializers.CharField(source="work_order.number", read_only=True)
    due = serializers.DateTimeField(source="work_order.due", read_only=True)
    sku = serializers.CharField(source="work_order.configuration.product.sku", read_only=True)
    product = serializers.CharField(source="work_order.configuration.product.name", read_only=True)
    configuration = serializers.JSONField(
        source="work_order.configuration.values", read_only=True, help_text="The chosen options."
    )
    machine = serializers.CharField(source="machine.code", read_only=True, allow_null=True)
    operator = serializers.CharField(source="operator.badge", read_only=True, allow_null=True)
    remaining = serializers.IntegerField(read_only=True)

    class Meta:
        model = Job
        fields = (
            "id",
            "version",
            "status",
            "name",
            "work_order",
            "due",
            "sku",
            "product",
            "configuration",
            "quantity",
            "good",
            "scrap",
            "remaining",
            "setup_family",
            "needs_setup",
            "machine",
            "operator",
            "attempt",
            "not_before",
        )
        read_only_fields = fields


class QueuedJob(Body):
    job = JobShape()
    planned_start = serializers.DateTimeField(allow_null=True)
    planned_machine = serializers.IntegerField(source="planned_machine_id", allow_null=True)


class QueueShape(Body):
    work_center = serializers.CharField()
    machines = MachineShape(many=True)
    at_work = QueuedJob(many=True)
    ready = QueuedJob(many=True)
    coming = QueuedJob(many=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "out of order",
            value={
                "type": "/problems/out-of-order",
                "title": "Out of order",
                "status": 409,
                "detail": "The job is “Ready”; it cannot become “Done”.",
                "job": {"id": 7, "version": 3, "status": "ready", "remaining": 5},
            },
        )
    ]
)
class Problem(Body):
    """An error as RFC 9457 has it; a 409 brings the `job` as it stands."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    # the metaclass takes declared fields out of the class, so the base's property stands
    errors = serializers.DictField(required=False)  # type: ignore[assignment]
    job = JobShape(required=False)
