"""The shop speaks 简体中文 as completely as English, and in the words of the glossary."""

import ast
import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
SOURCES = ("config", "journal", "orders", "forecasting", "production", "recommendations")
STRING = r"""u?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")"""
CALL = re.compile(rf"\b(n?p?gettext|_)\(\s*({STRING}(?:\s*,\s*{STRING})*)")
PLACEHOLDER = re.compile(r"%%|%\(\w+\)[-0-9.]*[a-z]")
FIELD_TERMS = ("champion", "pegging", "freeze fence", "censored", "backtest", "λ")


@pytest.fixture(scope="module")
def catalogue():
    return polib.pofile(str(CATALOGUE))


@pytest.fixture(scope="module")
def glossary():
    rows = re.findall(r"^\| (.+?) \| (.+?) \| .+ \|$", _read(ROOT / "docs/glossary.md"), re.M)
    return [(term, chinese) for term, chinese in rows if term not in ("in English", "---")]


@pytest.fixture(scope="module")
def messages():
    return {
        message
        for folder in (*SOURCES, "templates", "tests")
        for path in (ROOT / folder).rglob("*")
        for message in _messages_of(path)
    }


def test_every_message_is_translated_and_none_is_a_guess(catalogue):
    unfinished = [
        entry.msgid for entry in catalogue if not _says(entry) or entry.fuzzy or entry.obsolete
    ]
    assert unfinished == []


def test_the_catalogue_holds_exactly_the_messages_of_the_sources(catalogue, messages):
    known = {(entry.msgctxt or "", entry.msgid, entry.msgid_plural) for entry in catalogue}
    assert messages - known == set(), "run `make messages` and translate"
    assert known - messages == set(), "nobody says this any more: run `make messages`"


def test_translations_keep_the_placeholders(catalogue):
    changed = [
        entry.msgid
        for entry in catalogue
        for said in _says(entry)
        if _placeholders(said) != _placeholders(entry.msgid_plural or entry.msgid)
    ]
    assert changed == []


def test_the_compiled_catalogue_is_fresh(catalogue):
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    assert _as_rows(compiled) == _as_rows(catalogue), "run `make messages`"
    assert compiled.metadata["Plural-Forms"] == catalogue.metadata["Plural-Forms"]


def test_no_translation_is_the_english_text_again(catalogue):
    assert [entry.msgid for entry in catalogue if entry.msgid in _says(entry)] == []


def test_chinese_sentences_have_chinese_punctuation(catalogue):
    mixed = [
        said for entry in catalogue for said in _says(entry) if re.search(r"[一-鿿][,.;:!?]", said)
    ]
    assert mixed == []


def test_each_term_of_the_glossary_stands_there_once(glossary):
    terms = [term for term, _ in glossary]
    assert sorted(terms) == sorted(set(terms))
    assert "Live model" in terms


def test_pages_use_the_glossary_s_chinese(catalogue, glossary):
    said = {entry.msgid: entry.msgstr for entry in catalogue if not entry.msgctxt}
    shown = {term: chinese for term, chinese in glossary if term in said}
    assert len(shown) > len(glossary) / 2
    assert {term: said[term] for term in shown} == shown


def test_users_never_meet_the_field_s_own_terms(catalogue):
    told = [
        entry.msgid
        for entry in catalogue
        if any(term in entry.msgid.lower() for term in FIELD_TERMS)
    ]
    assert told == []


def test_messages_are_found_in_python_and_in_templates(tmp_path):
    """The reader of the sources itself, on one of each kind."""
    python, template = tmp_path / "a.py", tmp_path / "a.html"
    python.write_text(
        "from django.utils.translation import gettext_lazy as _, ngettext, pgettext\n"
        "a = _('Order')\n"
        "b = ngettext('%(n)d piece', '%(n)d pieces', n)\n"
        "c = pgettext('price', 'from')\n"
    )
    template.write_text(
        "{% load i18n %}{% translate \"It's late\" %}{% crumb _('Orders') %}"
        "{% blocktranslate count n=n %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"
    )
    assert _messages_of(python) == {
        ("", "Order", ""),
        ("", "%(n)d piece", "%(n)d pieces"),
        ("price", "from", ""),
    }
    assert _messages_of(template) == {
        ("", "It's late", ""),
        ("", "Orders", ""),
        ("", "%(n)s row", "%(n)s rows"),
    }


def _messages_of(path):
    """Messages of one file as (context, text, plural), as `makemessages` collects them."""
    if path.suffix == ".py":
        return _of_python(ast.parse(_read(path)))
    if path.suffix in (".html", ".txt"):
        return _of_template(_read(path))
    return set()


def _of_python(tree):
    names = {
        alias.asname or alias.name: alias.name.removesuffix("_lazy").removesuffix("_noop")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if "gettext" in alias.name
    }
    return {
        _message(names[node.func.id], _leading_texts(node.args))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in names and _leading_texts(node.args)
    }


def _of_template(text):
    """Django turns a template into calls for xgettext; they are read here in its place."""
    return {
        _message(name, [ast.literal_eval(one) for one in re.findall(STRING, texts)])
        for name, texts in CALL.findall(templatize(text))
    }


def _message(function, texts):
    context = texts.pop(0) if "p" in function else ""
    return context, texts[0], texts[1] if "n" in function[:2] else ""


def _leading_texts(arguments):
    texts = []
    for argument in arguments:
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            break
        texts.append(argument.value)
    return texts


def _says(entry):
    return [text for text in (entry.msgstr, *entry.msgstr_plural.values()) if text]


def _placeholders(text):
    return sorted(PLACEHOLDER.findall(text))


def _as_rows(catalogue):
    return sorted((entry.msgctxt or "", entry.msgid, *_says(entry)) for entry in catalogue)


def _read(path):
    return path.read_text(encoding="utf-8")
