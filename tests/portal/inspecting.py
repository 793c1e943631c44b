"""What a page must keep for everyone, asked of a real browser: labels, targets, order, languages, widths."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page

# Of what is in order axe keeps one place each, not all of them: a third of its time.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"resultTypes": ["violations"], "runOnly": RULES}
# What other colours can break: the rest is the same in every scheme.
COLOURS = {**AXE, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"

# WCAG 1.3.5: what each control of the standard questionnaires asks of the person themselves.
TOKENS = {
    "name": "name organization",
    "address": "street-address",
    "postal_code": "postal-code",
    "phone": "tel",
    "email": "email",
    "year": "bday-year",
    "month": "bday-month",
    "day": "bday-day",
}

_FAULTS = r"""([language, tokens]) => {
  const faults = [], all = (s, root = document) => [...root.querySelectorAll(s)];
  const brief = e => e.outerHTML.slice(0, 140);
  const fault = (what, e) => faults.push(what + ": " + brief(e));
  const seen = e => e.checkVisibility();

  if (document.documentElement.lang !== language) faults.push("language of the page: " + document.documentElement.lang);
  if (all("h1").length !== 1) faults.push("headings of the first level: " + all("h1").length);
  if (!document.title.trim()) faults.push("no title");
  all('script, style, [style]:not([style=""])').forEach(e => fault("inline code", e));
  all("*").forEach(e => e.getAttributeNames().some(n => n.startsWith("on")) && fault("inline handler", e));

  // Labels, legends, names of buttons and links
  all("input:not([type=hidden]), select, textarea").forEach(e => {
    if (![...e.labels].some(label => label.textContent.trim())) fault("no label", e);
    const token = tokens[e.name];
    if (token && e.type !== "radio" && !token.split(" ").includes(e.autocomplete)) fault("autocomplete", e);
  });
  all("fieldset").forEach(e => e.querySelector(":scope > legend")?.textContent.trim() || fault("no legend", e));
  all("a, button:not([hidden]), summary").forEach(e => e.textContent.trim() || fault("no name", e));
  all("[id]").forEach(e => all("#" + CSS.escape(e.id)).length > 1 && fault("id twice", e));
  for (const name of ["aria-describedby", "aria-labelledby", "for", "aria-controls"])
    all(`[${name}]`).forEach(e => e.getAttribute(name).split(/\s+/)
      .forEach(id => document.getElementById(id) || fault(`${name} leads nowhere`, e)));
  all('a[href^="#"]').forEach(e => document.getElementById(e.hash.slice(1)) || fault("link leads nowhere", e));

  // Targets: links inside a sentence are exempt (WCAG 2.5.8), a radio's target is its whole row
  all("a, button, summary, .choice, select, textarea, input:not([type=radio]):not([type=checkbox]):not([type=hidden])")
    .filter(e => !e.closest("p, dd > span") || e.matches("button")).filter(e => seen(e) && !e.matches(".skip"))
    .forEach(e => { const r = e.getBoundingClientRect();
      if (Math.min(r.width, r.height) < 47.5) fault(`${Math.round(r.width)}x${Math.round(r.height)}`, e); });

  // The order of the keyboard is the order of the eye, in each column
  for (const column of ["header", "main", ".side"]) {
    let last = null;
    all("a, button, summary, input, select, textarea", document.querySelector(column) || document.body)
      .filter(e => seen(e) && e.tabIndex >= 0 && e.type !== "hidden").forEach(e => {
        const r = (e.closest(".choice") || e).getBoundingClientRect();
        const above = last && r.bottom <= last.top;
        if (above || (last && r.right <= last.left && r.top < last.bottom && r.bottom <= last.bottom + 1))
          fault("focus goes back", e);
        last = r;
      });
  }
  all("[tabindex]").forEach(e => e.tabIndex > 0 && fault("tabindex", e));

  // Every word says its language. What customers and banks call themselves may be in any.
  const named = "input, textarea, .record dd, .answers dd, .copy dd, .brand, .addr, .help, .person__title";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const scripts = { ja: /[\u3040-\u30fa\u30fc-\u30ff]/, han: /[\u3400-\u9fff]/, ne: /[\u0900-\u097f]/ };
  while (walker.nextNode()) {
    const text = walker.currentNode.data, at = walker.currentNode.parentElement;
    if (/[\ufdd0-\ufdef{}]/.test(text)) fault("a mark that nobody turned into an element", at);
    if (at.closest(named)) continue;
    const lang = at.closest("[lang]").getAttribute("lang");
    if (scripts.ja.test(text) && !lang.startsWith("ja")) fault("kana in " + lang, at);
    if (scripts.han.test(text) && !/^(ja|zh)/.test(lang)) fault("kanji in " + lang, at);
    if (scripts.ne.test(text) && lang !== "ne") fault("Devanagari in " + lang, at);
    if (/^(ja|zh|ne)/.test(lang) && /[a-z]{2,} [a-z]{2,} [a-z]{2,}/i.test(text)) fault("English in " + lang, at);
  }
  return faults;
}"""
_SIDEWAYS = """(zoom) => {
  document.documentElement.style.fontSize = zoom;
  const page = document.documentElement, wide = page.scrollWidth > page.clientWidth;
  const culprits = wide ? [...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > page.clientWidth + 1 && !e.closest(".vh"))
    .slice(0, 3).map(e => e.outerHTML.slice(0, 120)) : [];
  document.documentElement.style.fontSize = "";
  document.documentElement.removeAttribute("style");
  return wide ? ["scrolls sideways", ...culprits] : [];
}"""


def faults_of(page: Page, language: str) -> list[str]:
    """What is wrong with the page as it stands. ``language``: as `<html lang>` must say it."""
    found: list[str] = page.evaluate(_FAULTS, [language, TOKENS])
    return found


def sideways(page: Page, width: int, zoom: str = "") -> list[str]:
    """Whether anything is wider than a window of so many pixels, with letters so large."""
    size = page.viewport_size
    assert size
    page.set_viewport_size({"width": width, "height": size["height"]})
    found: list[str] = page.evaluate(_SIDEWAYS, zoom)
    page.set_viewport_size(size)
    return [f"{width} px {zoom}: {fault}" for fault in found]


def violations_of(page: Page) -> list[str]:
    """What axe finds. Forced colours are the system's, and nobody's to measure."""
    is_forced = page.evaluate("matchMedia('(forced-colors: active)').matches")
    result = Axe().run(page, options={**AXE, "rules": {"color-contrast": {"enabled": not is_forced}}})
    return [f"{one['id']}: {one['nodes'][0]['html'][:140]}" for one in result.response["violations"]]


def weight_of(page: Any) -> int:
    """Bytes of a page and of the style sheets it asks for."""
    sheets = re.findall(r'rel="stylesheet" href="([^"]+)"', page.content.decode())
    found = [finders.find(sheet.removeprefix("/static/")) for sheet in sheets if sheet.startswith("/static/")]
    made = [len(Client().get(sheet).content) for sheet in sheets if sheet.startswith("/looks/")]
    assert len(found) + len(made) == len(sheets)
    return len(page.content) + sum(made) + sum(Path(sheet).stat().st_size for sheet in found if sheet)
