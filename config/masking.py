"""Links that open without signing in are keys: whoever reads a log must not find one there."""

import logging
import re

# the token in /track/…, /orders/placed/…, /password/new/<user>/<token>/ in any language, and in
# /staff/first-account/…
KEYS = re.compile(r"/(track|orders/placed|password/new|staff/first-account)/[^\s?#\"']+")


def masked(text: str) -> str:
    return KEYS.sub(r"/\1/…", text)


class SignedLinks(logging.Filter):
    """Masks them in every line, those of a failure's traceback included."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = masked(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = masked(logging.Formatter().formatException(record.exc_info))
        return True
