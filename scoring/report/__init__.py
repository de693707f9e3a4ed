"""A report shows results and computes nothing.

It reads a Result, chooses and orders its rows, and writes one HTML file that opens offline.
"""

from scoring.report import charts, contrasts, curves, ledger, lines, shares, specification, steps
from scoring.report.audit import audit_text, write_audit
from scoring.report.comparison import comparison_text, write_comparison
from scoring.report.difference import difference_text
from scoring.report.language import LANGUAGES
from scoring.report.notice import notice_page, notice_text, write_notices
from scoring.report.page import write
from scoring.report.runs import runs_text, write_runs

CHARTS = (
    charts.CHARTS
    | contrasts.CHARTS
    | curves.CHARTS
    | ledger.CHARTS
    | lines.CHARTS
    | shares.CHARTS
    | specification.CHARTS
    | steps.CHARTS
)

__all__ = [
    "CHARTS",
    "LANGUAGES",
    "audit_text",
    "comparison_text",
    "difference_text",
    "notice_page",
    "notice_text",
    "runs_text",
    "write",
    "write_audit",
    "write_comparison",
    "write_notices",
    "write_runs",
]
