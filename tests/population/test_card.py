"""The data card: every number counted, the graph drawn so that it can be read, and the same bytes each time."""

import json
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise

import polars as pl
import pytest
from typer.testing import CliRunner

from scoring import cli, population, workspace
from scoring.documents import parse
from scoring.experiment import recipe_of
from scoring.population import croissant, datasheet, picture, roads
from scoring.population.card import card
from scoring.population.faults import checked
from scoring.population.graph import graph
from scoring.population.layers import BEND, layered, spaced
from scoring.population.ledger import by_mark, ledger, multipliers, totals

SMALL = """\
recipe: small
title: Small
version: 3
about: Three attributes, two record types.
sources: {A: {title: ours}, S: {title: a census, where: "here | there"}, H: {title: held}, Z: {title: unused}}
worlds:
  first: {label: As it is}
  mixed: {gap_in_conduct: .5, law: {ticket: lawful}, label: Half}
  third: {planted: {layer: law, by: {sex: {male: 3}}}, label: Planted}
subjects:
  person:
    protected: [sex]
    attributes:
      sex: {levels: [female, male], shares: {"": [.5, .5]}, mark: documented, source: S}
      income:
        {levels: [low, mid, high], given: [sex], shares: {female: [.4, .3, .3], male: [.3, .3, .4]},
         odds: {sex: {male: {low: 1.1}}},
         margin: {shares: {low: .35, mid: .3, high: .35}, mark: reported, source: S}, mark: assumed, source: A}
      home: {levels: [own, rent], given: [income], shares: {"low|mid": [.5, .5], "*": [.9, .1]},
             margin: {shares: {own: .6}, mark: recalled, source: S}, mark: assumed, source: A}
    derived: {wealth: {from: income, levels: {poor: [low, mid], rich: [high]}}}
    latent:
      y: {resources: {wealth: {poor: .3}}, mark: assumed, source: A}
      z: {shares_with: {y: .5}, mark: assumed, source: A}
    pressures: {fear: {label: fear, mark: assumed, source: A}}
    chain: {share: {p: .9, lag_days: 30}, link: {p: .99, false: .001, by: {sex: {male: {value: 2, range: [1, 3]}}}}}
    records:
      ticket:
        label: a ticket | a fine
        polarity: adverse
        agency: police
        severity: minor
        at_risk: {home: [own]}
        rate: .1
        conduct: {z: .5}
        pressure: {fear: -.5}
        law: {forbidden: .5, alternatives: {lawful: {forbidden: 0}}}
        detect: {p: .5, by: {sex: {male: {value: 2, range: [1, 3]}}}}
        amounts: {1: .5, 2: .25, 5: .25}
        mark: documented
        source: S
      award:
        {label: an award, polarity: favourable, agency: town, rate: .2, conduct: {y: .2}, mark: assumed, source: A,
         detect: {p: .5, by: {sex: {male: {value: 2, range: [1, 3]}}}}}
    totals: {population: {value: 1000, mark: documented, source: S}}
    held_out: {rent: {of: home, by: [sex], shares: {female & rent: .2}, mark: assumed, source: H}}
"""

# by hand: what could be changed on its own
PARAMETERS = {
    "shares of levels": {"documented": 1, "assumed": 2 * 2 + 2 * 1},  # sex; income by two, home by two rows
    "margins": {"reported": 2, "recalled": 1},  # three that sum to one; one that stands alone
    "odds": {"assumed": 1},
    "latent conduct": {"assumed": 1 + 1 + 2},  # poor; shared; how each record type is moved
    "rates of records": {"documented": 1, "assumed": 1 + 2},  # two rates, two caps
    "law": {"assumed": 2},
    "recording chain": {"assumed": 2 + 2 + 2},  # share and lag; link and false; two of detection
    "multipliers by group": {"assumed": 3},
    "amounts": {"assumed": 2},
    "pressures": {"assumed": 1},
    "worlds": {"assumed": 2},
    "package": {"assumed": 4},
}


@dataclass(frozen=True)
class Check:
    """A stand-in for what a validation finds."""

    subject: str
    part: str
    name: str
    passed: bool | None
    cells: int = 1
    n: int = 100
    distance: float | None = None
    expected_distance: float | None = None
    z: float | None = None
    worst: str | None = None
    target: float | None = None
    found: float | None = None
    mark: str = "assumed"
    source: str = "A"
    note: str = ""


CHECKS = [
    Check("person", "fitted", "sex", True, z=1.0),
    Check("person", "rate", "ticket", False, z=-6.25, target=0.1, found=0.125, note="too many"),
    Check("person", "held_out", "rent", None, distance=0.03125, expected_distance=0.001, worst="female & rent"),
]
SHIPPED = [recipe_of(path, []) for path in workspace.names("recipe").values()]
KINDS = [pytest.param(s, k, id=f"{r.name}-{k}") for r in SHIPPED for k, s in r.subjects.items()]


def told(checks=(), text=SMALL):
    recipe = checked(parse(text, "small.yaml"))
    plans = {k: {w: population.compile_recipe(recipe, w, k) for w in recipe.worlds} for k in recipe.subjects}
    return card(recipe, plans, checks, 5_000, 1, {"ours": "1.2", "numpy": "3.4"})


@pytest.fixture(scope="module")
def plain():
    return told()


@pytest.fixture(scope="module")
def sheet(plain):
    return datasheet.files(plain)["small.card.md"]


def rows(svg, kind):
    return [e for e in ET.fromstring(svg).iter() if kind in e.get("class", "").split()]


# the ledger


def test_parameters_are_what_one_counts_by_hand(plain):
    found = {part: {m: n for m, n in row.items() if n} for part, row in by_mark(plain.entries).items()}
    assert found == PARAMETERS


@pytest.mark.parametrize("recipe", SHIPPED, ids=lambda r: r.name)
def test_every_number_of_a_shipped_recipe_stands_under_a_source(recipe):
    entries = ledger(recipe)
    counted = by_mark(entries)
    assert sum(totals(counted).values()) == sum(e.parameters for e in entries)
    known = {*recipe.sources, "", "declared", "package"}
    assert {e.source for e in entries} <= known
    assert all(e.source for e in entries if e.mark in ("documented", "reported", "recalled"))
    rates = sum(len(e.numbers) for e in entries if e.what == "records a year of one at risk")
    assert rates == sum(len(s.records) for s in recipe.subjects.values())


def test_a_multiplier_that_record_types_share_stands_once(plain):
    found = {(m.stage, m.attribute, m.level): m.records for m in multipliers(plain.recipe.subject())}
    assert found == {("link", "sex", "male"): ("every record type",), ("detect", "sex", "male"): ("ticket", "award")}


# the graph


def test_the_graph_tells_what_touches_what(plain):
    found = graph(plain.recipe.subject())
    sex, income, home = (found.nodes[name] for name in ("sex", "income", "home"))
    assert (sex.parents, income.parents, home.parents) == ((), ("sex",), ("income",))
    assert (sex.protected, income.protected) == (True, False)
    assert (income.also, income.moves) == (("wealth",), ("y",))
    assert (home.gates, sex.gates) == (("ticket",), ())
    assert (sex.touches, home.touches) == (("ticket", "award"), ())
    assert home.margin == ("recalled", "S")
    assert found.everywhere == {"elsewhere": (), "share": (), "link": ("sex",)}
    assert [(r.latents, r.gates, r.enforcement, r.records) for r in found.roads] == [
        (("z",), ("home",), ("sex",), ("ticket",)),
        (("y",), (), ("sex",), ("award",)),
    ]


def test_every_record_type_of_a_shipped_recipe_is_on_one_road():
    for recipe in SHIPPED:
        for subject in recipe.subjects.values():
            assert sorted(r for road in graph(subject).roads for r in road.records) == sorted(subject.records)


def test_children_stand_below_their_parents_and_lines_cross_no_more_than_they_must():
    parents = {"a": (), "b": (), "c": ("b",), "d": ("a",), "e": ("a", "c")}
    layout = layered(parents, dict.fromkeys(parents, 50.0), 400)
    assert all(layout.layer[p] < layout.layer[child] for child, own in parents.items() for p in own)
    assert (layout.x["a", 0] < layout.x["b", 0]) == (layout.x["d", 1] < layout.x["c", 1])
    assert (("a", 0), ("a", 1)) in layout.stretches
    last = layered(parents, dict.fromkeys(parents, 50.0), 400, ["d"])
    assert last.layer["d"] == 1 + last.layer["e"]


def test_a_full_layer_runs_over_into_the_next():
    parents = {"root": (), **{f"leaf{i}": ("root",) for i in range(5)}}
    layout = layered(parents, dict.fromkeys(parents, 100.0), 400)
    assert sorted(layout.layer.values()) == [0, 1, 1, 1, 2, 2]


def test_places_are_the_nearest_without_overlap():
    row = [("a", 0), ("b", 0), ("c", 0)]
    wide = dict.fromkeys(row, 20.0)
    found = spaced(row, {row[0]: 50, row[1]: 50, row[2]: 300}, wide, 400)
    assert [found[place] for place in row] == [32, 68, 300]  # 20 wide, 16 between, around 50
    assert spaced(row, dict.fromkeys(row, -100.0), wide, 400)[row[0]] == 10


@pytest.mark.parametrize(("subject", "kind"), KINDS)
def test_no_two_boxes_of_a_shipped_graph_overlap_or_leave_the_page(subject, kind):
    svg = picture.attributes(subject, graph(subject), kind)
    boxes = [
        tuple(float(e.get(k)) for k in ("x", "y", "width", "height"))
        for kind_of in ("node", "latent")
        for e in rows(svg, kind_of)
        if float(e.get("height")) == picture.TALL
    ]
    assert len(boxes) == len(graph(subject).nodes) + len(subject.latent)
    assert all(x > 0 and x + wide < picture.WIDE for x, _, wide, _ in boxes)
    for (x, y, wide, tall), (x2, y2, wide2, tall2) in combinations(boxes, 2):
        assert x + wide <= x2 or x2 + wide2 <= x or y + tall <= y2 or y2 + tall2 <= y


@pytest.mark.parametrize(("subject", "kind"), KINDS)
def test_lines_that_pass_a_layer_keep_clear_of_its_boxes(subject, kind):
    known = graph(subject)
    widths = {n: 7.2 * len(n) + 26 for n in known.nodes}
    layout = layered({n: v.parents for n, v in known.nodes.items()}, widths, 960)
    for layer in set(layout.layer.values()):
        row = sorted((x, place) for place, x in layout.x.items() if place[1] == layer)
        for (x, a), (x2, b) in pairwise(row):
            half = [(widths[p[0]] if layout.layer[p[0]] == layer else BEND) / 2 for p in (a, b)]
            assert x2 - x > sum(half)


@pytest.mark.parametrize(("subject", "kind"), KINDS)
@pytest.mark.parametrize("drawn", [picture.attributes, roads.roads])
def test_a_picture_is_told_in_words_and_stays_on_its_page(subject, kind, drawn):
    svg = drawn(subject, graph(subject), kind)
    root = ET.fromstring(svg)
    inside = {e.tag.split("}")[1]: e.text for e in root}
    assert len(inside["title"]) > 20
    assert len(inside["desc"]) > 100
    assert root.get("viewBox").split()[2] == "1000"
    bottom = float(root.get("viewBox").split()[3])
    for e in root.iter():
        x, y = float(e.get("x", 0)), float(e.get("y", 0))
        assert x + float(e.get("width", 0)) <= 1000
        assert y + float(e.get("height", 0)) <= bottom
    assert drawn(subject, graph(subject), kind) == svg


def test_protected_attributes_have_a_double_border():
    for _, subject in ((k, s) for r in SHIPPED for k, s in r.subjects.items()):
        svg, known = picture.attributes(subject, graph(subject), "person"), graph(subject)
        drawn = [e for e in rows(svg, "node") if "protected" in e.get("class")]
        assert len(drawn) == 2 * sum(node.protected for node in known.nodes.values()) + 2  # and the sample below


def test_the_title_of_a_picture_is_its_finding(plain):
    subject = plain.recipe.subject()
    assert picture.finding(subject, graph(subject)) == "1 of 3 attributes are protected; only wealth moves conduct"
    assert roads.finding(subject, graph(subject)) == (
        "The recording chain tells protected groups apart in 2 of 2 record types; it tells sex apart in all"
    )


# the datasheet


def test_the_same_recipe_gives_the_same_bytes_without_a_date(plain, sheet):
    again = told()
    assert datasheet.files(again) == datasheet.files(plain)
    assert croissant.written(again) == croissant.written(plain)
    everything = "".join([*datasheet.files(plain).values(), croissant.written(plain)])
    assert date.today().isoformat() not in everything
    assert datasheet.files(told(text=SMALL.replace("rate: .1", "rate: .11")))["small.card.md"] != sheet


def test_tables_are_rectangular_and_links_lead_somewhere(plain, sheet):
    for block in re.findall(r"(?:^\|.*\n)+", sheet, re.M):
        assert len({line.count("|") for line in block.splitlines()}) == 1, block
    heads = {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)", sheet, re.M)}
    assert set(re.findall(r"\]\(#([^)]*)\)", sheet)) <= heads
    assert set(re.findall(r"!\[.*?\]\(([^)]*)\)", sheet)) == set(datasheet.files(plain)) - {"small.card.md"}
    assert "\n\n\n" not in sheet


def test_the_sheet_says_what_it_is_and_where_its_numbers_come_from(sheet):
    assert "Entirely synthetic. No record derives from a person" in sheet
    assert "Scoring real people" in sheet
    counted = sum(sum(row.values()) for row in PARAMETERS.values())
    assert f"Of its {counted} parameters, {100 * 4 / counted:.1f}% are documented or reported" in sheet
    assert "| S | a census | here or there | 5 |" in sheet
    assert "unused" not in sheet
    assert "- `mixed`: Half (gap in conduct 0.5; law of ticket: lawful)." in sheet
    assert "- `third`: Planted (planted in law alone: sex male × 3)." in sheet
    assert "1 of 2 margins and 1 of 2 rates of records are documented or reported" in sheet
    assert "| shares of levels | home, income low or mid | own 0.5; rent 0.5 | assumed (A) |" in sheet
    assert "| margins | home | own 0.6 | recalled (S) |" in sheet
    assert "| detect | sex = male | 2 | 1–3 | ticket, award | assumed (A) |" in sheet


def test_what_was_not_validated_is_said(sheet):
    assert sheet.count("**Not validated") == 2
    assert "checks failed" not in sheet


def test_misfits_and_held_out_tables_are_shown():
    text = datasheet.files(told(CHECKS))["small.card.md"]
    assert "Not validated" not in text
    assert "5,000 persons were drawn and compared with its targets: 1 of 3 checks failed" in text
    assert "| person | rate | ticket | 0.1 | 0.125 | -6.25 |  | too many |" in text
    assert "| person | rent | 1 | 100 | 0.03125 | 0.001 | female & rent |  |" in text
    assert "| person | held_out | 0 | 0 | 1 | — |" in text
    assert "| person | rate | 0 | 1 | 0 | 6.25 |" in text


def test_columns_have_the_types_that_drawing_gives_them(plain):
    (kind,) = plain.kinds
    plan = population.compile_recipe(plain.recipe, "first")
    frame = population.people(plan, 50, 1)
    assert [c.name for c in kind.columns] == frame.columns
    for column, dtype in zip(kind.columns, frame.dtypes, strict=True):
        assert column.levels == (tuple(dtype.categories) if isinstance(dtype, pl.Enum) else ())
        assert column.levels or column.type == str(dtype)
        assert (column.role == "hidden") == column.name.startswith("hidden_")
        assert column.label
    assert [c.name for c in kind.columns if c.protected] == ["sex"]


# Croissant


def test_croissant_has_the_structure_that_its_validator_asks_for(plain):
    data = json.loads(croissant.written(plain))
    assert data["@type"] == "sc:Dataset"
    assert data["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    assert all(data[key] for key in ("name", "description", "license", "url", "creator", "version", "citeAs"))
    assert {k.split(":")[0] for k in data if ":" in k} <= set(data["@context"])
    files = {f["@id"]: f for f in data["distribution"]}
    assert all(f["contentUrl"] and f["encodingFormat"] for f in files.values())
    assert data["isLiveDataset"] is True
    assert not any("sha256" in f or "md5" in f for f in files.values())
    ids = [*files, *(r["@id"] for r in data["recordSet"]), *(f["@id"] for r in data["recordSet"] for f in r["field"])]
    assert len(ids) == len(set(ids))


def test_croissant_fields_are_the_columns_of_the_plan(plain):
    data, plan = croissant.croissant(plain), population.compile_recipe(plain.recipe, "first")
    table, *levels = data["recordSet"]
    assert [f["source"]["extract"]["column"] for f in table["field"]] == list(plan.columns)
    files = {f["@id"] for f in data["distribution"]}
    assert {f["source"]["fileObject"]["@id"] for f in table["field"]} == files
    known = {r["key"]["@id"]: [row[r["key"]["@id"]] for row in r["data"]] for r in levels}
    for field in table["field"]:
        name = field["name"]
        assert (field["dataType"] == "sc:Text") == (name in plan.levels)
        if name in plan.levels:
            assert known[field["references"]["field"]["@id"]] == list(plan.levels[name])
    assert all(r["dataType"] == "sc:Enumeration" for r in levels)
    assert table["key"]["@id"] == "person/person_id"


def test_croissant_says_what_responsible_use_needs(plain):
    data = croissant.croissant(plain)
    assert data["rai:hasSyntheticData"] is True
    for key in ("dataBiases", "dataLimitations", "personalSensitiveInformation", "dataUseCases", "dataSocialImpact"):
        assert data[f"rai:{key}"]
    assert "sex" in data["rai:personalSensitiveInformation"][0]
    assert any("sex = male times 2 (1 to 3)" in bias for bias in data["rai:dataBiases"])
    assert any("Not validated" in limit for limit in data["rai:dataLimitations"])
    assert any("1 of 3 checks failed" in limit for limit in croissant.croissant(told(CHECKS))["rai:dataLimitations"])
    plans = {w: population.compile_recipe(plain.recipe, w).digest for w in plain.recipe.worlds}
    assert [one["value"] for one in data["identifier"]] == list(plans.values())
    assert not [key for key in data if "date" in key.lower() and not key.startswith("rai:")]


# the command


def test_the_command_prints_what_it_wrote(tmp_path, monkeypatch):
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    asked = []
    module = sys.modules["scoring.experiment.card"]
    monkeypatch.setattr(module, "validate", lambda name, people, seed: asked.append((people, seed)) or CHECKS)
    out = tmp_path / "cards"
    arguments = ["population", "card", str(tmp_path / "small.yaml"), "--out", str(out), "--people", "5000"]
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 0, done.output
    names = ["small.croissant.json", "small.graph.svg", "small.roads.svg", "small.card.md"]
    assert done.stdout.split() == [str(out / name) for name in names]
    assert asked == [(5000, 1)]
    assert "1 of 3 checks failed" in (out / "small.card.md").read_text(encoding="utf-8")
    assert sorted(p.name for p in out.iterdir()) == sorted(names)
