"""The outline of a page: its headings, its ids, and what it leaves open."""

from html.parser import HTMLParser


class Outline(HTMLParser):
    VOID = frozenset({"meta", "br", "img", "line", "path", "rect"})

    def __init__(self):
        super().__init__()
        self.open, self.headings, self.ids, self.refs = [], [], set(), []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.ids.add(told.get("id"))
        self.refs += (told.get("aria-labelledby") or "").split()
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
