{#- Every staging model, once: what is counted and set aside is counted and set aside in all of them. A parity test holds it. -#}
{% macro staging_models() -%}
    {%- set models = [
        'stg_salesforce__account',
        'stg_salesforce__contact',
        'stg_salesforce__lead',
        'stg_salesforce__opportunity',
        'stg_salesforce__opportunity_history',
        'stg_salesforce__opportunity_field_history',
        'stg_salesforce__opportunity_stage',
        'stg_salesforce__campaign',
        'stg_salesforce__campaign_member',
        'stg_salesforce__user',
        'stg_salesforce__user_role',
        'stg_salesforce__task',
        'stg_salesforce__event',
        'stg_salesforce__product2',
        'stg_salesforce__opportunity_line_item',
        'stg_salesforce__forecasting_quota',
        'stg_instantly__campaign',
        'stg_instantly__lead',
        'stg_instantly__email',
        'stg_instantly__event',
        'stg_instantly__campaign_step_analytics',
        'stg_generic__user',
        'stg_generic__account',
        'stg_generic__lead',
        'stg_generic__opportunity',
        'stg_generic__opportunity_line',
        'stg_generic__product',
        'stg_generic__stage_history',
        'stg_generic__activity',
        'stg_generic__email_event',
        'stg_generic__target',
        'stg_generic__person_match',
        'stg_generic__company_match',
        'stg_generic__fx_rate'
    ] -%}
    {%- set used = [] -%}
    {%- for model in models if uses(model.split('__')[0].removeprefix('stg_')) -%}
        {%- do used.append(model) -%}
    {%- endfor -%}
    {{ return(used) }}
{%- endmacro %}
