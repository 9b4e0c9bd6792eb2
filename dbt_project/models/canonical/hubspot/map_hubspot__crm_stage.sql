-- One row per stage of a HubSpot pipeline, as last delivered. What it was called before is known to int_hubspot_stage_name.
select
    {{ canonical('crm_stage', ['pipeline', 'is_won'], {
        'source_system': "'hubspot'",
        'stage_id': 'lower(stage_word)',
        'stage_label': 'stage_word',
        'is_closed': 'is_won or is_lost',
        'sort_order': 'display_order',
        'default_probability': 'probability',
        'place': '0',
        '_extracted_at': 'cast(null as timestamp)'
    }) }}
from {{ ref('int_hubspot_stage') }}
