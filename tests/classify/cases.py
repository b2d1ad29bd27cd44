"""One story per rule: the evidence that makes that row speak. Tables are tested against these."""

from tests.classify import (  # noqa: F401 (importing files the stories)
    cases_dns,
    cases_http,
    cases_pace,
    cases_quic,
    cases_tcp,
    cases_tls,
)
from tests.classify.filing import CASES

__all__ = ["CASES"]
