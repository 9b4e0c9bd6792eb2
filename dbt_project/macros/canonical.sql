{#-
    The one seam between systems. `staging/<system>/` speaks a system's own words; `canonical/<system>/` brings each kind of record to the
    columns below, one small model per kind (`map_<system>__<kind>`); `canonical/canonical_<kind>` unions the systems in use, by column name.
    Below that line no SQL names a system.

    A new system adds its mappings, and its line in `vars: mapped` of dbt_project.yml.
-#}

{#-
    The columns of each kind of record, with their types. Each also has source_system and _extracted_at.

    known_from: which list of the system's says it. may_repeat (activity): a tool that knows addresses, not records, says it, and a CRM may say it too.
    rep_email: the address of the rep where the system knows no user. precedence (email_event): where several say one event, the lowest counts:
    1 and 2 for the tool that sends (its events before its lists), 3 for a CRM that sends, 4 for what was typed off or exported.
    crm_stage: what the CRM's own table says of a stage. pipeline is null where it is a stage of all. One stage_id is one stage, whatever it was called;
    place orders what one extract says of it. stage_history: a deal's state from a moment on; is_close_date_of_today: where it names no
    expected close, the date last delivered may stand for it. field_change: one change of one field (stage, amount, expected_close, owner).
-#}
{% macro canonical_kinds() -%}
    {{ return({
        'user': {
            'user_id': 'varchar', 'name': 'varchar', 'email': 'varchar', 'role': 'varchar', 'team': 'varchar', 'pod': 'varchar',
            'manager_id': 'varchar', 'is_active': 'boolean', 'started_on': 'date', 'ended_on': 'date'
        },
        'account': {
            'account_id': 'varchar', 'name': 'varchar', 'domain': 'varchar', 'industry': 'varchar', 'employees': 'bigint',
            'country': 'varchar', 'created_at': 'timestamp', 'is_deleted': 'boolean', 'extra': 'varchar'
        },
        'opportunity': {
            'opportunity_id': 'varchar', 'stage_label': 'varchar', 'pipeline_label': 'varchar', 'created_at': 'timestamp', 'name': 'varchar',
            'account_id': 'varchar', 'owner_id': 'varchar', 'product': 'varchar', 'amount': money_type(), 'currency': 'varchar',
            'opportunity_type': 'varchar', 'probability': 'double', 'next_step': 'varchar', 'source': 'varchar', 'segment': 'varchar',
            'forecast_category': 'varchar', 'expected_close_on': 'date', 'closed_at': 'timestamp', 'lost_reason': 'varchar',
            'lead_id': 'varchar', 'is_deleted': 'boolean', 'updated_at': 'timestamp', 'extra': 'varchar'
        },
        'opportunity_row': {'opportunity_id': 'varchar', 'row_disposition': 'varchar', '_object': 'varchar'},
        'crm_stage': {
            'stage_id': 'varchar', 'pipeline': 'varchar', 'stage_label': 'varchar', 'is_closed': 'boolean', 'is_won': 'boolean',
            'sort_order': 'bigint', 'default_probability': 'double', 'place': 'integer'
        },
        'stage_history': {
            'change_id': 'varchar', 'opportunity_id': 'varchar', 'pipeline': 'varchar', 'stage_label': 'varchar', 'changed_at': 'timestamp',
            'amount': money_type(), 'expected_close_on': 'date', 'is_close_date_of_today': 'boolean', 'owner_id': 'varchar',
            'forecast_category': 'varchar', '_object': 'varchar', '_file': 'varchar', '_row': 'bigint'
        },
        'field_change': {
            'change_id': 'varchar', 'opportunity_id': 'varchar', 'field': 'varchar', 'changed_at': 'timestamp', 'old_value': 'varchar',
            'new_value': 'varchar', 'old_amount': money_type(), 'new_amount': money_type(), 'old_day': 'date', 'new_day': 'date',
            '_object': 'varchar', '_file': 'varchar', '_row': 'bigint'
        },
        'lead': {
            'lead_id': 'varchar', 'account_id': 'varchar', 'owner_id': 'varchar', 'name': 'varchar', 'email': 'varchar', 'title': 'varchar',
            'company': 'varchar', 'industry': 'varchar', 'employees': 'bigint', 'country': 'varchar', 'source': 'varchar',
            'status': 'varchar', 'created_at': 'timestamp', 'qualified_at': 'timestamp', 'converted_at': 'timestamp',
            'opportunity_id': 'varchar', 'is_deleted': 'boolean', 'contact_id': 'varchar', 'campaign_id': 'varchar', 'domain': 'varchar',
            'extra': 'varchar'
        },
        'campaign': {'campaign_id': 'varchar', 'name': 'varchar'},
        'campaign_member': {'lead_id': 'varchar', 'contact_id': 'varchar', 'campaign_id': 'varchar', 'created_at': 'timestamp'},
        'contact': {
            'contact_id': 'varchar', 'account_id': 'varchar', 'email': 'varchar', 'created_at': 'timestamp', 'is_deleted': 'boolean'
        },
        'activity': {
            'known_from': 'varchar', 'activity_id': 'varchar', 'activity_type': 'varchar', 'occurred_at': 'timestamp',
            'booked_at': 'timestamp', 'user_id': 'varchar', 'rep_email': 'varchar', 'lead_id': 'varchar', 'contact_id': 'varchar',
            'account_id': 'varchar', 'opportunity_id': 'varchar', 'outcome': 'varchar', 'email': 'varchar', 'may_repeat': 'boolean'
        },
        'planned_activity': {
            'object': 'varchar', 'activity_id': 'varchar', 'opportunity_id': 'varchar', 'planned_at': 'timestamp',
            'is_plan': 'boolean', 'is_still_on': 'boolean'
        },
        'email_event': {
            'known_from': 'varchar', 'precedence': 'integer', 'event_id': 'varchar', 'event_type': 'varchar', 'occurred_at': 'timestamp',
            'message_id': 'varchar', 'own_message_id': 'varchar', 'user_id': 'varchar', 'sender_email': 'varchar',
            'recipient_email': 'varchar', 'lead_id': 'varchar', 'sequence_id': 'varchar', 'step': 'varchar', 'variant': 'varchar',
            '_object': 'varchar', '_file': 'varchar', '_row': 'bigint'
        },
        'merge': {
            'object': 'varchar', 'record_id': 'varchar', 'master_id': 'varchar', '_file': 'varchar', '_row': 'bigint'
        },
        'extra': {
            'object': 'varchar', 'record_id': 'varchar', 'extra': 'varchar', 'updated_at': 'timestamp', '_file': 'varchar', '_row': 'bigint'
        },
        'product': {'product_id': 'varchar', 'name': 'varchar'},
        'line': {'opportunity_id': 'varchar', 'product_id': 'varchar', 'amount': money_type()},
        'target': {
            'scope': 'varchar', 'scope_id': 'varchar', 'user_system': 'varchar', 'metric': 'varchar', 'period_type': 'varchar',
            'period_start': 'date', 'target_value': money_type(), 'known_by': 'varchar', '_file': 'varchar', '_row': 'bigint'
        }
    }) }}
{%- endmacro %}

{#- All columns of a kind, in their order. -#}
{% macro canonical_columns(kind) -%}
    {%- set kinds = canonical_kinds() -%}
    {%- if kind not in kinds -%}
        {{ exceptions.raise_compiler_error("There is no kind of record '" ~ kind ~ "'; there are " ~ kinds | join(', ') ~ '.') }}
    {%- endif -%}
    {%- set columns = {'source_system': 'varchar'} -%}
    {%- do columns.update(kinds[kind]) -%}
    {%- do columns.update({'_extracted_at': 'timestamp'}) -%}
    {{ return(columns) }}
{%- endmacro %}

{#-
    The select list of a mapping: each column of the kind from its expression. A column that the system does not tell is null of its type;
    one that the kind does not have ends the parsing. A name alone stands for itself: `canonical('account', ['name'], {'account_id': 'company_id'})`.
-#}
{% macro canonical(kind, same=[], renamed={}) -%}
    {%- set columns = canonical_columns(kind) -%}
    {%- set expressions = {'source_system': '_system', '_extracted_at': '_extracted_at'} -%}
    {%- for name in same -%}
        {%- do expressions.update({name: name}) -%}
    {%- endfor -%}
    {%- do expressions.update(renamed) -%}
    {%- for name in expressions if name not in columns -%}
        {{ exceptions.raise_compiler_error(
            "A mapping to '" ~ kind ~ "' names the column '" ~ name ~ "', which that kind does not have; it has " ~ columns | join(', ') ~ '.'
        ) }}
    {%- endfor -%}
    {%- for name, type in columns.items() %}
    {{ expressions[name] if name in expressions else 'cast(null as ' ~ type ~ ')' }} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The systems in use that are mapped to a kind. -#}
{% macro systems_mapped_to(kind) -%}
    {%- set mapped = [] -%}
    {%- for system in var('systems') | sort if kind in var('mapped').get(system, []) -%}
        {%- do mapped.append(system) -%}
    {%- endfor -%}
    {{ return(mapped) }}
{%- endmacro %}

{#- The rows of a kind from every system in use that is mapped to it, column by column; of none, no row. -#}
{% macro union_of_systems(kind) -%}
    {%- set columns = canonical_columns(kind) -%}
    {%- for system in systems_mapped_to(kind) %}
    {%- if not loop.first %}
union all
    {%- endif %}
select {{ columns | join(', ') }}
from {{ ref('map_' ~ system ~ '__' ~ kind) }}
    {%- else %}
select
    {%- for name, type in columns.items() %}
    cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
where false
    {%- endfor %}
{%- endmacro %}
