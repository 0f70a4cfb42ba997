"""The tables, as numbered migrations. A migration is never changed once released; a new one is added.

Times are integers: milliseconds since 1970 in UTC.
"""

from __future__ import annotations

import sqlite_utils
from sqlite_utils import Migrations

MIGRATIONS = Migrations("batonpass")

_FIRST = (
    # Raw deliveries, kept before they are answered.
    """
    CREATE TABLE inbox (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        body BLOB NOT NULL,
        handoff_id TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE handoffs (
        id TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        ai_agent TEXT NOT NULL,
        conversation_id TEXT,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        mended INTEGER NOT NULL,
        request BLOB NOT NULL,
        ticket_id TEXT,
        ticket_url TEXT,
        parked_because TEXT
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE steps (
        handoff_id TEXT NOT NULL REFERENCES handoffs (id),
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        about TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('ready', 'running', 'done', 'parked')),
        due_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        fence INTEGER NOT NULL DEFAULT 0,
        claimed_at INTEGER,
        first_claimed_at INTEGER,
        lease_until INTEGER,
        created_at INTEGER NOT NULL,
        done_at INTEGER,
        result TEXT,
        PRIMARY KEY (handoff_id, name)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX steps_due ON steps (due_at) WHERE status = 'ready'",
    "CREATE INDEX steps_running ON steps (lease_until) WHERE status = 'running'",
    # "Once" is a constraint here, not an `if` above.
    """
    CREATE TRIGGER steps_result_is_written_once BEFORE UPDATE ON steps
    WHEN OLD.status = 'done' AND (NEW.result IS NOT OLD.result OR NEW.status <> 'done')
    BEGIN SELECT RAISE(ABORT, 'a step that is done does not change'); END
    """,
    """
    CREATE TRIGGER handoffs_have_one_ticket BEFORE UPDATE OF ticket_id ON handoffs
    WHEN OLD.ticket_id IS NOT NULL AND NEW.ticket_id IS NOT OLD.ticket_id
    BEGIN SELECT RAISE(ABORT, 'a handoff keeps its one ticket'); END
    """,
    """
    CREATE TABLE attempts (
        handoff_id TEXT NOT NULL,
        step TEXT NOT NULL,
        number INTEGER NOT NULL,
        started_at INTEGER NOT NULL,
        seconds REAL NOT NULL,
        outcome TEXT NOT NULL,
        detail TEXT NOT NULL,
        request_id TEXT,
        PRIMARY KEY (handoff_id, step, number)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE idempotency_keys (
        ai_agent TEXT NOT NULL,
        key TEXT NOT NULL,
        body_sha256 BLOB NOT NULL,
        handoff_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (ai_agent, key)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at)",
)


@MIGRATIONS(name="0001_first")
def first(db: sqlite_utils.Database) -> None:
    for statement in _FIRST:
        db.execute(statement)


_BOTH_DIRECTIONS = (
    # What vendors delivered, as it came; nothing of its headers, for some of them are the proof itself.
    """
    CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY,
        connection TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX deliveries_age ON deliveries (received_at)",
    """
    CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        connection TEXT NOT NULL,
        event_id TEXT NOT NULL,
        delivery_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        vendor_kind TEXT NOT NULL,
        subject_id TEXT,
        actor_id TEXT,
        at INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        test INTEGER NOT NULL,
        handoff_id TEXT,
        UNIQUE (connection, event_id)
    ) STRICT
    """,
    "CREATE INDEX events_age ON events (received_at)",
    "CREATE INDEX events_subject ON events (connection, subject_id) WHERE handoff_id IS NULL",
    "CREATE INDEX events_handoff ON events (handoff_id, id) WHERE handoff_id IS NOT NULL",
    """
    CREATE TABLE life (
        handoff_id TEXT NOT NULL REFERENCES handoffs (id),
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        at INTEGER NOT NULL,
        person_id TEXT,
        person_name TEXT,
        score REAL,
        detail TEXT NOT NULL,
        PRIMARY KEY (handoff_id, number)
    ) STRICT, WITHOUT ROWID
    """,
    # The connection whose webhook asked; NULL: an AI agent did.
    "ALTER TABLE handoffs ADD COLUMN started_by TEXT",
    # The connection that keeps the ticket.
    "ALTER TABLE handoffs ADD COLUMN helpdesk TEXT",
    # The ticket that stood already when the handoff was asked for.
    "ALTER TABLE handoffs ADD COLUMN asked_about TEXT",
    # 1 until the handoff is over for the first time: so long no second one can be asked for the same ticket by the
    # same side. (What a ticket asks for may turn out to be nothing; what an AI agent asks for is always done.)
    "ALTER TABLE handoffs ADD COLUMN asking INTEGER",
    """
    CREATE UNIQUE INDEX handoffs_one_asking ON handoffs (helpdesk, asked_about, ai_agent)
    WHERE asking = 1
    """,
    "CREATE INDEX handoffs_asked_about ON handoffs (helpdesk, asked_about) WHERE asked_about IS NOT NULL",
    "CREATE INDEX handoffs_ticket ON handoffs (helpdesk, ticket_id) WHERE ticket_id IS NOT NULL",
    """
    CREATE TRIGGER handoffs_over BEFORE UPDATE OF state ON handoffs
    WHEN OLD.state IN ('returned', 'abandoned') AND NEW.state <> OLD.state
    BEGIN SELECT RAISE(ABORT, 'a handoff that is over stays so'); END
    """,
)


@MIGRATIONS(name="0002_both_directions")
def both_directions(db: sqlite_utils.Database) -> None:
    for statement in _BOTH_DIRECTIONS:
        db.execute(statement)


_SEVERAL_NODES = (
    # What is done first: the lane, then the rank (which gives each AI agent its fair share).
    "ALTER TABLE handoffs ADD COLUMN lane INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE handoffs ADD COLUMN rank INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE handoffs ADD COLUMN reason TEXT",
    # When somebody must look at it in its state; NULL: never. `warned`: one of this state has passed.
    "ALTER TABLE handoffs ADD COLUMN deadline_at INTEGER",
    "ALTER TABLE handoffs ADD COLUMN warned INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX handoffs_deadline ON handoffs (deadline_at) WHERE deadline_at IS NOT NULL",
    """
    CREATE INDEX handoffs_unfinished ON handoffs (state, updated_at)
    WHERE state NOT IN ('resolved', 'returned', 'abandoned')
    """,
    # Those of one conversation are done in their order.
    """
    CREATE INDEX handoffs_before_ticket ON handoffs (ai_agent, conversation_id, id)
    WHERE state IN ('requested', 'enriched') AND conversation_id IS NOT NULL
    """,
    """
    UPDATE handoffs SET deadline_at = updated_at + 86400000
    WHERE state NOT IN ('resolved', 'returned', 'abandoned')
    """,
    # Which node has claimed it; how often its node died with it; 1 once its time has come.
    "ALTER TABLE steps ADD COLUMN owner TEXT",
    "ALTER TABLE steps ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE steps ADD COLUMN queued INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE steps ADD COLUMN lane INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE steps ADD COLUMN rank INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE steps ADD COLUMN because TEXT",
    "DROP INDEX steps_due",
    "CREATE INDEX steps_asleep ON steps (due_at) WHERE status = 'ready' AND queued = 0",
    "CREATE INDEX steps_queue ON steps (lane, rank) WHERE status = 'ready' AND queued = 1",
    "CREATE INDEX steps_crashed ON steps (crashes) WHERE crashes > 0 AND status IN ('ready', 'running')",
    "CREATE INDEX steps_parked ON steps (kind, created_at) WHERE status = 'parked'",
    # A process that works on this store. It is alive while `beats` grows.
    """
    CREATE TABLE nodes (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        beats INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # One run for each tick of a schedule, over all nodes.
    """
    CREATE TABLE ticks (
        job TEXT NOT NULL,
        at INTEGER NOT NULL,
        node TEXT NOT NULL,
        PRIMARY KEY (job, at)
    ) STRICT, WITHOUT ROWID
    """,
    # Where something that goes on for long has come to.
    """
    CREATE TABLE checkpoints (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # What one node has found out about a vendor, for all: no calls before `until_at`.
    """
    CREATE TABLE gates (
        gate TEXT PRIMARY KEY,
        why TEXT NOT NULL,
        until_at INTEGER NOT NULL,
        at INTEGER NOT NULL,
        probed_until INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE alerts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        about TEXT NOT NULL,
        detail TEXT NOT NULL,
        opened_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        count INTEGER NOT NULL,
        closed_at INTEGER,
        told_open INTEGER NOT NULL DEFAULT 0,
        told_closed INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE UNIQUE INDEX alerts_open ON alerts (kind, about) WHERE closed_at IS NULL",
    "CREATE INDEX alerts_untold ON alerts (id) WHERE told_open = 0 OR (closed_at IS NOT NULL AND told_closed = 0)",
    # How many handoffs are over: changes, summed up now and then, for counting a million rows takes a second.
    """
    CREATE TABLE tallies (
        id INTEGER PRIMARY KEY,
        state TEXT NOT NULL,
        n INTEGER NOT NULL
    ) STRICT
    """,
    """
    INSERT INTO tallies (state, n)
    SELECT state, count(*) FROM handoffs WHERE state IN ('resolved', 'returned', 'abandoned') GROUP BY state
    """,
    # Whose handoff it is: a keyed hash of the e-mail address, so that a person can be found and forgotten.
    """
    CREATE TABLE people (
        person BLOB NOT NULL,
        handoff_id TEXT NOT NULL,
        PRIMARY KEY (person, handoff_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX people_handoff ON people (handoff_id)",
    # Who asked to be forgotten: nothing about them comes back by reading in bulk.
    """
    CREATE TABLE suppressed (
        person BLOB PRIMARY KEY,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE erasures (
        id TEXT PRIMARY KEY,
        person BLOB NOT NULL,
        begun_at INTEGER NOT NULL,
        done_at INTEGER,
        stage TEXT NOT NULL,
        place TEXT NOT NULL,
        counts TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX inbox_handoff ON inbox (handoff_id)",
    "CREATE INDEX inbox_age ON inbox (received_at)",
    "CREATE INDEX handoffs_age ON handoffs (updated_at) WHERE state IN ('resolved', 'returned', 'abandoned')",
    "CREATE INDEX events_delivery ON events (delivery_id)",
    # A ticket is looked for by its id alone as well.
    "DROP INDEX handoffs_asked_about",
    "DROP INDEX handoffs_ticket",
    "CREATE INDEX handoffs_asked_about ON handoffs (asked_about, helpdesk) WHERE asked_about IS NOT NULL",
    "CREATE INDEX handoffs_ticket ON handoffs (ticket_id, helpdesk) WHERE ticket_id IS NOT NULL",
)


@MIGRATIONS(name="0003_several_nodes")
def several_nodes(db: sqlite_utils.Database) -> None:
    for statement in _SEVERAL_NODES:
        db.execute(statement)


_MAPPINGS = (
    # Every mapping text that came into force, and since when.
    """
    CREATE TABLE mapping_versions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        connection TEXT NOT NULL,
        version TEXT NOT NULL,
        since INTEGER NOT NULL,
        put_by TEXT NOT NULL,
        layers TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX mapping_versions_connection ON mapping_versions (connection, id)",
    # What became of the values of each field: rows of single tickets, summed up by day now and then.
    """
    CREATE TABLE landings (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        day INTEGER NOT NULL,
        connection TEXT NOT NULL,
        field TEXT NOT NULL,
        sent INTEGER NOT NULL,
        landed INTEGER NOT NULL,
        altered INTEGER NOT NULL,
        dropped INTEGER NOT NULL,
        refused INTEGER NOT NULL,
        unfit INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX landings_day ON landings (day)",
)


@MIGRATIONS(name="0004_mappings")
def mappings(db: sqlite_utils.Database) -> None:
    for statement in _MAPPINGS:
        db.execute(statement)


_SYNC = (
    # What the vendors' records were when they were read last. `stream`: the one that gave it; `round`: the last one
    # that did. Deleted ones are kept empty, so that an older page does not bring them back.
    """
    CREATE TABLE synced (
        connection TEXT NOT NULL,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        stream TEXT NOT NULL,
        round INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        read_at INTEGER NOT NULL,
        deleted INTEGER NOT NULL,
        data TEXT NOT NULL,
        document TEXT,
        PRIMARY KEY (connection, kind, id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX synced_rounds ON synced (connection, stream, round) WHERE deleted = 0",
    "CREATE INDEX synced_deleted ON synced (read_at) WHERE deleted <> 0",
    # What a record is known by, and what it points to.
    """
    CREATE TABLE synced_keys (
        connection TEXT NOT NULL,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (connection, kind, id, key, value)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX synced_keys_value ON synced_keys (key, value, connection, kind)",
    # How far each stream has come: a round under way with its slices, or where the next one begins.
    """
    CREATE TABLE sync_streams (
        connection TEXT NOT NULL,
        stream TEXT NOT NULL,
        position TEXT,
        rules TEXT NOT NULL,
        read_all_at INTEGER,
        done_up_to INTEGER,
        round INTEGER NOT NULL,
        plan TEXT,
        cursors TEXT NOT NULL,
        counts TEXT NOT NULL,
        begun_at INTEGER,
        ended_at INTEGER,
        ended_as TEXT,
        owner TEXT,
        lease_until INTEGER,
        fence INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (connection, stream)
    ) STRICT, WITHOUT ROWID
    """,
    # Which records are one person's, or one company's. `component`: all that anything joins; one with several people is
    # contested. Made from the two tables above alone, and made anew from them (`batonpass.sync.people`).
    """
    CREATE TABLE synced_people (
        connection TEXT NOT NULL,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        person TEXT NOT NULL,
        component TEXT NOT NULL,
        contested INTEGER NOT NULL,
        PRIMARY KEY (connection, kind, id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX synced_people_person ON synced_people (person)",
    "CREATE INDEX synced_people_component ON synced_people (component)",
    # Records that have changed since people were last told apart; whoever writes one need not think of it.
    """
    CREATE TABLE synced_changes (
        connection TEXT NOT NULL,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (connection, kind, id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TRIGGER synced_is_new AFTER INSERT ON synced WHEN NEW.kind IN ('customer', 'company')
    BEGIN
        INSERT INTO synced_changes (connection, kind, id) VALUES (NEW.connection, NEW.kind, NEW.id)
        ON CONFLICT DO NOTHING;
    END
    """,
    """
    CREATE TRIGGER synced_has_changed AFTER UPDATE OF changed_at, deleted, data ON synced
    WHEN NEW.kind IN ('customer', 'company')
    BEGIN
        INSERT INTO synced_changes (connection, kind, id) VALUES (NEW.connection, NEW.kind, NEW.id)
        ON CONFLICT DO NOTHING;
    END
    """,
    """
    CREATE TRIGGER synced_is_gone AFTER DELETE ON synced WHEN OLD.kind IN ('customer', 'company')
    BEGIN
        INSERT INTO synced_changes (connection, kind, id) VALUES (OLD.connection, OLD.kind, OLD.id)
        ON CONFLICT DO NOTHING;
    END
    """,
)


@MIGRATIONS(name="0005_sync")
def sync(db: sqlite_utils.Database) -> None:
    for statement in _SYNC:
        db.execute(statement)
