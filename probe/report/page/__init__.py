"""The report as one offline page: tables and pictures over many runs, each with its data."""

from probe.report.page.facts import Facts, gather
from probe.report.page.page import page_html

__all__ = ["Facts", "gather", "page_html"]
