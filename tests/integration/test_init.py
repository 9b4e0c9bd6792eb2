"""`funnelcast init`: extracts in folders of any name are recognised, and the config that is written runs as it is.

Assumption guarded: what a file is can be told by its columns, and how its dates and numbers are written by their values; what can be read
in two ways is asked. Broken by: ingestion/starter/recognition.py, ingestion/starter/config.py.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from nights import PROJECT, SHARED_DATA, command, rows

from funnelcast.sales_process import load_sales_process

pytestmark = pytest.mark.long

_STAGES = ("New Inquiry", "Discovery Call", "Offer Sent", "Signed")


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CRM of nobody's: German dates and amounts, its own names, a history of stages; two nights of deals; notes that are nothing."""
    folder = tmp_path_factory.mktemp("crm")
    export = folder / "landing" / "export 2026"
    export.mkdir(parents=True)
    for night in (20, 21):
        lines = ["Deal ID;Deal Stage;Opened;Close Date;Deal Value;Sales Rep;Company;Region"]
        for number in range(1, 41):
            opened = date(2026, 8, 20) + timedelta(days=2 * number % 60)
            stage = ("New Inquiry", "Discovery Call", "Offer Sent", "Signed", "Lost - price")[number % 5]
            closed = f"{opened + timedelta(days=20):%d.%m.%Y}" if number % 5 > 2 else ""
            amount = f"{number}.{number % 10}00,50"
            lines.append(
                f"D{number};{stage};{opened:%d.%m.%Y};{closed};{amount};Rep {number % 3};Customer {number % 7};{'NS'[number % 2]}"
            )
        (export / f"deals_2026-11-{night}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    history = ["Deal ID;New Stage;Changed At"]
    for number in range(1, 41):
        opened = date(2026, 8, 20) + timedelta(days=2 * number % 60)
        for place, stage in enumerate(_STAGES[: number % 5 + 1] if number % 5 < 4 else ("New Inquiry", "Lost - price")):
            history.append(f"D{number};{stage};{opened + timedelta(days=5 * place):%d.%m.%Y}")
    (export / "stage changes 2026-11-21.csv").write_text("\n".join(history) + "\n", encoding="utf-8")
    (export / "notes.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    return folder


def test_a_made_up_crm_runs_as_it_was_recognised(crm: Path) -> None:
    answer = command("init", crm)
    assert answer.returncode == 0, answer.stderr
    assert "not used: export 2026/notes.csv" in answer.stdout
    config = crm / "sales_process.yml"
    assert sorted(path.name for path in crm.iterdir()) == ["landing", "sales_process.yml"]
    process = load_sales_process(config)
    deals = process.objects["generic.opportunity"]
    assert (deals.files, deals.dates, deals.numbers) == ("export 2026/deals_*.csv", "%d.%m.%Y", "1.234,5")
    (pipeline,) = process.pipelines
    assert [(stage.label, stage.phase) for stage in pipeline.stages] == [
        ("New Inquiry", "prospecting"),
        ("Discovery Call", "prospecting"),
        ("Offer Sent", "closing"),
        ("Signed", "won"),
        ("Lost - price", "lost"),
    ]
    run = command("run", "--home", crm / "home", "--config", config)
    assert run.returncode == 0, run.stderr
    amounts = [f"{number}{number % 10}00.50" for number in range(1, 41)]
    assert rows(crm / "home", "select count(*), sum(amount) from fct_opportunity") == [(40, sum(map(float, amounts)))]
    assert rows(crm / "home", "select count(*) from fct_opportunity where status = 'won'") == [(8,)]


def test_what_is_there_is_not_written_over(crm: Path, tmp_path: Path) -> None:
    config = tmp_path / "sales_process.yml"
    config.write_text("company: {name: Mine}\n", encoding="utf-8")
    refused = command("init", tmp_path, "--landing", crm / "landing")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert config.read_text(encoding="utf-8") == "company: {name: Mine}\n"
    assert command("init", tmp_path, "--landing", crm / "landing", "--force").returncode == 0
    assert load_sales_process(config).pipelines


def test_maven_runs_as_it_was_recognised(tmp_path: Path) -> None:
    landing = SHARED_DATA / "maven_crm"
    if not landing.is_dir():
        pytest.skip(f"{landing} is not there")
    assert command("init", tmp_path, "--landing", landing).returncode == 0
    process = load_sales_process(tmp_path / "sales_process.yml")
    by_hand = load_sales_process(PROJECT / "config" / "examples" / "maven_crm.yml")
    assert {
        name.removeprefix("generic."): (options.files, options.dates, options.extracted_on)
        for name, options in process.objects.items()
    } == {name: (options.files, options.dates, options.extracted_on) for name, options in by_hand.objects.items()}
    assert process.pipelines[0].stages == by_hand.pipelines[0].stages
    run = command("run", "--home", tmp_path / "home", "--config", tmp_path / "sales_process.yml")
    assert run.returncode == 0, run.stderr
    # Known of this public data set: 8,800 deals, of which 4,238 are won.
    assert rows(tmp_path / "home", "select count(*), count(*) filter (where status = 'won') from fct_opportunity") == [
        (8800, 4238)
    ]


def test_the_example_company_is_proposed_as_it_was_written_by_hand(tmp_path: Path) -> None:
    assert command("init", tmp_path, "--landing", PROJECT / "sample" / "landing").returncode == 0
    process = load_sales_process(tmp_path / "sales_process.yml")
    (proposed,), (by_hand,) = process.pipelines, load_sales_process(PROJECT / "config" / "sales_process.yml").pipelines
    assert proposed.stages == by_hand.stages
    assert proposed.retired == by_hand.retired
    assert process.objects == {}
    text = (tmp_path / "sales_process.yml").read_text(encoding="utf-8")
    assert "Segment__c: Enterprise, Mid-Market, SMB" in text
    assert "#   Outbound: " in text
