"""The JSON Schemas that stand beside a snapshot: `.batonpass/<connection>.mapping.schema.json`, for editors."""

from __future__ import annotations

import json
from pathlib import Path

from batonpass.app.config import Config, Connection
from batonpass.app.mappings import FACTS
from batonpass.app.snapshots import FOLDER
from batonpass.domain.ticket import FieldSchema
from batonpass.mapping.editor_schema import Json, fact_schema, helpdesk_schema
from batonpass.mapping.layers import read_layers


def editor_schema_path(config: Config, connection: str) -> Path:
    """What the first line of its mapping file names."""
    return config.path.parent / FOLDER / f"{connection}.mapping.schema.json"


def write_editor_schemas(config: Config, connection: str, account: FieldSchema) -> tuple[Path, ...]:
    """Of this helpdesk's mapping and of every source's. Raises `OSError`."""
    told = {each.name: fact_schema(each.manifest.readable) for each in _sources(config)}
    told[connection] = helpdesk_schema(account, _facts(config))
    return tuple(_written(editor_schema_path(config, name), schema) for name, schema in told.items())


def _sources(config: Config) -> tuple[Connection, ...]:
    return tuple(each for each in config.connections if FACTS & each.capabilities)


def _facts(config: Config) -> frozenset[str]:
    names = {name for each in config.connections for name in each.manifest.fixed_facts}
    for each in _sources(config):
        facts = read_layers(each.layers).data.get("facts")
        names.update(facts if isinstance(facts, dict) else ())
    return frozenset(names)


def _written(path: Path, schema: Json) -> Path:
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(schema, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)
    return path
