"""The languages that reports speak."""

from collections.abc import Mapping
from types import MappingProxyType

from probe.report.language.english import ENGLISH
from probe.report.language.russian import RUSSIAN
from probe.report.language.wording import Wording

WORDINGS: Mapping[str, Wording] = MappingProxyType({"en": ENGLISH, "ru": RUSSIAN})
