"""No page escapes the gates: an address is in the registry or exempt with a reason."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

from tests.e2e.registry import EXEMPT, EXEMPT_NAMESPACES, PAGES

VENDOR = Path(__file__).parent / "vendor"
STATIC_VENDOR = Path(__file__).parents[2] / "static" / "vendor"


def views(
    patterns: list[URLPattern | URLResolver], namespaces: tuple[str, ...] = ()
) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = (pattern.namespace,) if pattern.namespace else ()
            yield from views(pattern.url_patterns, namespaces + space)
        else:
            yield ":".join((*namespaces, pattern.name or f"unnamed {pattern.pattern}"))


def is_exempt(view: str) -> bool:
    return view in EXEMPT or view.partition(":")[0] in EXEMPT_NAMESPACES


def test_every_address_is_a_registered_page_or_exempt_with_a_reason():
    registered = {page.view for page in PAGES}
    everything = set(views(get_resolver().url_patterns))
    missing = sorted(v for v in everything if v not in registered and not is_exempt(v))
    assert missing == []


def test_the_registry_names_only_addresses_that_exist():
    everything = set(views(get_resolver().url_patterns))
    assert sorted({page.view for page in PAGES} - everything) == []


def test_a_page_is_registered_once():
    names = [page.name for page in PAGES]
    assert len(names) == len(set(names))


def test_vendored_files_are_the_ones_in_the_manifest():
    for folder in (VENDOR, STATIC_VENDOR):
        manifest = folder / "manifest.json"
        listed = json.loads(manifest.read_text()) if manifest.exists() else {}
        scripts = {path.name for kind in ("*.js", "*.css") for path in folder.glob(kind)}
        assert scripts == set(listed)
        for name, entry in listed.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"]
