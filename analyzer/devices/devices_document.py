"""What `devices list --format json` writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from analyzer.devices.device_catalogue import Device, Fact

#: The number of this shape.
SCHEMA = 1


class NamedDevice(Struct, frozen=True):
    """A device; a fact is "unknown" where no source tells, "none" where there is no such thing."""

    device: str
    name: str
    kind: str
    platform: str
    facts: dict[str, Fact]


class DevicesDocument(Struct, frozen=True):
    """Devices with what is known of them."""

    schema: int
    devices: tuple[NamedDevice, ...]


def devices_document(devices: Iterable[Device]) -> DevicesDocument:
    """Devices as they are written."""
    return DevicesDocument(
        SCHEMA,
        tuple(
            NamedDevice(each.key, each.name, each.kind, each.platform, dict(each.facts)) for each in devices
        ),
    )


def encoded(document: DevicesDocument) -> str:
    """The document as JSON."""
    return msgspec.json.encode(document).decode()


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    schema = msgspec.json.schema(DevicesDocument)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Delegate Analyzer devices",
        **schema,
    }
