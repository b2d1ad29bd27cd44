"""The report's plots as still pictures, PNG or SVG: for papers, slides and posts."""

from probe.report.picture.figure import FORMS, picture

__all__ = ["FORMS", "picture"]
