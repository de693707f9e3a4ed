"""Legality: which rules and sanctions of a scheme a law would not allow, article by article.

A check looks at the rulebook alone. `not allowed`: the text says so; `no basis found`: the text asks for a basis, and
what was read shows none; `unknown`: the rulebook, or what was read of the text, does not say. Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scoring.schemes import grounds, penalties, rights
from scoring.schemes.laws import LawText, Provision, Standing, standing
from scoring.schemes.scheme import Scheme
from scoring.schemes.verdicts import Told

MANY = {"person": "persons", "firm": "firms", "government_body": "government bodies"}
CHECKS: dict[str, Callable[[Scheme, LawText], Iterator[Told]]] = {
    "ndrc_score": penalties.score_punishes,
    "ndrc_services": penalties.score_closes_services,
    "gbf49_document": grounds.on_document,
    "gbf49_field_of_list": grounds.field_of_list,
    "gbf49_criteria": grounds.criteria_of_list,
    "gbf49_local_list": grounds.local_list,
    "gbf49_told": rights.told_before,
    "gbf49_measure": penalties.measures,
    "gbf49_discretion": penalties.at_discretion,
    "gbf49_field": penalties.of_the_field,
    "gbf49_private": penalties.made_to_punish,
    "gbf49_repair": penalties.way_back,
    "pipl_6": rights.of_protected,
    "pipl_13": grounds.consented,
    "pipl_24": rights.automated,
    "pipl_25": rights.published,
    "pipl_28": rights.sensitive,
    "pipl_34": grounds.within_powers,
    "pipl_35": rights.told_at_all,
    "catalogue_2021": grounds.in_catalogue,
    "catalogue_2024": grounds.in_catalogue,
    "order_58_2": penalties.way_back,
    "order_36_2": penalties.way_back,
    "order_36_term": penalties.display_term,
}


@dataclass(frozen=True)
class Finding:
    """What a provision makes of one part of a scheme."""

    provision: Provision
    told: Told


@dataclass(frozen=True)
class Judgement:
    """What a law makes of a scheme; where the scheme is outside its scope, why, and nothing else."""

    scheme: Scheme
    key: str
    law: LawText
    standing: Standing
    outside: str
    findings: tuple[Finding, ...]

    @property
    def silent(self) -> list[Provision]:
        """The provisions that found nothing to look at."""
        spoke = {finding.provision.id for finding in self.findings}
        return [] if self.outside else [p for p in self.law.provisions if p.id not in spoke]


def judged(scheme: Scheme, key: str, law: LawText) -> Judgement:
    """Hold a scheme against a law, every provision in turn."""
    outside = out_of_scope(scheme, law)
    found = [] if outside else [Finding(p, told) for p in law.provisions for told in CHECKS[p.id](scheme, law)]
    return Judgement(scheme, key, law, standing(scheme.text.in_force, law), outside, tuple(found))


def out_of_scope(scheme: Scheme, law: LawText) -> str:
    """Return why a law says nothing of a scheme; empty where it does."""
    if scheme.subject not in law.subjects:
        about = " and ".join(MANY[one] for one in law.subjects)
        return f"it is about {about}, and the subjects here are {MANY[scheme.subject]}"
    if scheme.instrument == "ordinary law":
        return "ordinary penalties are no credit measure"
    if scheme.text.law.rank == "contract terms" and not law.private:
        return "it is addressed to public bodies, and this is a contract"
    return ""
