"""The terminal API: every write happens once, at the terminal's own work center."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
)
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from journal.idempotency import Answer, KeyReused, fingerprint, once
from journal.problems import problem
from production import feedback, queues, terminals
from production.api import bodies
from production.api.authentication import IsTerminal, TerminalToken
from production.models import Job, Machine, Terminal
from production.stepping import JobRefused

LONGEST_KEY = 80
PROBLEMS = {
    400: "The request is not valid.",
    401: "No token, or not a valid one.",
    403: "The badge is refused.",
    404: "Nothing here for this terminal.",
    409: "Refused as things stand.",
    422: "The key was used with another request.",
}


def documented(summary: str, answer: type, body: type[bodies.Body], **example: object) -> Any:
    """The OpenAPI description of a write."""
    key = OpenApiParameter(
        "Idempotency-Key",
        str,
        OpenApiParameter.HEADER,
        required=True,
        description="A repeat with the same key and body gets the first answer.",
    )
    answers: dict[Any, Any] = {200: answer}
    answers |= {(code, "application/problem+json"): bodies.Problem for code in PROBLEMS}
    examples = [OpenApiExample(summary, value={"operator": "B042", **example}, request_only=True)]
    described = extend_schema(
        summary=summary,
        tags=["terminal"],
        parameters=[key],
        request=body,
        responses=answers,
        examples=examples,
    )
    return extend_schema_view(post=described)


def described(jobs: "QuerySet[Job]") -> "QuerySet[Job]":
    """Jobs with everything that a terminal is shown of them."""
    return jobs.select_related("work_order__configuration__product", "machine", "operator")


def shape(job_id: int) -> dict[str, Any]:
    return dict(bodies.JobShape(described(Job.objects.all()).get(pk=job_id)).data)


class TerminalView(APIView):
    authentication_classes = (TerminalToken,)
    permission_classes = (IsTerminal,)
    body: ClassVar[type[bodies.Body]] = bodies.OperatorBody

    @property
    def terminal(self) -> Terminal:
        return cast(Terminal, self.request.user)

    def write(
        self, request: Request, act: Callable[[dict[str, Any], str], dict[str, Any]]
    ) -> Response:
        """Read body, badge and key; `act(fields, by)` once; a repeat gets the first answer."""
        key = request.headers.get("Idempotency-Key", "")
        if not 0 < len(key) <= LONGEST_KEY:
            raise ValidationError({"Idempotency-Key": [f"Needed, at most {LONGEST_KEY} letters."]})
        body = self.body(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        self.operator = terminals.operator_at(self.terminal, fields.pop("operator"))
        by = f"terminal:{self.terminal.name}/{self.operator.badge}"[:80]
        answer = once(
            scope=f"terminal:{self.terminal.pk}",
            key=key,
            request=fingerprint("POST", request.path, request.data),
            now=timezone.now(),
            write=lambda: Answer(200, act(fields, by)),
        )
        return Response(answer.body, status=answer.status_code)

    def handle_exception(self, exc: Exception) -> Response:
        return refusal(exc) or super().handle_exception(exc)


def refusal(error: Exception) -> Response | None:
    """Refusals of the shop floor as problem documents; None for any other error."""
    if isinstance(error, JobRefused):
        title = error.kind.replace("-", " ").capitalize()
        return problem(409, error.kind, title, str(error), job=shape(error.job.pk))
    if isinstance(error, KeyReused):
        return problem(422, "key-reused", "Key reused", "This key came with another request.")
    if isinstance(error, terminals.BadgeRefused):
        return problem(403, "badge-refused", "Badge refused", str(error))
    if isinstance(error, queues.NothingToClaim):
        return problem(404, "nothing-to-claim", "Nothing to claim", str(error))
    if isinstance(error, feedback.NothingToAcknowledge):
        return problem(409, "nothing-to-acknowledge", "Nothing to acknowledge", str(error))
    return None


class QueueOfTerminal(TerminalView):
    @extend_schema(
        summary="The queue of the terminal's work center",
        tags=["terminal"],
        responses={200: bodies.QueueShape, (401, "application/problem+json"): bodies.Problem},
    )
    def get(self, request: Request) -> Response:
        center = self.terminal.work_center
        queue = queues.queue_of(center.pk, timezone.now())
        shown = {
            "work_center": center.code,
            "machines": center.machines.filter(active=True),
            "at_work": queue.at_work,
            "ready": queue.ready,
            "coming": queue.coming,
        }
        return Response(bodies.QueueShape(shown).data)


@documented("Claim the next job, or a certain one", bodies.JobShape, bodies.ClaimBody, machine=3)
class Claim(TerminalView):
    body = bodies.ClaimBody

    def post(self, request: Request) -> Response:
        return self.write(request, self._claim)

    def _claim(self, fields: dict[str, Any], by: str) -> dict[str, Any]:
        center = self.terminal.work_center
        machine_id = fields.get("machine")
        if machine_id is not None:
            get_object_or_404(center.machines, pk=machine_id)
        who = queues.Claimant(by, self.terminal.pk, self.operator.pk, machine_id)
        try:
            job = queues.claim(
                center.pk,
                who,
                now=timezone.now(),
                job_id=fields.get("job"),
                version=fields.get("version"),
            )
        except Job.DoesNotExist as error:
            raise Http404 from error
        return shape(job.pk)


class JobStep(TerminalView):
    """One step of one job. `act` is the action: it takes what the body holds, `by` and `at`."""

    body = bodies.StepBody
    act: ClassVar[Callable[..., Job]]

    def post(self, request: Request, job_id: int) -> Response:
        job = get_object_or_404(Job, pk=job_id, work_center=self.terminal.work_center_id)
        act = type(self).act

        def step(fields: dict[str, Any], by: str) -> dict[str, Any]:
            return shape(act(job.pk, by=by, at=timezone.now(), **fields).pk)

        return self.write(request, step)


@documented("Begin the set-up", bodies.JobShape, bodies.StepBody, version=2)
class Setup(JobStep):
    act = staticmethod(feedback.setup)


@documented("Begin to make pieces", bodies.JobShape, bodies.StepBody, version=3)
class Start(JobStep):
    act = staticmethod(feedback.start)


@documented("Stop for a while", bodies.JobShape, bodies.PauseBody, version=4, reason="lunch")
class Pause(JobStep):
    body = bodies.PauseBody
    act = staticmethod(feedback.pause)


@documented("Go on", bodies.JobShape, bodies.StepBody, version=5)
class Resume(JobStep):
    act = staticmethod(feedback.resume)


@documented("Report pieces", bodies.JobShape, bodies.ReportBody, version=6, good=4, scrap=1)
class Report(JobStep):
    body = bodies.ReportBody
    act = staticmethod(feedback.report)


@documented("Finish", bodies.JobShape, bodies.PiecesBody, version=7, good=1)
class Finish(JobStep):
    body = bodies.PiecesBody
    act = staticmethod(feedback.finish)


@documented("Say that it failed", bodies.JobShape, bodies.FailBody, version=6, reason="nozzle")
class Fail(JobStep):
    body = bodies.FailBody
    act = staticmethod(feedback.fail)


@documented("Put back a claimed job", bodies.JobShape, bodies.StepBody, version=2)
class Recall(JobStep):
    act = staticmethod(queues.recall)


@documented("See to a failed machine", bodies.MachineShape, bodies.OperatorBody)
class Acknowledge(TerminalView):
    def post(self, request: Request, machine_id: int) -> Response:
        machine = get_object_or_404(
            Machine, pk=machine_id, work_center=self.terminal.work_center_id
        )

        def see_to_it(fields: dict[str, Any], by: str) -> dict[str, Any]:
            ready = feedback.acknowledge(machine.pk, by=by, at=timezone.now())
            return dict(bodies.MachineShape(ready).data)

        return self.write(request, see_to_it)
