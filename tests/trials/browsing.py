"""A customer with a browser and no JavaScript: pages, cookies and forms over plain HTTP."""

import urllib.parse
import urllib.request
from html.parser import HTMLParser
from http.cookiejar import CookieJar


class Forms(HTMLParser):
    """The forms of a page: what a browser would send if nobody changed anything."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self.select = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.forms.append({})
        elif not self.forms:
            return
        elif tag == "select":
            self.select = found.get("name", "")
        elif tag == "option" and self.select and "disabled" not in found:
            if "selected" in found or not self.forms[-1].get(self.select):
                self.forms[-1][self.select] = found.get("value", "")
        elif tag in ("input", "textarea") and "name" in found:
            self._field(found)

    def handle_endtag(self, tag):
        if tag == "select":
            self.select = ""

    def _field(self, found: dict[str, str]) -> None:
        form, name = self.forms[-1], found["name"]
        if found.get("type") == "checkbox" and "checked" not in found:
            return
        if found.get("type") == "radio" and name in form and "checked" not in found:
            return
        form[name] = found.get("value", "")

    def with_field(self, name: str) -> dict[str, str]:
        return next(form for form in self.forms if name in form)


class Browser:
    def __init__(self, address: str) -> None:
        self.address = address
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self.opener = urllib.request.build_opener(cookies)
        self.opener.addheaders = [("User-Agent", "Mozilla/5.0 (X11; Linux) Firefox/140.0")]

    def get(self, path: str) -> str:
        return self._read(urllib.request.Request(self.address + path))  # noqa: S310 -- our own shop

    def post(self, path: str, fields: dict[str, str]) -> str:
        body = urllib.parse.urlencode(fields).encode()
        return self._read(urllib.request.Request(self.address + path, body))  # noqa: S310 -- our own shop

    def _read(self, request: urllib.request.Request) -> str:
        with self.opener.open(request, timeout=60) as answer:
            return str(answer.read().decode())
