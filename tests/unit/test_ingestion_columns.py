"""Columns are matched by name, whatever the case, spaces, underscores or a `property_` prefix (DESIGN section 4)."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ingestion.columns import closest, looks_like, match_columns, repeated_columns, snake_case, squash
from ingestion.systems import SYSTEMS, ObjectDeclaration
from ingestion.systems.declaration import declare

OBJECTS = [declared for system in SYSTEMS.values() for declared in system.objects.values()]
OPPORTUNITY = SYSTEMS["generic"].objects["opportunity"]


@st.composite
def disguised(draw: st.DrawFn, name: str) -> str:
    """A declared name as an export may write it."""
    words = [draw(st.sampled_from([str.lower, str.upper, str.title]))(word) for word in name.split("_")]
    joined = draw(st.sampled_from(["", " ", "_", "-", ". "])).join(words)
    return draw(st.sampled_from(["", "property_", "Property "])) + joined + draw(st.sampled_from(["", " ", "  "]))


@given(data=st.data(), declared=st.sampled_from(OBJECTS))
def test_every_declared_column_is_found_however_it_is_written(data: st.DataObject, declared: ObjectDeclaration) -> None:
    """FAULTS 15 and 16: renamed and reordered columns are accepted."""
    names = {column.name: data.draw(disguised(column.name)) for column in declared.columns}
    delivered = data.draw(st.permutations(list(names.values())))
    match = match_columns(delivered, declared, {})
    assert match.matched == names
    assert match.unknown == ()
    assert match.missing_required == ()


@given(data=st.data(), declared=st.sampled_from(OBJECTS))
def test_what_is_missing_is_named_and_what_is_unknown_is_kept(data: st.DataObject, declared: ObjectDeclaration) -> None:
    """FAULTS 12 to 14."""
    names = [column.name for column in declared.columns]
    gone = data.draw(st.sets(st.sampled_from(names)))
    extra = data.draw(st.lists(st.text("qxz", min_size=4, max_size=8), unique=True, max_size=3))
    delivered = [name for name in names if name not in gone] + extra
    match = match_columns(delivered, declared, {})
    assert set(match.matched) == set(names) - gone
    assert match.unknown == tuple(extra)
    assert match.missing_required == tuple(name for name in declared.required if name in gone)


@given(st.text("abcXYZ019éßЖ漢 _-", min_size=1, max_size=20))
def test_squash_forgets_only_what_does_not_matter(name: str) -> None:
    assume(any(character.isalnum() for character in name))
    assert squash(squash(name)) == squash(name)
    assert squash(f" {name.upper()}_") == squash(name.upper())
    assert squash(f"property_{name}") == squash(name)


@pytest.mark.parametrize("alphabet", ["Имя Стадия Сумма", "名前 段階 金額", "Größe Stufe Straße", "€ % #"])
def test_names_in_any_alphabet_are_told_apart(alphabet: str) -> None:
    """Every one of them is mapped by the config, and none is taken for another."""
    delivered = alphabet.split()
    mapping = dict(zip(("name", "stage", "amount"), delivered, strict=True))
    assert match_columns(["opportunity_id", *delivered], OPPORTUNITY, mapping).matched == {
        "opportunity_id": "opportunity_id",
        **mapping,
    }
    assert match_columns(["opportunity_id", *reversed(delivered)], OPPORTUNITY, mapping).matched["stage"] == delivered[1]


def test_no_declared_object_has_two_columns_that_match_the_same_name() -> None:
    for declared in OBJECTS:
        squashed = [squash(name) for column in declared.columns for name in column.names]
        assert len(set(squashed)) == len(squashed), declared.name


@given(
    data=st.data(), declared=st.sampled_from([declared for declared in OBJECTS if any(c.aliases for c in declared.columns)])
)
def test_a_column_is_found_by_what_the_tool_calls_it_elsewhere(data: st.DataObject, declared: ObjectDeclaration) -> None:
    """Design, section 4: a replica, an export and the API name one column differently, and all are accepted as they are."""
    names = {column.name: data.draw(disguised(data.draw(st.sampled_from(column.names)))) for column in declared.columns}
    match = match_columns(data.draw(st.permutations(list(names.values()))), declared, {})
    assert match.matched == names
    assert match.unknown == ()


def test_of_two_names_of_one_column_our_own_counts_and_the_other_is_kept() -> None:
    deal = SYSTEMS["hubspot"].objects["deal"]
    match = match_columns(["hs_object_id", "Deal ID", "Deal Stage", "property_dealstage_label"], deal, {})
    assert match.matched == {"deal_id": "Deal ID", "deal_pipeline_stage_id": "Deal Stage"}
    assert match.unknown == ("hs_object_id", "property_dealstage_label")


def test_a_mapped_column_is_not_looked_for_under_other_names() -> None:
    deal = SYSTEMS["hubspot"].objects["deal"]
    assert match_columns(["Record ID"], deal, {"deal_id": "number"}).missing_required == ("deal_id",)
    assert match_columns(["Record ID", "number"], deal, {"deal_id": "number"}).matched == {"deal_id": "number"}


def test_the_config_maps_first() -> None:
    delivered = ["Deal", "deal_stage", "stage", "close_value", "amount"]
    match = match_columns(delivered, OPPORTUNITY, {"opportunity_id": "deal", "stage": "Deal Stage", "amount": "close_value"})
    assert match.matched == {"opportunity_id": "Deal", "stage": "deal_stage", "amount": "close_value"}
    assert match.unknown == ("stage", "amount")


def test_one_delivered_column_can_be_two_of_ours() -> None:
    match = match_columns(["agent"], SYSTEMS["generic"].objects["user"], {"user_id": "agent", "name": "agent"})
    assert match.matched == {"user_id": "agent", "name": "agent"}
    assert match.missing_required == ()


def test_a_delivered_column_that_is_mapped_does_not_also_match_by_its_own_name() -> None:
    match = match_columns(["opportunity_id", "stage", "name"], OPPORTUNITY, {"account_id": "name"})
    assert "name" not in match.matched
    assert match.matched["account_id"] == "name"


def test_a_constant_needs_no_column() -> None:
    match = match_columns(["opportunity_id"], OPPORTUNITY, {}, given=("stage",))
    assert match.missing_required == ()
    assert "stage" not in match.matched


@pytest.mark.parametrize(
    ("header", "repeated"),
    [(["a", "b"], []), (["a", "A"], ["A", "a"]), (["a", "b", "a"], ["a"]), (["STRASSE", "straße"], ["STRASSE", "straße"])],
)
def test_repeated_columns(header: list[str], repeated: list[str]) -> None:
    assert repeated_columns(header) == repeated


def test_the_closest_names_help_with_a_typing_error() -> None:
    assert closest("stage", ["stge", "amount", "Stage Name"])[0] == "stge"
    assert closest("opportunity_id", ["Oportunity ID", "amount"]) == ["Oportunity ID"]
    assert closest("stage", ["qqq"]) == []


@pytest.mark.parametrize("declared", OBJECTS, ids=lambda declared: declared.name)
def test_a_whole_header_never_looks_like_another_object(declared: ObjectDeclaration) -> None:
    (system,) = {name for name, found in SYSTEMS.items() if found.objects.get(declared.name) is declared}
    assert looks_like([column.name for column in declared.columns], declared, system) is None


def test_a_lead_extract_in_the_folder_of_deals_is_recognised() -> None:
    """FAULTS 9."""
    header = ["lead_id", "created_at", "email", "status", "source"]
    assert looks_like(header, OPPORTUNITY, "generic") == "generic.lead"
    assert looks_like(
        ["FirstName", "Id", "LeadSource", "IsConverted", "CreatedDate"], SYSTEMS["salesforce"].objects["task"], "salesforce"
    ) == ("salesforce.lead")


@pytest.mark.parametrize(
    ("delivered", "ours"),
    [
        ("LossReason", "loss_reason"),
        ("Loss Reason", "loss_reason"),
        ("loss_reason__c", "loss_reason__c"),
        ("ARR (€)", "arr_"),
        ("x", "x"),
        ("Сумма сделки", "сумма_сделки"),
    ],
)
def test_snake_case(delivered: str, ours: str) -> None:
    assert snake_case(delivered) == ours


def test_declarations_say_what_is_wrong_with_them() -> None:
    with pytest.raises(ValueError, match=r"a:money: expected a column name, `:time` or `:number`"):
        declare("thing", "full", required="a:money")


@pytest.mark.parametrize(
    ("header", "home"),
    [
        (["product_id", "name", "price"], "generic.product"),
        (["id", "name", "_fivetran_deleted", "_fivetran_synced"], "hubspot.team"),
        (["id", "name", "archived"], "hubspot.role"),
    ],
)
def test_a_small_table_is_not_taken_for_one_that_knows_a_column_more(header: list[str], home: str) -> None:
    system, name = home.split(".")
    assert looks_like(header, SYSTEMS[system].objects[name], system) is None
