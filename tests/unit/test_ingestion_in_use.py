"""Assumption: a system is in use once a folder of it was delivered or the config names it; the generic contract always is."""

from __future__ import annotations

from pathlib import Path

from funnelcast.sales_process import SalesProcess
from ingestion.in_use import systems_in_use


def test_a_company_that_delivers_nothing_yet_has_the_contract_only(tmp_path: Path) -> None:
    assert systems_in_use(SalesProcess(), tmp_path / "raw", tmp_path / "landing") == ("generic",)


def test_a_system_is_in_use_by_its_folder_in_landing_or_raw(tmp_path: Path) -> None:
    (tmp_path / "landing" / "salesforce").mkdir(parents=True)
    (tmp_path / "landing" / "invoices").mkdir()
    assert systems_in_use(SalesProcess(), tmp_path / "raw", tmp_path / "landing") == ("generic", "salesforce")
    assert systems_in_use(SalesProcess(), tmp_path / "raw") == ("generic",)
    (tmp_path / "raw" / "salesforce").mkdir(parents=True)
    assert systems_in_use(SalesProcess(), tmp_path / "raw") == ("generic", "salesforce")


def test_a_system_is_in_use_by_the_config_that_takes_its_files_from_elsewhere(tmp_path: Path) -> None:
    process = SalesProcess.model_validate({"objects": {"salesforce.opportunity": {"files": "exports/deals_*.csv"}}})
    assert systems_in_use(process, tmp_path) == ("generic", "salesforce")
