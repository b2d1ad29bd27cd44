"""Prints docs/other-suites.md."""

import sys

from tests.suites.table import document

sys.stdout.write(document())
