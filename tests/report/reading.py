"""Reading a report as a browser would: elements, tables, scripts."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Element(NamedTuple):
    tag: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """The elements of a page, its scripts and styles, and its text by element id."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.texts: dict[str, str] = {}
        self.unbalanced: list[str] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        self.unbalanced += [element.tag for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)
        table = self._table()
        if tag == "tr" and table is not None:
            table.append([])
        elif tag in ("td", "th") and table is not None:
            table[-1].append("")
        elif tag == "script":
            self.scripts.append("")
        elif tag == "style":
            self.styles.append("")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop().tag != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if not self._open:
            return
        tag = self._open[-1].tag
        if tag == "script":
            self.scripts[-1] += data
            name = self._open[-1].attributes.get("id", "")
            self.texts[name] = self.texts.get(name, "") + data
            return
        if tag == "style":
            self.styles[-1] += data
            return
        for element in self._open:
            if "id" in element.attributes:
                name = element.attributes["id"]
                self.texts[name] = self.texts.get(name, "") + data
        table = self._table()
        if table and table[-1] and any(element.tag in ("td", "th") for element in self._open):
            table[-1][-1] += data

    def _table(self) -> list[list[str]] | None:
        for element in self._open:
            if element.tag == "table":
                return self.tables.setdefault(element.attributes["id"], [])
        return None

    def records(self, table: str) -> list[dict[str, str]]:
        head, *rows = self.tables[table]
        return [dict(zip(head, row, strict=True)) for row in rows]

    def with_tag(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def of_class(self, name: str) -> list[Element]:
        return [e for e in self.elements if name in e.attributes.get("class", "").split()]
