"""The data card for machines: Croissant 1.1 as JSON-LD, with its vocabulary for responsible AI.

A population is drawn on demand, so no file of it exists that a checksum could be of: it is declared live, and the
digests of its plans, which are what its bits follow from, stand among its identifiers. No date is given.
References: mlcommons.org/croissant/1.1, mlcommons.org/croissant/RAI/1.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from scoring.population.card import LICENCE, LIMITS, OUT_OF_SCOPE, PURPOSE, SYNTHETIC, Card, Column, Kind, cited
from scoring.population.filling import percent

CONFORMS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def written(told: Card) -> str:
    """Return the card as the text of a JSON-LD file; the same card gives the same bytes."""
    return json.dumps(croissant(told), ensure_ascii=False, indent=1) + "\n"


def croissant(told: Card) -> dict[str, Any]:
    """Return the card as Croissant metadata."""
    version = f"{told.recipe.version}.0.0"
    drawn_by = ", ".join(f"{name} {number}" for name, number in told.versions.items())
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": told.name,
        "description": f"{told.recipe.title}. {SYNTHETIC} {told.recipe.about}".strip(),
        "url": f"{told.name}.card.md",
        "license": f"https://spdx.org/licenses/{LICENCE}.html",
        "version": version,
        "citeAs": f"@misc{{{told.name}, title = {{{told.recipe.title}: a synthetic population}}, "
        f"note = {{version {version}, drawn by {drawn_by}}}}}",
        "creator": {"@type": "Organization", "name": "the authors of scoring-experiments"},
        "keywords": ["synthetic population", "social credit", "fairness", "simulation"],
        "isLiveDataset": True,
        "identifier": [*digests(told)],
        **responsible(told),
        **provenance(told, drawn_by),
        "distribution": [file(told, kind) for kind in told.kinds],
        "recordSet": [one for kind in told.kinds for one in record_sets(kind)],
    }


def digests(told: Card) -> Iterator[dict[str, str]]:
    """Yield the digest of each compiled plan."""
    for kind in told.kinds:
        for world, digest in kind.digests.items():
            name = f"SHA-256 of the compiled plan: {kind.name}, {world}"
            yield {"@type": "PropertyValue", "propertyID": name, "value": digest}


def responsible(told: Card) -> dict[str, Any]:
    """Return what the card says of uses, biases, limits, sensitive attributes and impact."""
    shares, protected = told.shares, [name for kind in told.kinds for name in kind.subject.protected]
    declared = [
        f"{one.stage} of {', '.join(one.records)}: odds for {one.attribute} = {one.level} times {one.odds.value:g} "
        f"({one.odds.range[0]:g} to {one.odds.range[1]:g}), {one.mark}"
        for kind in told.kinds
        for one in kind.swept
    ]
    assumed = (
        f"{percent(shares['assumed'])} of the parameters are assumed, {percent(shares['recalled'])} recalled and "
        f"{percent(shares['documented'] + shares['reported'])} documented or reported."
    )
    failed = sum(check.passed is not None and not check.passed for check in told.checks)
    checked = (
        f"{told.people} persons were compared with the targets: {failed} of {len(told.checks)} checks failed."
        if told.checks
        else "Not validated: no draw was compared with the targets for this card."
    )
    return {
        "rai:dataCollection": SYNTHETIC,
        "rai:dataCollectionType": ["Others: drawn from a declared causal model"],
        "rai:hasSyntheticData": True,
        "rai:personalSensitiveInformation": [
            "None of a real person. Simulated sensitive attributes, drawn so that disparity by them can be measured: "
            f"{', '.join(protected) or 'none'}."
        ],
        "rai:dataBiases": ["Bias is declared, so that audits can be tested on it.", *declared],
        "rai:dataLimitations": [assumed, checked, *(f"Out of scope: {use}" for use in OUT_OF_SCOPE), LIMITS],
        "rai:dataUseCases": [PURPOSE],
        "rai:dataSocialImpact": IMPACT,
        "rai:dataReleaseMaintenancePlan": MAINTENANCE,
    }


IMPACT = (
    "Makes designs of social credit schemes auditable without anybody's data. It could be mistaken for evidence on a "
    "real place, or used to tune a scheme: it is no evidence, and no command of the package tunes one."
)
MAINTENANCE = "A change of any number raises the version of the recipe and changes the digests of its plans."


def provenance(told: Card, drawn_by: str) -> dict[str, Any]:
    """Return the sources of the numbers, and what draws from them."""
    sources = [
        {"@type": "prov:Entity", "prov:label": f"{key}: {title}", "sc:description": where}
        for key, (title, where, _) in cited(told).items()
    ]
    drawing = {"@type": "prov:Activity", "prov:label": f"drawn from a recipe and a seed by {drawn_by}"}
    return {"prov:wasDerivedFrom": sources, "prov:wasGeneratedBy": drawing}


def table(kind: Kind) -> str:
    return f"{kind.name}.parquet"


def file(told: Card, kind: Kind) -> dict[str, Any]:
    """Return the file into which a kind of subject is drawn, with the command that draws it."""
    name = f"{told.name}.{table(kind)}"
    command = f"scoring population build {told.name} --subject {kind.name} --seed {told.seed} --auditor --out {name}"
    return {
        "@type": "cr:FileObject",
        "@id": table(kind),
        "name": name,
        "description": f"Drawn on demand: {command}",
        "contentUrl": name,
        "encodingFormat": ["application/vnd.apache.parquet", "application/x-parquet"],
    }


def record_sets(kind: Kind) -> Iterator[dict[str, Any]]:
    """Yield the table of a kind of subject, then the levels of each of its attributes."""
    yield {
        "@type": "cr:RecordSet",
        "@id": kind.name,
        "name": kind.name,
        "description": f"One row a {kind.word} in one year. Columns named hidden_ are for auditors only.",
        "key": {"@id": f"{kind.name}/{kind.columns[0].name}"},
        "field": [field(kind, column) for column in kind.columns],
    }
    for column in kind.columns:
        if column.levels:
            key = f"{levels(kind, column)}/name"
            yield {
                "@type": "cr:RecordSet",
                "@id": levels(kind, column),
                "name": levels(kind, column),
                "description": f"The levels of {column.name}, in the order that couples counterfactuals.",
                "dataType": "sc:Enumeration",
                "key": {"@id": key},
                "field": [{"@type": "cr:Field", "@id": key, "name": key, "dataType": "sc:Text"}],
                "data": [{key: level} for level in column.levels],
            }


def levels(kind: Kind, column: Column) -> str:
    return f"{kind.name}_{column.name}_levels"


def field(kind: Kind, column: Column) -> dict[str, Any]:
    """Return one column as a field."""
    said = [column.label, f"({column.unit})" if column.unit else "", "Protected." if column.protected else ""]
    said += ["For auditors only."] if column.role == "hidden" else []
    found: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{kind.name}/{column.name}",
        "name": column.name,
        "description": " ".join(part for part in said if part),
        "dataType": "sc:Text" if column.levels else "sc:Integer",
        "source": {"fileObject": {"@id": table(kind)}, "extract": {"column": column.name}},
    }
    if column.levels:
        found["references"] = {"field": {"@id": f"{levels(kind, column)}/name"}}
    return found
