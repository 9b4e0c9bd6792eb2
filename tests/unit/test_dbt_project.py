"""Assumption: what is told twice about the dbt project is told the same, and its files keep the project's rules.

The systems' declarations, dbt's sources, the staging models and the list that counts them all name the same objects; the marts
describe every column; engine dialect stays in macros/dialect/; the unit tests' rows mean what they seem to mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from forecasting.steps import STEPS
from forecasting.tables import SCHEMA, TABLES
from funnelcast.sales_process import SCOPES, Definitions
from ingestion.in_use import ALWAYS
from ingestion.systems import SYSTEMS, ObjectDeclaration
from orchestration.dbt_build import rounds
from publishing.run_tables import OPS_CHECK, OPS_RUN

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MODELS = DBT_PROJECT / "models"
CANONICAL = MODELS / "canonical"
SQL_MODELS = sorted(MODELS.rglob("*.sql"))
UNIT_TEST_FILES = sorted(MODELS.rglob("*__unit_tests.yml"))
OBJECTS = [(system.name, declared) for system in SYSTEMS.values() for declared in system.objects.values()]

# The macros of reading.sql and disposition.sql that take a delivered column by its name.
READING = re.compile(
    r"\b(?:text|moment|calendar_day|money|plain_number|flag|address|salesforce_id|required|readable_\w+|not_after_extract|"
    r"not_negative|known_value|probability_share)\('(\w+)'"
)
ANY_FLAG = re.compile(r"\bany_flag\(([^)]*)\)")

# Declared columns that no model needs: names of people serve no number, the rest is told by another column. Raw keeps them.
# A column that staging begins to read leaves this list.
UNREAD = {
    "salesforce__account": {"parent_id", "type"},
    "salesforce__contact": {"first_name", "last_name"},
    "salesforce__lead": {"is_converted"},
    "salesforce__opportunity": {"campaign_id"},
    "salesforce__opportunity_history": {"is_deleted", "probability"},
    "salesforce__opportunity_stage": {"api_name"},
    "salesforce__user": {"created_date", "department", "last_modified_date", "system_modstamp"},
    "salesforce__user_role": {"developer_name"},
    "salesforce__task": {"status", "subject"},
    "salesforce__event": {"end_date_time", "subject"},
    "salesforce__product2": {"created_date", "is_active", "last_modified_date", "product_code", "system_modstamp"},
    "salesforce__opportunity_line_item": {"created_date"},
    "salesforce__forecasting_quota": {"created_date", "is_amount", "is_quantity", "quota_quantity"},
}

# Words that only DuckDB (or only some engines) understand. `qualify` is allowed: DuckDB, Snowflake, BigQuery and Databricks have it.
DIALECT = re.compile(
    r"""\b(?:
        arg_min | arg_max | any_value | bool_or | bool_and | median | quantile\w* | mode | first | last | string_agg | list | hash | md5
        | epoch | epoch_ms | isodow | date_diff | date_add | date_sub | make_timestamp | make_date | timezone | strftime | strptime
        | try_strptime | try_cast | unnest | generate_series | range | read_\w+ | regexp_\w+ | list_\w+ | struct_\w+ | array_\w+
        | map_\w+ | json_\w+
    )\s*\(
    | \b(?:group|order)\s+by\s+all\b | \*\s*(?:exclude|replace)\b | \bcolumns\s*\( | :: | \bilike\b | \bfilter\s*\( | \bignore\s+nulls\b
    | \basof\b | \bpositional\s+join\b | \bpivot\b | \busing\s+sample\b | \bsummarize\b""",
    re.VERBOSE | re.IGNORECASE,
)

# Cases that rows alone cannot show: building again (20) needs whole nights.
CASES_WITHOUT_ROWS = {20}
CASES = set(range(1, 29))

# What a fixture's value may be: dbt writes it into SQL as it is.
SCALAR = (str, int, float, bool, date, datetime, type(None))


def _name(path: Path) -> str:
    return path.relative_to(MODELS).as_posix()


def _yaml(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def _staging_file(system: str, declared: ObjectDeclaration) -> Path:
    return MODELS / "staging" / system / f"stg_{system}__{declared.name}.sql"


# --- the systems' declarations, told four times ---


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_dbt_knows_the_sources_that_the_system_declares(system: str) -> None:
    (source,) = _yaml(MODELS / "staging" / system / f"_{system}__sources.yml")["sources"]
    assert (source["name"], source["schema"]) == (system, "raw")
    named = {table["name"]: table["identifier"] for table in source["tables"]}
    assert named == {name: f"{system}__{name}" for name in SYSTEMS[system].objects}
    assert len(named) == len(source["tables"])


def test_every_declared_object_has_its_staging_model_and_no_other_exists() -> None:
    expected = {_staging_file(system, declared) for system, declared in OBJECTS}
    assert set((MODELS / "staging").rglob("*.sql")) == expected


def test_the_list_of_staging_models_is_whole() -> None:
    listed = re.findall(r"'(stg_\w+)'", (DBT_PROJECT / "macros" / "staging_models.sql").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(_staging_file(system, declared).stem for system, declared in OBJECTS)


@pytest.mark.parametrize(("system", "declared"), OBJECTS, ids=lambda value: getattr(value, "name", value))
def test_a_staging_model_reads_the_columns_that_are_declared(system: str, declared: ObjectDeclaration) -> None:
    text = _staging_file(system, declared).read_text(encoding="utf-8")
    assert re.findall(r"source\('(\w+)', '(\w+)'\)", text)[0] == (system, declared.name)
    columns = {column.name for column in declared.columns}
    read = set(READING.findall(text)) | set(re.findall(r"'(\w+)'", " ".join(ANY_FLAG.findall(text))))
    assert read <= columns, "read, but not declared: the raw view has no such column"
    assert columns - read == UNREAD.get(f"{system}__{declared.name}", set()), (
        "declared, but not read: read it, or list it as unread"
    )
    for name in declared.required:
        assert f"required('{name}')" in text, f"{name} is required of the file; without it a row must be set aside"


def test_dbt_knows_every_system_and_builds_only_those_in_use() -> None:
    project = _yaml(DBT_PROJECT / "dbt_project.yml")
    assert sorted(project["vars"]["systems"]) == sorted(SYSTEMS)
    for layer in ("staging", "canonical"):
        switched = {
            name: options["+enabled"]
            for name, options in project["models"]["funnelcast"][layer].items()
            if name in SYSTEMS and "+enabled" in options
        }
        assert switched == {name: f"{{{{ '{name}' in var('systems', ['{name}']) }}}}" for name in SYSTEMS if name != ALWAYS}


# --- the canonical layer ---


def test_the_project_names_the_mappings_that_exist() -> None:
    mapped = _yaml(DBT_PROJECT / "dbt_project.yml")["vars"]["mapped"]
    found = {
        system: sorted(path.stem.removeprefix(f"map_{system}__") for path in CANONICAL.glob(f"{system}/map_{system}__*.sql"))
        for system in SYSTEMS
    }
    assert {system: sorted(kinds) for system, kinds in mapped.items()} == found


def test_every_kind_of_record_is_united_once_and_mapped_from_somewhere() -> None:
    united = {path.stem.removeprefix("canonical_"): path for path in CANONICAL.glob("*.sql")}
    kinds = {kind for kinds in _yaml(DBT_PROJECT / "dbt_project.yml")["vars"]["mapped"].values() for kind in kinds}
    assert set(united) == kinds
    for kind, path in united.items():
        assert f"{{{{ union_of_systems('{kind}') }}}}" in path.read_text(encoding="utf-8")


# Hand-kept sheets, and rates, are the company's own: no other system delivers them.
SHEETS = re.compile(rf"\bstg_{ALWAYS}__(?:fx_rate|person_match|company_match)\b")
# Which extract would help is said in the words of the system that is asked.
NAMES_SYSTEMS = {"intermediate/coverage/int_coverage.sql", "intermediate/coverage/int_coverage_general.sql"}


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in SQL_MODELS
        if path.parent == CANONICAL or path.relative_to(MODELS).parts[0] in ("intermediate", "marts")
    ],
    ids=_name,
)
def test_no_shared_model_names_a_system(path: Path) -> None:
    others = "|".join(name for name in SYSTEMS if name != ALWAYS)
    named = re.findall(
        rf"\b(?:{others})\b|\b(?:stg|int|map)_(?:{others}|{ALWAYS})_|\buses\(",
        SHEETS.sub("", path.read_text(encoding="utf-8")),
        re.IGNORECASE,
    )
    assert bool(named) == (_name(path) in NAMES_SYSTEMS), "map it in canonical/<system>/"


@pytest.mark.parametrize("path", sorted(CANONICAL.rglob("map_*.sql")), ids=_name)
def test_a_mapping_reads_its_own_system_and_gives_its_own_kind(path: Path) -> None:
    system, kind = path.parent.name, path.stem.split("__")[1]
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"\bcanonical\('(\w+)'", text)) == {kind}
    others = "|".join(name for name in SYSTEMS if name != system)
    assert not re.search(rf"ref\('(?:stg|map|int)_(?:{others})_", text)


# --- the files' own rules ---


@pytest.mark.parametrize("path", SQL_MODELS, ids=_name)
def test_a_model_begins_by_saying_what_a_row_is(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("-- One row per ")


@pytest.mark.parametrize("path", SQL_MODELS, ids=_name)
def test_a_model_stands_in_the_folder_of_its_layer_and_subject(path: Path) -> None:
    layer, *rest, file = path.relative_to(MODELS).parts
    subject = rest[0] if rest else ""
    prefixes = {
        "staging": (f"stg_{subject}__",),
        "canonical": (f"map_{subject}__", f"int_{subject}_") if subject else ("canonical_",),
        "intermediate": ("int_",),
        "marts": ("dim_", "fct_", "rpt_", "ops_"),
    }
    # What a system needs to bring its records together, before they are mapped, has a folder of its own.
    assert len(rest) == 1 or (layer == "canonical" and rest[1:] in ([], ["records"]))
    assert file.startswith(prefixes[layer])
    assert file.startswith("dim_") == (subject == "dimensions")
    assert file.startswith("ops_") == (subject == "operations")


def test_no_two_models_have_one_name() -> None:
    names = [path.stem for path in SQL_MODELS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", [*SQL_MODELS, *sorted((DBT_PROJECT / "macros").glob("*.sql"))], ids=lambda path: path.stem)
def test_engine_dialect_stays_in_its_folder(path: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|--[^\n]*|'[^'\n]*'", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not DIALECT.findall(text), "give it a macro in macros/dialect/"


# --- what waits for the forecast's fit ---

# The forecast's own tables, and the deals' win columns.
MARTS_OF_THE_FIT = {
    "fct_forecast",
    "fct_forecast_accuracy",
    "fct_forecast_calibration",
    "rpt_forecast_warning",
    "fct_opportunity",
}
READS = {
    path.stem: {
        *re.findall(r"\bref\('(\w+)'\)", path.read_text(encoding="utf-8")),
        *(
            f"{SCHEMA}.{table}"
            for table in re.findall(rf"\bsource\('{SCHEMA}', '(\w+)'\)", path.read_text(encoding="utf-8"))
        ),
    }
    for path in SQL_MODELS
}


def _behind(tables: Iterable[str]) -> set[str]:
    """Every model that waits for the tables, however far behind."""
    behind = {f"{SCHEMA}.{table}" for table in tables}
    while more := {name for name, read in READS.items() if read & behind} - behind:
        behind |= more
    return behind


def test_only_the_forecast_stands_behind_its_fits() -> None:
    """A fit that fails takes with it what it says, and nothing else."""
    marts = {path.stem for path in (MODELS / "marts").rglob("*.sql")}
    assert _behind(TABLES) & marts == MARTS_OF_THE_FIT


def test_dbt_knows_the_tables_that_the_fits_make() -> None:
    (source,) = _yaml(MODELS / "intermediate" / "forecast" / "_forecast__sources.yml")["sources"]
    assert (source["name"], source["schema"]) == (SCHEMA, SCHEMA)
    assert [table["name"] for table in source["tables"]] == list(TABLES)
    assert [table for step in STEPS for table in step.makes] == list(TABLES)


@pytest.mark.parametrize("place", range(len(STEPS)), ids=[step.name for step in STEPS])
def test_a_fit_reads_nothing_that_waits_for_it_or_for_a_later_one(place: int) -> None:
    read = {name.removeprefix("intermediate.") for name in STEPS[place].reads if name.startswith("intermediate.")}
    assert read <= set(READS)
    assert not read & _behind(table for later in STEPS[place:] for table in later.makes)


def test_dbts_builds_of_a_night_go_on_where_the_fit_before_them_ended() -> None:
    (first, risks), (second, laws), (third, nothing) = rounds()
    assert [risks, laws, nothing] == [*STEPS, None]
    of_risks, of_laws = ([f"source:forecasting.{table}+" for table in step.makes] for step in STEPS)
    assert first == ("--exclude", *of_risks, *of_laws)
    assert second == ("--select", *of_risks, "--exclude", *of_laws)
    assert third == ("--select", *of_laws)


# --- the models' size ---

# What one person can hold: a longer model is split where one step ends (CONTRIBUTING).
MOST_STEPS, MOST_JOINS = 12, 10

# Models still over it: how many CTEs and joins they have. The list shrinks: a model that was split leaves it, and nothing enters it.
STILL_OVER = {
    "fct_pipeline_bridge": (17, 8),
    "fct_pipeline_daily": (15, 11),
    "fct_pipeline_movement": (10, 11),
    "fct_won_credit": (16, 9),
    "int_forecast_due": (13, 7),
    "int_forecast_exposure": (14, 10),
    "int_forecast_naive": (14, 5),
    "int_forecast_newcomer": (16, 6),
    "int_handoff": (12, 15),
    "int_hubspot_activity": (14, 4),
    "int_hubspot_deal": (23, 19),
    "int_hubspot_deal_history": (17, 9),
    "int_hubspot_owner": (14, 11),
    "int_lead_outcome": (13, 11),
    "int_opportunity": (14, 10),
    "int_opportunity_absence": (15, 6),
    "int_opportunity_cut": (17, 11),
    "int_opportunity_risk": (17, 10),
    "int_opportunity_win_probability": (13, 10),
    "int_owner_span": (14, 2),
    "int_period_movement": (13, 9),
    "int_stage_eventual": (13, 5),
    "int_stage_label": (22, 20),
    "rpt_bottleneck": (18, 9),
}

JINJA_COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
STEP = re.compile(
    r"^(?:with (?:recursive )?)?\w+ as (?:(?:not )?materialized )?\("
    # A macro that becomes several is the one call that a reader sees.
    r"|^{{ (?:summed_by_scope|with_earlier_cohorts|aalen_johansen|forecast_moment_numbers)\(",
    re.MULTILINE,
)


def _size(path: Path) -> tuple[int, int]:
    """CTEs and joins that are written down."""
    text = re.sub(r"--[^\n]*", "", JINJA_COMMENT.sub("", path.read_text(encoding="utf-8")))
    return len(STEP.findall(text)), len(re.findall(r"\bjoin\b", text))


def test_the_sizes_of_a_model_are_counted() -> None:
    found = {path.stem: _size(path) for path in SQL_MODELS}
    # By hand: five imports, last_visit, recorded_close and redated; three cross joins, two inner ones and three left ones.
    assert found["int_opportunity_change"] == (8, 8)


@pytest.mark.parametrize("path", SQL_MODELS, ids=_name)
def test_a_model_is_no_longer_than_a_person_can_hold(path: Path) -> None:
    steps, joins = _size(path)
    is_over = steps > MOST_STEPS or joins > MOST_JOINS
    if path.stem not in STILL_OVER:
        assert not is_over, f"{steps} CTEs and {joins} joins: split it where one step ends"
        return
    most_steps, most_joins = STILL_OVER[path.stem]
    assert steps <= most_steps, "it is too long already: split it where one step ends"
    assert joins <= most_joins, "it is too long already: split it where one step ends"
    assert is_over, "it is short enough: take it from STILL_OVER"


def test_no_model_is_still_over_that_does_not_exist() -> None:
    assert set(STILL_OVER) <= {path.stem for path in SQL_MODELS}


# --- what is published ---


def _raw_marts() -> dict[str, dict[str, Any]]:
    return {
        model["name"]: {**model, "folder": path.parent}
        for path in sorted((MODELS / "marts").rglob("*__models.yml"))
        for model in _yaml(path)["models"]
    }


# Words that several tables share, by the name with which a description asks for them: {{ doc('name') }}.
SHARED = dict(
    re.findall(
        r"{% docs (\w+) %}\n(.*?)\n{% enddocs %}", (MODELS / "marts" / "_shared.md").read_text(encoding="utf-8"), re.DOTALL
    )
)
DOC = re.compile(r"{{ doc\('(\w+)'\) }}")


def _written_out(text: str) -> str:
    """A description as dbt publishes it."""
    return DOC.sub(lambda asked: SHARED[asked[1]], text)


def _described_marts() -> dict[str, dict[str, Any]]:
    return {
        name: {
            **model,
            "columns": [{**column, "description": _written_out(column["description"])} for column in model["columns"]],
        }
        for name, model in _raw_marts().items()
    }


def test_every_mart_is_described_beside_its_model() -> None:
    assert {name: model["folder"] for name, model in _described_marts().items()} == {
        path.stem: path.parent for path in (MODELS / "marts").rglob("*.sql")
    }


@pytest.mark.parametrize("model", _described_marts().values(), ids=lambda model: str(model["name"]))
def test_every_published_column_is_described_and_typed(model: dict[str, Any]) -> None:
    assert model["description"].startswith("One row per ")
    assert len({column["name"] for column in model["columns"]}) == len(model["columns"])
    for column in model["columns"]:
        assert column.get("data_type"), column["name"]
        assert re.fullmatch(r"\S.*[.…]", column.get("description", ""), flags=re.DOTALL), column["name"]


# What leans on the column above, and so says nothing to whoever reads the column alone.
LEANING = re.compile(r"(?:Their|Its|The same|Which one|As in)\b")
# Words of the workshop. The field says: reported or known, distribution, at the same time, the as-of date.
WORKSHOP = re.compile(r"\b(?:tells?|telling|told(?! apart)|laws?|instants?|T|as-of day)\b")


def _faults(descriptions: dict[str, str]) -> list[str]:
    """Which descriptions cannot be read alone, and why."""
    found = []
    for name, text in descriptions.items():
        words = _written_out(text)
        if LEANING.match(words):
            found.append(f"{name} leans on another column")
        if len(words.split()) < 4:
            found.append(f"{name} is under four words")
        if WORKSHOP.search(words):
            found.append(f"{name} is not in the field's words")
        if not DOC.search(text) and list(descriptions.values()).count(text) > 1:
            found.append(f"{name} repeats another: describe both once, in _shared.md")
    return found


def _descriptions() -> dict[str, str]:
    of_dbt = {
        f"{name}.{column['name']}": column["description"]
        for name, model in _raw_marts().items()
        for column in model["columns"]
    }
    of_publishing = {
        f"{table.name}.{name}": description for table in (OPS_RUN, OPS_CHECK) for name, _, description in table.columns
    }
    of_tables = {name: model["description"] for name, model in _raw_marts().items()}
    return of_dbt | of_publishing | of_tables | {table.name: table.description for table in (OPS_RUN, OPS_CHECK)}


def test_every_description_can_be_read_alone() -> None:
    assert _faults(_descriptions()) == []


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("Their amount at the day's end.", "leans on another column"),
        ("Its place in the pipeline.", "leans on another column"),
        ("The same in the period before.", "leans on another column"),
        ("Which one of the two it was.", "leans on another column"),
        ("As in fct_forecast. Null where there is none.", "leans on another column"),
        ("The day.", "is under four words"),
        ("What the CRM's history told of the deal.", "is not in the field's words"),
        ("Mean of methods that have a law.", "is not in the field's words"),
        ("Two changes that happened at one instant.", "is not in the field's words"),
        ("Deals that were won by T.", "is not in the field's words"),
        ("First month of the fiscal year, 1 to 12.", "repeats another: describe both once, in _shared.md"),
    ],
)
def test_a_description_that_cannot_be_read_alone_is_found(planted: str, fault: str) -> None:
    good = {
        "a.one": "First month of the fiscal year, 1 to 12.",
        "a.two": "{{ doc('period_start') }}",
        "b.two": "{{ doc('period_start') }}",
    }
    assert _faults(good) == []
    assert f"b.one {fault}" in _faults({**good, "b.one": planted})


def test_words_that_tables_share_are_shared() -> None:
    asked = [name for text in _descriptions().values() for name in DOC.findall(text)]
    assert {name for name in asked if asked.count(name) > 1} == set(SHARED)


ANY_COLUMN = "or a column that the config names under segments"


@pytest.mark.parametrize("model", _described_marts().values(), ids=lambda model: str(model["name"]))
def test_every_table_tells_parts_of_the_company_and_periods_in_one_way(model: dict[str, Any]) -> None:
    columns = [column["name"] for column in model["columns"]]
    assert not [name for name in columns if re.search(r"dimension|segment_|scope_(?!id$|name$)|^period$", name)]
    if {"scope", "scope_id", "scope_name"} & set(columns):
        place = columns.index("scope")
        assert columns[place : place + 3] == ["scope", "scope_id", "scope_name"]
        scope, key, name = (str(column["description"]) for column in model["columns"][place : place + 3])
        said = re.fullmatch(r"What the row is about: ([^.]+)\..*", scope)
        assert said, scope
        words = re.sub(r" \([^)]*\)", "", said[1]).split(", ")
        assert words == [word for word in [*SCOPES, ANY_COLUMN] if word in words]
        assert words[0] == SCOPES[0]
        assert key.startswith("Key of the part of the company that the row is about: 'all' for the whole, '(none)' for ")
        assert name.startswith("Name, for people, of the part of the company that the row is about: ")
    if {"period_type", "period_start", "period_end"} & set(columns):
        place = columns.index("period_type")
        assert columns[place : place + 3] == ["period_type", "period_start", "period_end"]


def test_every_contested_definition_is_told_in_the_settings() -> None:
    columns = {column["name"] for column in _described_marts()["dim_company_settings"]["columns"]}
    assert set(Definitions.model_fields) <= columns, "tell the definition in dim_company_settings"


def test_the_scopes_are_those_that_deals_are_cut_by() -> None:
    text = (DBT_PROJECT / "macros" / "segments.sql").read_text(encoding="utf-8")
    lists = re.findall(r"macro (\w+_scopes)\(\) -%}\s*{{ return\((\[[^]]*\])\) }}", text)
    told = {name: yaml.safe_load(words) for name, words in lists}
    assert ("company", *told["deal_scopes"]) == SCOPES
    assert set(told["forecast_scopes"]) < set(SCOPES)


# --- the unit tests ---


def _unit_tests() -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in UNIT_TEST_FILES:
        for test in _yaml(path)["unit_tests"]:
            yield path, test


UNIT_TESTS = list(_unit_tests())


@pytest.mark.parametrize(("path", "test"), UNIT_TESTS, ids=[str(test["name"]) for _, test in UNIT_TESTS])
def test_a_unit_test_says_its_rule_and_its_rows_mean_what_they_seem_to(path: Path, test: dict[str, Any]) -> None:
    assert path.name == f"_{path.parent.name}__unit_tests.yml"
    assert (path.parent / f"{test['model']}.sql").is_file(), "a unit test stands beside the model it is about"
    assert re.fullmatch(r"\S.*\.\)?", test["description"].strip(), flags=re.DOTALL)
    for given in test["given"]:
        if given.get("format") == "sql":  # an ephemeral input has no table to take the types of rows from
            continue
        assert all(isinstance(value, SCALAR) for row in given["rows"] for value in row.values()), given["input"]
    expected = test["expect"]["rows"]
    # dbt puts the expected rows together by position and names them after the first: another order would compare other columns.
    assert all(list(row) == list(expected[0]) for row in expected), "expected rows need the same columns in the same order"


def test_no_two_unit_tests_have_one_name() -> None:
    names = [test["name"] for _, test in UNIT_TESTS]
    assert len(names) == len(set(names))


def test_every_case_that_others_get_wrong_has_a_unit_test() -> None:
    named = {int(number) for _, test in UNIT_TESTS for number in re.findall(r"\bC(\d+)\b", test["description"])}
    assert named == CASES - CASES_WITHOUT_ROWS


@pytest.mark.parametrize("case", sorted(CASES_WITHOUT_ROWS))
def test_a_case_that_no_rows_can_show_is_named_by_a_test_in_python(case: int) -> None:
    files = DBT_PROJECT.parent.rglob("tests/*/test_*.py")
    assert any(re.search(rf'^    """.*\bC{case}\b', path.read_text(encoding="utf-8"), flags=re.MULTILINE) for path in files)


def test_the_cases_are_those_of_the_table() -> None:
    table = DBT_PROJECT.parents[1] / "shared" / "CASES.md"
    if not table.is_file():
        pytest.skip(f"{table} is not there")
    assert {
        int(number) for number in re.findall(r"^\| C(\d+) \|", table.read_text(encoding="utf-8"), flags=re.MULTILINE)
    } == CASES


def test_a_model_that_spilled_to_disk_does_not_stop_the_next(tmp_path: Path) -> None:
    """dbt-duckdb repeats the profile's settings for every model; DuckDB refuses a temporary directory once it has been written to."""
    profile = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text(encoding="utf-8"))["funnelcast"]["outputs"]["duckdb"]
    once = {**profile["config_options"], "memory_limit": "60MB", "temp_directory": str(tmp_path / "spilled")}
    with duckdb.connect(str(tmp_path / "build.duckdb"), config=once) as connection:
        connection.execute("create temp table spilling as select hash(n) as n from range(12000000) as numbers(n)")
        assert list((tmp_path / "spilled").iterdir())
        for name, value in profile["settings"].items():
            connection.execute(f"set {name} = '{value}'")
