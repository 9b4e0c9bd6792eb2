"""The assets of one night: what was delivered, what dbt makes of it, and what is published.

Belongs here: decorated bodies of a few lines. Does not belong here: decisions (the layers below make them).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from forecasting.tables import SCHEMA as FITTED
from funnelcast.sales_process import load_sales_process
from funnelcast.settings import Settings
from ingestion.build_database import BuildInfo, make_build_database
from ingestion.land import Landing, land
from ingestion.store import unreadable_files
from ingestion.systems import SYSTEMS
from orchestration.dbt_build import DbtFailed, stream_build
from orchestration.refusal import DamagedFiles, refusal_of_files
from orchestration.resources import GATE, HOME_LOCK
from publishing.inputs import current_inputs, remember_inputs
from publishing.release import publish
from publishing.run_log import append_run

FILES_CHECK = "every_delivered_file_can_be_trusted"
DELIVERED_FILES = dg.AssetKey("delivered_files")
SALES_PROCESS = dg.AssetKey("sales_process")
PUBLISHED = dg.AssetKey("published")
# dbt says every so many models how far it is.
_MODELS_BETWEEN_WORDS = 15


class Translator(DagsterDbtTranslator):
    """Assets are named as the tables are: schema, then table; the raw views by system and object."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            system, name = dbt_resource_props["source_name"], dbt_resource_props["name"]
            if system == FITTED:
                return dg.AssetKey([system, name])
            return {"config": SALES_PROCESS, "accounting": DELIVERED_FILES}.get(system, dg.AssetKey(["raw", system, name]))
        return dg.AssetKey([dbt_resource_props["config"]["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        is_source = dbt_resource_props["resource_type"] == "source"
        return str(dbt_resource_props["source_name"] if is_source else dbt_resource_props["config"]["schema"])


def landing_assets(settings: Settings, systems: Sequence[str]) -> dg.AssetsDefinition:
    """What was delivered, as the raw views, the sales process and the accounting of one build."""
    raw = [dg.AssetKey(["raw", system, name]) for system in systems for name in SYSTEMS[system].objects]

    @dg.multi_asset(
        name="land",
        specs=[
            *(dg.AssetSpec(key, group_name="raw", kinds={"parquet"}) for key in raw),
            dg.AssetSpec(SALES_PROCESS, group_name="raw", kinds={"yaml"}),
            dg.AssetSpec(DELIVERED_FILES, group_name="raw", kinds={"duckdb"}),
        ],
        check_specs=[dg.AssetCheckSpec(FILES_CHECK, asset=DELIVERED_FILES, blocking=True)],
        required_resource_keys={HOME_LOCK, GATE},
        description="Brings new files into the raw store, refuses what cannot be trusted, and makes the run's build database.",
    )
    def land_files(context: dg.AssetExecutionContext) -> Iterator[Any]:
        process = load_sales_process(settings.config)
        inputs = current_inputs(settings, process)
        landing = land(settings, process)
        refusal = refusal_of_files(landing, context.run.run_id)
        counts = _rows_by_object(landing)
        if refusal is not None:
            refusal.write(settings.verdict_file)
        else:
            info = make_build_database(settings, process, landing, context.run.run_id)
            _write_inputs(settings, inputs)
            _tell_schema_changes(counts, info)
            context.log.info(
                f"Landed {landing.new_files:,} of {info.files:,} files anew; {info.rows:,} rows, as of {info.as_of}."
            )
        for key in (*raw, SALES_PROCESS, DELIVERED_FILES):
            yield dg.MaterializeResult(asset_key=key, metadata=counts.get(tuple(key.path), {}))
        yield dg.AssetCheckResult(
            check_name=FILES_CHECK,
            asset_key=DELIVERED_FILES,
            passed=refusal is None,
            metadata={} if refusal is None else {"refused": [result.description for result in refusal.checks]},
        )

    return land_files


def model_assets(settings: Settings, manifest: Path, systems: Sequence[str]) -> dg.AssetsDefinition:
    """Every dbt model, built in this process."""
    # All tables of the sales process are one asset, and so is the accounting.
    translator = Translator(settings=DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    @dbt_assets(manifest=manifest, name="dbt", dagster_dbt_translator=translator, required_resource_keys={HOME_LOCK})
    def build_models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        built = 0
        for raw_event in _with_readable_files(stream_build(systems, settings), settings):
            event = DbtCoreCliEventMessage(raw_event=raw_event, event_history_metadata={})
            results = event.to_default_asset_events(
                manifest=manifest, dagster_dbt_translator=translator, context=context, target_path=settings.dbt_target
            )
            for result in results:
                built += 1
                if built % _MODELS_BETWEEN_WORDS == 0:
                    context.log.info(f"dbt has built {built} tables.")
                yield result
        context.log.info(f"dbt has built all {built} tables; the gate looks at them now.")

    return build_models


def _with_readable_files(events: Iterator[dict[str, Any]], settings: Settings) -> Iterator[dict[str, Any]]:
    """Pass on what dbt tells. Where it failed because a raw file cannot be read, that is said of the delivered file."""
    try:
        yield from events
    except DbtFailed as error:
        lost = unreadable_files(settings.raw)
        if lost:
            raise DamagedFiles(lost, settings.raw) from error
        raise


def published_asset(settings: Settings, marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """What people read: one release, swapped in whole."""

    @dg.asset(
        key=PUBLISHED,
        deps=marts,
        group_name="published",
        kinds={"duckdb", "parquet"},
        required_resource_keys={HOME_LOCK},
        description="The published database, Parquet files and certificate. Demands the gate's verdict on this very build.",
    )
    def publish_release(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        record = context.instance.get_run_record_by_id(context.run.run_id)
        if record is None:
            raise RuntimeError(f"Dagster does not know the run {context.run.run_id} that it is running")
        release = publish(settings, context.run.run_id, record.create_timestamp)
        append_run(settings.home, release.run)
        remember_inputs(settings, _read_inputs(settings), context.run.run_id)
        for note in release.notes:
            context.log.warning(note)
        return dg.MaterializeResult(
            metadata={
                "as_of": str(release.run.as_of),
                "rows_read": release.run.rows_read,
                "rows_set_aside": release.run.rows_set_aside,
                "folder": dg.MetadataValue.path(str(release.folder)),
            }
        )

    return publish_release


def _rows_by_object(landing: Landing) -> dict[tuple[str, ...], dict[str, Any]]:
    """Counts only: metadata is shown to whoever opens the user interface."""
    counts: dict[tuple[str, ...], dict[str, Any]] = {}
    for stored in landing.stored:
        entry = counts.setdefault(("raw", stored.system, stored.object), {"files": 0, "rows": 0, "rows_quarantined": 0})
        entry["files"] += 1
        entry["rows"] += stored.rows_loaded
        entry["rows_quarantined"] += stored.rows_quarantined
    return counts


def _tell_schema_changes(metadata: dict[tuple[str, ...], dict[str, Any]], info: BuildInfo) -> None:
    """Of each object's newest delivery: its columns that were added, removed, renamed or retyped, by name; never a value."""
    for change in info.schema_changes:
        entry = metadata.get(("raw", change.system, change.object))
        if entry is not None and change.is_newest:
            entry.setdefault("schema_changes", []).append(f"{change.column or 'columns'} {change.change}: {change.detail}")


def _write_inputs(settings: Settings, inputs: dict[str, Any]) -> None:
    (settings.build / "inputs_of_build.json").write_text(json.dumps(inputs), encoding="utf-8")


def _read_inputs(settings: Settings) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((settings.build / "inputs_of_build.json").read_text(encoding="utf-8"))
    return content
