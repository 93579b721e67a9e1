"""A new password by mail, for customers and staff; nobody learns which addresses are known."""

from typing import Any

from django import forms
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journal import deliveries
from journal.models import User
from orders import throttling

WAIT = gettext_lazy("A new password was asked for too often. Please wait 15 minutes and try again.")


class AskForm(PasswordResetForm):
    """The address that the link goes to, where somebody has it."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
    )

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        """Written down instead of sent at once: known and unknown addresses are answered alike."""
        user: User = context["user"]
        now = timezone.now()
        with translation.override(user.language or translation.get_language()):
            link = reverse("password_reset_confirm", args=[context["uid"], context["token"]])
            link = f"{context['protocol']}://{context['domain']}{link}"
            deliveries.promise(
                dedup_key=f"password:{user.pk}:{now.timestamp():.0f}",
                recipient=to_email,
                subject=_("Your new password"),
                body=render_to_string(email_template_name, {**context, "link": link}),
                now=now,
            )


class Ask(views.PasswordResetView):
    """Each asking counts, for the address asked for and for the place that asks."""

    form_class = AskForm
    email_template_name = "registration/password_reset_mail.txt"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form()
        asked = [("password", request.META.get("REMOTE_ADDR", ""))]
        if form.is_valid():
            asked.append((f"password {form.cleaned_data['email']}", ""))
        if any(throttling.must_wait(*who) for who in asked):
            form.add_error(None, str(WAIT))
            return self.render_to_response(self.get_context_data(form=form), status=429)
        for who in asked:
            throttling.failed(*who)
        return self.form_valid(form) if form.is_valid() else self.form_invalid(form)

    def form_invalid(self, form: PasswordResetForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class Choose(views.PasswordResetConfirmView):
    def form_invalid(self, form: forms.Form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


urlpatterns = [
    path("forgotten/", Ask.as_view(), name="password_reset"),
    path("sent/", views.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path("new/<str:uidb64>/<str:token>/", Choose.as_view(), name="password_reset_confirm"),
    path("changed/", views.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
]
