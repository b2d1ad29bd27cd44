"""OONI's measurements: web_connectivity documents in, our runs out in their format."""

from probe.exchange.ooni.measurement import (
    OoniMeasurement,
    import_ooni,
    read_measurement,
    unreadable,
)

__all__ = ["OoniMeasurement", "import_ooni", "read_measurement", "unreadable"]
