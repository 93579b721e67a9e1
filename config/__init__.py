"""Where the floors are put together."""

import sys

from django.core.exceptions import ImproperlyConfigured

try:
    from config.celery import app as celery_app
except ImproperlyConfigured as reason:
    # Web, workers and every command come through here: a person reads words, not a traceback.
    sys.exit(f"Tailorline cannot start. {reason}")

__all__ = ["celery_app"]
