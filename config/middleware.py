"""Staff read the portal in their profile's language and the plant's time zone."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

STAFF_PATHS = ("/staff/", "/floor/", "/admin/")


class StaffPreferences:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        timezone.activate(settings.PLANT_TIME_ZONE)
        if request.path.startswith(STAFF_PATHS):
            chosen = request.user.language if request.user.is_authenticated else ""
            language = chosen or translation.get_language_from_request(request)
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
        return self.get_response(request)
