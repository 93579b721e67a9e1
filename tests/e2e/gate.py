"""What a page must hold in a browser. Each check answers with sentences; none means passed."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab
    from playwright.sync_api import Response

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
WIDTHS = (360, 1366)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LANGUAGES = ("en", "zh-hans")
BUDGETS = {"customer": 50_000, "anonymous": 50_000, "staff": 60_000, "terminal": 40_000}

# Words that stay as they are in both languages.
SAME_EVERYWHERE = {
    "Tailorline", "English", "CSV", "XLSX", "SKU", "QR", "PDF", "API", "ID", "STL", "3D",
    "P50", "P90", "UTC", "CET", "CEST", "GMT", "EUR", "USD", "GBP", "CNY", "min", "h", "d",
}  # fmt: skip

RUN_AXE = """async (tags) => {
  const found = await axe.run(document, {
    runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], preload: false});
  return found.violations.flatMap(v => v.nodes.slice(0, 3).map(n =>
    `${v.id}: ${n.target.join(" ")}: ${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? v.help}`));
}"""
OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const scrolls = e => {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== "visible") return true; return false; };
  const out = [...document.body.querySelectorAll("*")]
    .filter(e => e.getBoundingClientRect().right > wide + 1 && !scrolls(e)).slice(0, 5)
    .map(e => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""}`);
  return [`${document.documentElement.scrollWidth} px on ${wide}: ${out.join(", ")}`];
}"""
TEXTS = """() => {
  const found = [];
  const own = e => e && !e.closest('[translate="no"], code, kbd, script, style, textarea');
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (own(node.parentElement)) found.push(node.data);
  for (const name of ["aria-label", "placeholder", "title", "alt"])
    for (const e of document.querySelectorAll(`[${name}]`))
      if (own(e)) found.push(e.getAttribute(name));
  return [...new Set(found.map(t => t.replace(/\\s+/g, " ").trim()))];
}"""


@dataclass
class Watch:
    """What the browser complained about and what it fetched, from the first request on."""

    host: str
    problems: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def follow(self, tab: Tab) -> None:
        loud = {"error", "warning"}
        tab.on("console", lambda m: self._note(m.type in loud, f"console: {m.text}"))
        tab.on("pageerror", lambda e: self._note(True, f"script: {e}"))
        tab.on("requestfailed", lambda r: self._note(True, f"request failed: {r.url}"))
        tab.on("request", lambda r: self._note(self._foreign(r.url), f"another host: {r.url}"))
        tab.on("response", self._weigh)

    def _note(self, wrong: bool, text: str) -> None:
        if wrong and text not in self.problems:
            self.problems.append(text)

    def _foreign(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self.host

    def _weigh(self, response: Response) -> None:
        self._note(response.status >= 400, f"{response.status}: {response.url}")
        kind = response.request.resource_type
        if kind in {"document", "script", "stylesheet"} and response.status == 200:
            self.sizes[response.url] = len(gzip.compress(response.body()))


def accessible(tab: Tab) -> list[str]:
    if not tab.evaluate("typeof axe === 'object'"):
        tab.evaluate(AXE)
    found: list[str] = tab.evaluate(RUN_AXE, TAGS)
    return [f"axe {line}" for line in found]


def fitting(tab: Tab) -> list[str]:
    found: list[str] = tab.evaluate(OVERFLOW)
    return [f"too wide: {line}" for line in found]


def texts(tab: Tab) -> set[str]:
    return set(tab.evaluate(TEXTS))


def untranslated(english: set[str], chinese: set[str]) -> list[str]:
    """Texts that read the same in both languages although they hold words."""
    return [f"not translated: {text}" for text in sorted(english & chinese) if _has_words(text)]


def _has_words(text: str) -> bool:
    words = re.findall(r"[A-Za-z][A-Za-z0-9]*", re.sub(r"\S+@\S+|https?://\S+", "", text))
    return any(word not in SAME_EVERYWHERE for word in words)


def picture(tab: Tab, folder: Path, *parts: Any) -> None:
    folder.mkdir(exist_ok=True)
    name = "-".join(str(part) for part in parts).replace(":", "_").replace("#", "_")
    tab.screenshot(path=folder / f"{name}.png", full_page=True)
