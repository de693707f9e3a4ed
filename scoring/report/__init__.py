"""A report shows results and computes nothing.

It reads a Result, chooses and orders its rows, and writes one HTML file that opens offline.
"""

from scoring.report.charts import CHARTS
from scoring.report.comparison import comparison_text, write_comparison
from scoring.report.difference import difference_text
from scoring.report.page import write

__all__ = ["CHARTS", "comparison_text", "difference_text", "write", "write_comparison"]
