"""The letter: the sections of a notice in one language, in the order in which a person asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scoring.report import letter_list
from scoring.report.blocks import Block, Row, items, text
from scoring.report.language import Language

Told = dict[str, Any]
MOST_GAINS = 6
TAGS = ("now", "waiting", "others", "immutable")


@dataclass(frozen=True)
class Section:
    """One heading and what stands under it."""

    title: str
    blocks: list[Block] = field(default_factory=list)


def letter(told: Told, words: Language) -> Told:
    """Return a notice as a letter: to whom, title, that nobody exists, sections, foot."""
    title = title_of(told["scheme"], words)
    parts = [
        ("decision", decision(told, words)),
        ("ledger", ledger(told, words)),
        ("grounds", letter_list.grounds(told, words)),
        ("reasons", reasons(told, words)),
        ("listing", letter_list.lasting(told, words)),
        ("change", [*change(told, words)] or [text(words("no_change"))]),
        ("contest", contest(told, words)),
        ("rests", rests(told, words)),
    ]
    sections = [Section(words(key), blocks) for key, found in parts if (blocks := list(found))]
    if note := words.joined([words("own_words"), words("untranslated") if words.untranslated else ""]):
        sections[-1].blocks.append(text(note))
    scheme, who = told["scheme"], told["who"]
    return {
        "to": words(f"to_{who['kind']}", id=who["id"]),
        "title": words("title", title=title),
        "original": "" if words.name == "zh" else scheme["title"]["zh"],
        "synthetic": words("synthetic", recipe=who["recipe"], such=words(f"such_{who['kind']}")),
        "sections": sections,
        "foot": words("foot", name=scheme["name"], digest=scheme["digest"][:12], recipe=who["recipe"]),
    }


def title_of(scheme: Told, words: Language) -> str:
    """Return a scheme's title; one of which nobody published the weights says so in each language."""
    title = scheme["title"]
    if words.name == "en":
        return str(title["en"])
    return (str(title["zh"]) or words.label(title["en"])) + ("（仿，权重为假定）" if scheme["family"] else "")


def decision(told: Told, words: Language) -> Iterator[Block]:
    """Yield the verdict and what follows from it."""
    scheme = told["scheme"]
    if scheme["in_force"].get("from") == "never":
        yield text(words("contrast"))
    if told["coverage"] != "scored":
        yield from unscored(told, words)
        return
    if told["listing"] is not None:
        honour = "listed_honour" if scheme["redlist"] else "listed"
        yield text(words(honour if told["listed"] else "not_listed"))
    elif told["score"] is not None:
        yield text(score(told, words))
    if told["draws"]:
        yield text(words.joined(family(told, words)))
    yield from following(told, words)


def score(told: Told, words: Language) -> str:
    """Return the sentence on score and grade."""
    number, band = words.number(told["score"]), told["band"]
    if band is None:
        return words("score_alone", score=number)
    held = next((one for one in told["direct_bands"] if one["binding"]), None)
    if held:
        return words("score_held", score=number, band=words.grade(band), label=words.label(held["label"]))
    return words("score_band", score=number, band=words.grade(band))


def family(told: Told, words: Language) -> Iterator[str]:
    """Yield what unknown weights leave open."""
    tried = told["draws"]
    yield words("family")
    if tried["low"] is None:
        if told["listing"] is None:
            yield words("family_never", draws=tried["draws"])
        return
    yield words("family_range", draws=tried["draws"], low=words.number(tried["low"]), high=words.number(tried["high"]))
    labels = told["bands"]
    if tried["bands"]:
        parts = [words("band_times", band=words.grade(labels[b]), n=n) for b, n in tried["bands"].items()]
        yield words("family_bands", bands=words.listed(parts))
    if tried["scored"] < tried["draws"]:
        yield words("family_unscored", unscored=tried["draws"] - tried["scored"], draws=tried["draws"])


def unscored(told: Told, words: Language) -> Iterator[Block]:
    """Yield why there is no verdict."""
    scheme = told["scheme"]
    yield text(words(told["coverage"]))
    if told["coverage"] == "ineligible":
        yield text(words("applies_to", text=words.label(scheme["eligibility"]["text"])))
    if told["coverage"] == "unenrolled":
        yield text(words("enrolled_by", text=words.label(scheme["enrolment"]["text"])))
        if told["draws"]:
            yield text(words.joined(family(told, words)))


def following(told: Told, words: Language) -> Iterator[Block]:
    """Yield the outcomes that follow, and what a list or a grade closes or opens."""
    found = [one for one in told["outcomes"] if one["follows"]]
    kind = told["scheme"]["instrument"]
    start = {"ordinary law": "law_", "lottery": "lot_"}.get(kind, "")
    if told["listing"] is not None:
        found = [one for one in found if one["by"] != "list"]
    if found:
        rows = [Row(words.start(words.label(one["label"])), basis_of_outcome(one, words)) for one in found]
        yield items(words(f"{start}follows"), rows)
    elif told["listing"] is None:
        yield text(words(f"{start}nothing" if start else "follows_nothing"))
    if kind == "lottery":
        yield text(words("lot_why"))
    good = any(one["polarity"] == "favourable" and one["follows"] for one in told["outcomes"])
    bad = any(one["polarity"] == "adverse" and one["follows"] for one in told["outcomes"])
    prefix = "" if told["listing"] is not None else "other_"
    for key, shown in (("closes", bad), ("opens", good)):
        if shown and told[key]:
            yield items(words(prefix + key), [context(one, words) for one in told[key]])


def basis_of_outcome(one: Told, words: Language) -> str:
    """Return what stands in small under an outcome: which records it was found on, or that it is a name alone."""
    if one["records"]:
        return words("found_on", records=words.listed(record(c, n, words) for c, n in one["records"].items()))
    return words("named_only") if one["named_only"] else ""


def record(column: str, n: int, words: Language) -> str:
    """Return a record and how often it is there."""
    return words("amount" if column.startswith("amt_") else "record", label=words.fact(column), n=words.number(n))


def context(one: Told, words: Language) -> Row:
    """Return what is closed or opened; its details where they can be told in this language."""
    details = one["text"] if words.name == "en" else words.table["labels"].get(one["text"], "")
    return Row(words.start(words.label(one["label"])), details)


def ledger(told: Told, words: Language) -> Iterator[Block]:
    """Yield the account that adds up to the score, or that none exists."""
    scheme, found = told["scheme"], told["ledger"]
    if scheme["learned"] and told["coverage"] == "scored":
        yield text(words("no_ledger"))
    if found is None:
        return
    mark = words.table["marks"]
    rows = [Row(words("base"), mark[scheme["base_mark"]], words.number(found["base"]))]
    for one in found["lines"]:
        basis = words.table["semicolon"].join(grounds_of(one, words))
        rows.append(Row(line(one, words), basis, words.points(one["points"])))
    if found["clip"]:
        rows.append(Row(words("sum"), "", words.number(found["sum"]), rule=True))
        low = found["clip"] > 0
        limit = words.number(scheme["limits"]["low" if low else "high"])
        rows.append(Row(words("raised" if low else "lowered", limit=limit), "", words.points(found["clip"])))
    rows.append(Row(words("total"), "", words.number(found["score"]), rule=True))
    if told["band"]:
        rows.append(Row(words("grade"), "", words.grade(told["band"])))
    yield Block("ledger", rows=rows)
    if not found["lines"]:
        yield text(words("empty_ledger"))
    limits = {side: words.number(limit) for side, limit in scheme["limits"].items()}
    key = {0: "no_scale", 2: "scale"}.get(len(limits), "floor" if "low" in limits else "ceiling")
    yield text(words(key, **limits))


def grounds_of(one: Told, words: Language) -> list[str]:
    """Return on what a rule rests: its article, how that is known, and whether an official decides how much."""
    known = [words.label(one["because"]), words.table["marks"][one["mark"]]]
    return [*known, words("discretion")] if one["discretionary"] else known


def line(one: Told, words: Language) -> str:
    """Return a line of the account: the rule, and how often it counted."""
    label = words.start(words.label(one["label"]))
    if one["times"] is None:
        return label
    parts = {"label": label, "n": words.number(one["times"]), "each": words.points(one["each"])}
    return words("capped" if one["capped"] else "times", points=words.points(one["points"]), **parts)


def reasons(told: Told, words: Language) -> Iterator[Block]:
    """Yield the main reasons against the subject."""
    if told["scheme"]["learned"] and told["coverage"] == "scored":
        yield text(words("no_reasons_model"))
    if told["ledger"] is None:
        return
    rows = []
    for one in told["reasons"]:
        label = words.start(words.label(one["label"]))
        held = next((d for d in told["direct_bands"] if d["binding"] and d["label"] == one["label"]), None)
        if one["points"] is None and held:
            rows.append(Row(words("reason_held", label=label, band=words.grade(told["bands"][held["band"]]))))
        else:
            rows.append(Row(words("reason", label=label, points=words.points(one["points"]))))
    yield items("", rows) if rows else text(words("no_reasons"))


def change(told: Told, words: Language) -> Iterator[Block]:
    """Yield what would change the verdict, and when."""
    by_coverage = {"ineligible": "change_eligible", "unenrolled": "change_enrol", "missing": "change_missing"}
    kind = told["scheme"]["instrument"]
    if told["coverage"] in by_coverage:
        yield text(words(by_coverage[told["coverage"]]))
        return
    if kind in ("ordinary law", "lottery"):
        yield text(words("change_law" if kind == "ordinary law" else "change_lot"))
    if told["score"] is not None:
        yield from distance(told, words)
    if told["scheme"]["learned"]:
        yield text(words("change_model"))
    if told["ledger"] is not None:
        yield from by_rules(told, words)
    yield from letter_list.ways(told, words)
    against = told["reasons"] or (told["listed"] and not told["scheme"]["redlist"])
    if against and told["repair"]:
        yield text(words("repair", text=words.label(told["repair"]).rstrip(".。")))
    if against:
        yield from told_rights(told, "repair", words)


def distance(told: Told, words: Language) -> Iterator[Block]:
    """Yield how far the next grade is."""
    after = told["next_band"]
    if told["band"] is None:
        return
    if after is None:
        yield text(words("top"))
    else:
        yield text(words("next", band=words.grade(after), points=words.count("points", after["points"])))
    if any(one["binding"] for one in told["direct_bands"]):
        yield text(words("held"))
    elif told["way"]:
        yield way(told["way"], words)


def way(found: Told, words: Language) -> Block:
    """Return the quickest way to the next grade, or that none is known."""
    if found["months"] is None:
        return text(words("no_way_up"))
    rows = [
        Row(
            words(
                "step" if one["label"] else "wait",
                label=words.start(words.label(one["label"] or "")),
                time=words.count("months", one["months"]),
                points=words.points(one["points"]),
            )
        )
        for one in found["steps"]
    ]
    return items(words("way", time=words.count("months", found["months"])), rows)


def by_rules(told: Told, words: Language) -> Iterator[Block]:
    """Yield who can act on the deductions, how long records count, and what would add points."""
    taken = [one for one in told["ledger"]["lines"] if one["points"] < 0]
    for tag in TAGS:
        rows = [Row(words.start(words.label(one["label"]))) for one in taken if one["actionable"] == tag]
        if rows:
            yield items(words(f"act_{tag}"), rows)
    known = [one for one in taken if one["lasts"]]
    if known:
        rows = [
            Row(words("lasts", label=words.start(words.label(o["label"])), time=words.label(o["lasts"]))) for o in known
        ]
        yield items("", rows)
    if taken and len(known) < len(taken):
        yield text(words("lasts_others_unknown" if known else "lasts_unknown"))
    more = sorted(told["gains"], key=lambda one: -int(one["points"]))
    if more:
        rows = [Row(gain(one, words)) for one in more[:MOST_GAINS]]
        rows += [Row(words("more_gains", n=len(more) - MOST_GAINS))] if len(more) > MOST_GAINS else []
        yield items(words("gains"), rows)


def gain(one: Told, words: Language) -> str:
    """Return what would add points, and how many."""
    key = "gain" if not one["each"] else "gain_each" if one["cap"] is None else "gain_cap"
    cap = "" if one["cap"] is None else words.points(one["cap"])
    return words(key, label=words.start(words.label(one["label"])), points=words.points(one["points"]), cap=cap)


def told_rights(told: Told, kind: str, words: Language) -> Iterator[Block]:
    """Yield what a law gives to ask for: each law, and what it says."""
    rows = [Row(named(one, words), cited(one, words)) for one in told["rights"] if one["right"] == kind]
    if rows:
        yield items(words(f"right_{kind}"), rows)


def named(one: Told, words: Language) -> str:
    """Return a law and its article."""
    law, number = one["law"][words.name], article(one["article"], words)
    law = words("article", law=law, article=number) if number else str(law)
    return words("dated_until" if one["until"] else "dated", law=law, start=one["from"], end=one["until"])


def cited(one: Told, words: Language) -> str:
    """Return what a law says: its own words in Chinese where they were read, else what they come to."""
    policy = words("policy") if one["rank"] in ("central policy", "policy statement") else ""
    loose = "substance" in one["article"] or "paraphrase" in one["article"]
    own = words.name == "zh" and one["quote"]
    said = one["quote"].rstrip("。") + "。" if own else words.label(one["quote_en"])
    return words.joined([words("quote" if own and not loose else "substance", text=said), policy])


def article(name: str, words: Language) -> str:
    """Return the number of an article, without a note on how it was read; nothing where the text has no number."""
    name = re.sub(r" \((?:read|as) .*\)$", "", name)
    if not re.match(r"(Art\.|item) ", name):
        return ""
    return words.label(name) if words.name == "en" or name.startswith("Art.") else name.removeprefix("item ")


def contest(told: Told, words: Language) -> Iterator[Block]:
    """Yield the documented ways to object; where none was found, that."""
    for one in told["contest"]:
        yield text(words("may", text=words.label(one["text"])))
    if not told["contest"]:
        yield text(words("no_way"))
    if told["coverage"] == "scored":
        for kind in ("objection", "explanation"):
            yield from told_rights(told, kind, words)


def rests(told: Told, words: Language) -> Iterator[Block]:
    """Yield the records and facts that were looked at, what is unknown, and on which texts the scheme rests."""
    facts, scheme = told["facts"], told["scheme"]
    records = {c: n for c, n in facts.items() if c.startswith(("n_", "amt_"))}
    held = [Row(words.start(record(c, n, words))) for c, n in records.items() if n]
    if held:
        yield items(words("records"), held)
    elif records:
        yield text(words("no_records"))
    known = {c: v for c, v in facts.items() if c not in records and not c.startswith("listed__") and v is not None}
    if known:
        parts = [words("fact", fact=words.fact(c), level=words.level(v)) for c, v in known.items()]
        yield text(words("looked_at", facts=str(words.table["semicolon"]).join(parts)))
    if told["protected"]:
        yield text(words("protected", names=words.listed(map(words.fact, told["protected"]))))
    if unknown := [words.fact(c) for c, v in facts.items() if v is None]:
        yield text(words("unknown", names=words.listed(unknown)))
    if told["by_lot"] and scheme["instrument"] != "lottery":
        yield text(words("lot_read"))
    years = told["who"]["years"]
    yield text(words("one_year") if years == 1 else words("many_years", n=years))
    notice = scheme["notice"]
    if scheme["instrument"] not in ("ordinary law", "lottery") and scheme["in_force"].get("from") != "never":
        yield text(words("is_told", text=words.label(notice["text"])) if notice else words("not_told"))
    yield text(words.joined(texts(scheme, words)))


def texts(scheme: Told, words: Language) -> Iterator[str]:
    """Yield on which text a scheme rests, since when, and how much of it was read."""
    law, force, n = scheme["law"], scheme["in_force"], scheme["rules"]
    rank = words.table["ranks"].get(law["rank"], law["rank"])
    yield words("law_none") if law["rank"] == "none" else words("law", title=words.law(law["title"]), rank=rank)
    start, end = force.get("from", ""), force.get("to", "")
    if start[:1].isdigit():
        yield words("force", start=start, end=end) if end else words("force_open", start=start)
    if n:
        key = {0: "marks_none", n: "marks_all"}.get(scheme["documented"], "marks")
        yield words(key, n=n, documented=scheme["documented"])
