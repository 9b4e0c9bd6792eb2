"""A company of any size, for measuring how the models grow: generic extracts written by DuckDB, the same for the same size.

Belongs here: its extracts and its sales process. Does not belong here: timing (models.py), or truth (simulator/).
Nothing is random: what would be drawn is taken from a hash of the row's number, so that a size is always the same company.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

EXTRACT_DAY = "2026-11-22"
_FIRST_DAY = "2023-11-23"
_DAYS = 1095
# Deals move this often over their life, closing included, on average.
CHANGES_PER_DEAL = 6

CONFIG = """\
company: {name: Growing Company, timezone: America/New_York, currency: USD}
pipelines:
  - key: new_business
    stages:
      - {label: New, key: new, phase: prospecting, probability: 0.05}
      - {label: Discovery, key: discovery, phase: qualification, probability: 0.1}
      - {label: Scoping, key: scoping, phase: qualification, probability: 0.2}
      - {label: Evaluation, key: evaluation, phase: engagement, probability: 0.35}
      - {label: Proposal, key: proposal, phase: engagement, probability: 0.5}
      - {label: Negotiation, key: negotiation, phase: closing, probability: 0.7}
      - {label: Won, key: won, phase: won, probability: 1}
      - {label: Lost, key: lost, phase: lost, probability: 0}
motions: {inbound: [Web, Referral], outbound: [Cold call]}
"""


def write_extracts(landing: Path, opportunities: int) -> None:
    """Write users, leads, opportunities, their stage history and activities of a company with this many opportunities."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create macro draw(n, salt) as (hash(n, salt) % 1000000) / 1000000.0")
        connection.execute(_DEALS, [opportunities])
        connection.execute(_MOVES)
        for name, sql in _EXTRACTS.items():
            folder = landing / "generic" / name
            folder.mkdir(parents=True, exist_ok=True)
            connection.execute(f"copy ({sql}) to '{folder / f'{name}_{EXTRACT_DAY}.csv'}' (format csv, header)")


# A deal is created on any day, lives for about 90 days, and ends won, lost, or not at all: a fifth are open on the last day, most
# of them forgotten.
_DEALS = f"""
    create table deal as
    select
        n,
        timestamp '{_FIRST_DAY} 14:00:00' + to_seconds(cast(draw(n, 'created') * {_DAYS} * 86400 as bigint)) as created_at,
        cast(86400 * (10 - 80 * ln(1 - draw(n, 'life'))) as bigint) as life_seconds,
        case when draw(n, 'end') < 0.13 then 'open' when draw(n, 'end') < 0.35 then 'Won' else 'Lost' end as ends,
        cast(3 + floor(draw(n, 'moves') * {2 * (CHANGES_PER_DEAL - 3) + 1}) as integer) as moves,
        cast(round(exp(9 + 1.2 * (draw(n, 'a') + draw(n, 'b') + draw(n, 'c') - 1.5)), 2) as decimal(18, 2)) as amount
    from range(?) as numbers(n)
"""

# Mostly one stage on, sometimes two, sometimes one back; the last move is the close.
_MOVES = f"""
    create table move as
    select
        deal.n,
        k,
        case
            when k = moves and ends <> 'open' then ends
            else ['New', 'Discovery', 'Scoping', 'Evaluation', 'Proposal', 'Negotiation'][
                1 + least(5, greatest(0, k - 1 + case
                    when draw(deal.n * 16 + k, 's') < 0.1 then 1 when draw(deal.n * 16 + k, 's') > 0.85 then -1 else 0 end))
            ]
        end as stage,
        created_at + to_seconds(cast(life_seconds * (k - 1) / (moves - 1) as bigint)) as entered_at,
        round(amount * (1 + 0.1 * (k // 3)), 2) as amount,
        cast(created_at + to_seconds(life_seconds) as date) + 10 * cast(k // 2 as integer) as expected_close_on
    from deal, range(1, 12) as steps(k)
    where k <= moves and entered_at < timestamp '{EXTRACT_DAY} 20:00:00'
"""

_EXTRACTS = {
    "user": """
        select 'u' || n as user_id, 'Rep ' || n as name, 'rep' || n || '@growing.example' as email,
            case when n % 3 = 0 then 'sdr' else 'ae' end as role, 'Team ' || (n % 12) as team, 'Pod ' || (n % 40) as pod
        from range(300) as numbers(n)
    """,
    "lead": """
        select 'l' || n as lead_id, strftime(created_at - interval 9 day, '%Y-%m-%dT%H:%M:%SZ') as created_at,
            ['Web', 'Referral', 'Cold call', 'Event'][1 + n % 4] as source, 'u' || (3 * (n % 100)) as owner_id,
            'person' || n || '@customer' || (n // 3) || '.example' as email,
            case when n % 3 = 0 then 'o' || n end as opportunity_id,
            case when n % 3 = 0 then strftime(created_at, '%Y-%m-%dT%H:%M:%SZ') end as converted_at
        from deal where n % 2 = 0 or n % 3 = 0
    """,
    "opportunity": """
        select 'o' || n as opportunity_id, newest.stage, strftime(created_at, '%Y-%m-%dT%H:%M:%SZ') as created_at,
            'Deal ' || n as name, 'u' || (n % 300) as owner_id, newest.amount as amount, 'USD' as currency,
            ['Web', 'Referral', 'Cold call', 'Event'][1 + n % 4] as source, ['SMB', 'Mid', 'Enterprise'][1 + n % 3] as segment,
            newest.expected_close_on as expected_close_on,
            case when newest.stage in ('Won', 'Lost') then strftime(newest.entered_at, '%Y-%m-%dT%H:%M:%SZ') end as closed_at
        from deal
        inner join (select n, max_by(stage, k) as stage, max_by(amount, k) as amount, max_by(entered_at, k) as entered_at,
            max_by(expected_close_on, k) as expected_close_on from move group by n) as newest using (n)
    """,
    "stage_history": """
        select 'o' || n as opportunity_id, stage, strftime(entered_at, '%Y-%m-%dT%H:%M:%SZ') as entered_at, amount,
            expected_close_on, 'u' || ((n + case when k > 2 then 7 else 0 end) % 300) as owner_id
        from move
    """,
    "activity": """
        select 'a' || n || '-' || k as activity_id, ['call', 'meeting', 'email'][1 + (n + k) % 3] as type,
            strftime(entered_at + interval 2 hour, '%Y-%m-%dT%H:%M:%SZ') as occurred_at,
            'u' || (n % 300) as user_id, 'o' || n as opportunity_id
        from move where k % 3 = 1
    """,
}
