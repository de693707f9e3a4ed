"""Every source resolves, every mark fits its source, and every number of the catalogue has both."""

import re

import pytest
from hand_frames import CITED, HEAD

from scoring import workspace
from scoring.documents import parse, read
from scoring.schemes.bibliography import REFERENCE, shared

CATALOGUE = sorted(workspace.names("scheme"))
REFERENCES = sorted(p for p in REFERENCE.glob("*.yaml") if p.stem != "bibliography")
NUMBERS = {"points", "low", "high", "days", "value", "default", "after"}
FITS = {  # to claim less than a source would bear is no fault
    "documented": {"primary", "copy"},
    "reported": {"secondary", "copy"},
    "recalled": {"recalled"},
}


def mappings(data, path="$", above=None):
    """Yield every mapping with its path and the nearest mapping above it; the list of sources is none of them."""
    if isinstance(data, dict):
        yield path, data, above or {}
        for key, part in data.items():
            if not (path == "$" and key == "sources"):
                yield from mappings(part, f"{path}.{key}", data)
    elif isinstance(data, list):
        for i, part in enumerate(data):
            yield from mappings(part, f"{path}[{i}]", above)


def keys_of(part):
    """Return the sources that a mapping names itself."""
    named = [part.get("source"), *(part["sources"] if isinstance(part.get("sources"), list) else [])]
    return [key for key in named if isinstance(key, str)]


def used(data):
    return {key for _, part, _ in mappings(data) for key in keys_of(part)}


def noted(data):
    """Return the sources of the bibliography that a note names, in words of its own."""
    return {word for note in data.get("notes", []) for word in re.findall(r"[\w-]+", note)} & set(shared())


def unresolved(data):
    own = data.get("sources") if isinstance(data.get("sources"), dict) else {}
    return sorted(used(data) - set(own) - set(shared()))


def misfits(data):
    """Return where a mark says what the kind of its source does not bear; one source of several is enough.

    A source of a rulebook's own that states no kind is let pass.
    """
    own = data.get("sources") if isinstance(data.get("sources"), dict) else {}
    known = {key: source.kind for key, source in shared().items()} | {k: s.get("kind", "any") for k, s in own.items()}
    found = []
    for path, part, _ in mappings(data):
        kinds = {known[key] for key in keys_of(part) if key in known}
        fits = FITS.get(part.get("mark"))
        if kinds and fits and not kinds & {*fits, "any"}:
            found.append(f"{path}: {part['mark']} by {sorted(kinds)}")
    return found


def uncited(data):
    """Return where a number has neither mark nor source, on itself or above; the bounds of a score are its base's."""
    found = []
    for path, part, above in mappings(data):
        numbers = [k for k in NUMBERS & set(part) if isinstance(part[k], int | float) and not isinstance(part[k], bool)]
        holders = [part, data.get("base") or {}] if path == "$.limits" else [part, above]
        if numbers and not any(h.get("mark") and h.get("source") for h in holders):
            found.append(f"{path}.{min(numbers)}")
    return found


def scheme(name):
    return read(workspace.find("scheme", name)).data


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_source_of_a_rulebook_resolves_and_its_own_are_used(name):
    data = scheme(name)
    assert unresolved(data) == []
    assert set(data.get("sources", {})) <= used(data)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_mark_of_a_rulebook_fits_the_kind_of_its_source(name):
    assert misfits(scheme(name)) == []


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_number_of_a_rulebook_has_a_mark_and_a_source(name):
    assert uncited(scheme(name)) == []


@pytest.mark.parametrize("path", REFERENCES, ids=lambda p: p.stem)
def test_every_source_of_a_reference_resolves_and_every_mark_fits(path):
    data = read(path).data
    assert unresolved(data) == []
    assert misfits(data) == []


def test_no_source_of_the_bibliography_is_unused():
    told = [scheme(name) for name in CATALOGUE]
    from_catalogue = {key for data in told for key in (used(data) | noted(data)) - set(data.get("sources", {}))}
    from_references = {key for path in REFERENCES for key in used(read(path).data)}
    assert sorted(set(shared()) - from_catalogue - from_references) == []


RULE = f"  - {{id: r, label: r, per: n_a, points: -5, because: b, actionable: now, {CITED}}}\n"
PLANTED = {
    "a source that nobody knows": (unresolved, "source: X}]", "source: NOBODY}]", ["NOBODY"]),
    "a number without a source": (uncited, f"points: 100, {CITED}", "points: 100, mark: assumed", ["$.base.points"]),
    "a number without a mark": (uncited, f"points: 100, {CITED}", "points: 100, source: X", ["$.base.points"]),
    "a number in a list of its own": (uncited, RULE, "  - {after: 3}\n", ["$.rules[0].after"]),
    "a recalled text that is called documented": (
        misfits,
        f"points: 100, {CITED}",
        "points: 100, mark: documented, source: R",
        ["$.base: documented by ['recalled']"],
    ),
    "a primary text that is called reported": (
        misfits,
        f"points: 100, {CITED}",
        "points: 100, mark: reported, source: P",
        ["$.base: reported by ['primary']"],
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found(name):
    check, right, wrong, found = PLANTED[name]
    sources = "sources: {X: {title: x, where: here}, R: {kind: recalled}, P: {kind: primary}}"
    text = HEAD.replace("sources: {X: {title: x, where: here}}", sources) + RULE
    text += f"rewards: [{{context: loans, {CITED}}}]\n"
    assert check(parse(text).data) == []
    assert right in text
    planted = check(parse(text.replace(right, wrong, 1)).data)
    assert [p for p in found if p not in planted] == []
