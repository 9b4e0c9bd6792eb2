"""The published tables counted once more from the delivered files, by other code.

Nothing of dbt, the gate or the product's SQL is used.

    python -m benchmarks.recount --landing LANDING --config CONFIG --home HOME [--table TABLE ...]

It reads the files of LANDING and the config, counts by DESIGN.md section 7, docs/definitions.md and the descriptions of the columns,
and compares cell by cell with what HOME has published. Per table and column it prints how many cells were compared and how many
differ, with a few keys. It ends with 0 where all agree, with 1 where a cell differs.

Belongs here: slow, obvious Python over plain rows. Does not belong here: anything that the product computes with. Where the two
disagree one of them is wrong, and a person has to judge which.

Read in this order: `delivery` (files), `company` (the config), `salesforce`, `hubspot`, `generic` (a system's words), `life`
(what a deal was on any day), `facts` (owners, teams, money), and then one module per kind of table.
`compare` sets them beside what was published.

It does not know: sheets that match people or companies by hand, Instantly, targets, frozen past periods, `created_from_stage`,
`closed_amount: first`, forecasts and their replays (they are random draws and fits; their statistics have tests of their own).
"""
