"""The part of `sync.py` that runs in an environment with dlt: its rest_api source into SQLite. Needs no batonpass."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

PATHS = {
    ("hubspot", "contacts"): "/crm/objects/2026-09/contacts",
    ("stripe", "customers"): "/v1/customers",
    ("stripe", "subscriptions"): "/v1/subscriptions",
}
PARAMS: dict[tuple[str, str], dict[str, str]] = {
    ("hubspot", "contacts"): {
        "limit": "100",
        "properties": "email,firstname,lastname,phone,lastmodifieddate",
    },
    ("stripe", "customers"): {"limit": "100"},
    ("stripe", "subscriptions"): {"limit": "100", "status": "all"},
}


def resources(name: str) -> list[dict[str, Any]]:
    """As dlt's documentation of the rest_api source has it."""
    found = []
    for (vendor, stream), path in PATHS.items():
        if vendor != name:
            continue
        if name == "hubspot":
            paginator: dict[str, Any] = {
                "type": "cursor",
                "cursor_path": "paging.next.after",
                "cursor_param": "after",
            }
            selector = "results"
        else:
            paginator = {
                "type": "cursor",
                "cursor_path": "data[-1].id",
                "cursor_param": "starting_after",
                "has_more_path": "has_more",
            }
            selector = "data"
        found.append(
            {
                "name": stream,
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {
                    "path": path,
                    "params": PARAMS[vendor, stream],
                    "data_selector": selector,
                    "paginator": paginator,
                },
            }
        )
    return found


def main(name: str, url: str, folder: str, key: str) -> None:
    import dlt  # noqa: PLC0415 - only this environment has it
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415

    before, began = _used(), time.monotonic()
    source = rest_api_source(
        {
            "client": {"base_url": url, "auth": {"type": "bearer", "token": key}},
            "resources": resources(name),
        }
    )
    pipeline = dlt.pipeline(
        pipeline_name=f"bench_{name}",
        pipelines_dir=str(Path(folder) / "pipelines"),
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{folder}/dlt.db"),
        dataset_name="main",
    )
    pipeline.run(source)
    seconds, after = time.monotonic() - began, _used()
    counts = pipeline.last_trace.last_normalize_info.row_counts
    kept = sum(counts[stream] for vendor, stream in PATHS if vendor == name)
    print(
        json.dumps(
            {
                "kept": kept,
                "seconds": seconds,
                "cpu": after[0] - before[0],
                "mb": after[1],
                "grown_mb": after[1] - before[1],
            }
        )
    )


def _used() -> tuple[float, float]:
    """Seconds of CPU, and the most memory so far in MB; of this process and of those that it has begun."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime,
        max(own.ru_maxrss, others.ru_maxrss) / 1024,
    )


if __name__ == "__main__":
    main(*sys.argv[1:5])
