"""What each source system delivers: data, no logic. One module per system, found by name in `SYSTEMS`."""

from ingestion.systems.declaration import Column, ObjectDeclaration, SystemDeclaration
from ingestion.systems.generic import GENERIC
from ingestion.systems.hubspot import HUBSPOT
from ingestion.systems.instantly import INSTANTLY
from ingestion.systems.salesforce import SALESFORCE

SYSTEMS: dict[str, SystemDeclaration] = {system.name: system for system in (SALESFORCE, HUBSPOT, INSTANTLY, GENERIC)}

__all__ = ["SYSTEMS", "Column", "ObjectDeclaration", "SystemDeclaration"]
