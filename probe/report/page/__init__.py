"""The report as one offline page: tables and pictures over many runs, each with its data."""

from probe.report.page.facts import Facts, gather
from probe.report.page.page import page_html
from probe.report.page.parts import PLOTS, Told

__all__ = ["PLOTS", "Facts", "Told", "gather", "page_html"]
