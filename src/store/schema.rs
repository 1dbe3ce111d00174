//! The tables, and how older ones become newer ones.

use rusqlite::{Connection, TransactionBehavior};

/// Step `n` leads from schema version `n` to `n + 1`. Steps that were published are never edited:
/// a change of the tables is a new step at the end.
const STEPS: &[&str] = &[
    // Ids are never used twice (AUTOINCREMENT): lock files are named by them. Times are
    // milliseconds since 1970. A path is text, or a blob when it is not UTF-8. One document may
    // have several replicas here: two files joined to the same one.
    "CREATE TABLE replicas (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id BLOB CHECK (length(document_id) = 32),
        path TEXT UNIQUE,
        node_key BLOB NOT NULL UNIQUE CHECK (length(node_key) = 32),
        title TEXT NOT NULL,
        byte_order_mark INTEGER NOT NULL DEFAULT 0,
        carriage_returns INTEGER NOT NULL DEFAULT 0,
        last_opened INTEGER,
        saved_hash BLOB CHECK (length(saved_hash) = 32),
        saved_version BLOB
    );
    CREATE INDEX replicas_by_document ON replicas (document_id);
    CREATE TABLE snapshots (
        replica INTEGER NOT NULL REFERENCES replicas (id) ON DELETE CASCADE,
        generation INTEGER NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        bytes BLOB NOT NULL,
        PRIMARY KEY (replica, generation)
    );
    CREATE TABLE peers (
        replica INTEGER NOT NULL REFERENCES replicas (id) ON DELETE CASCADE,
        node_id BLOB NOT NULL CHECK (length(node_id) = 32),
        addresses BLOB NOT NULL,
        name TEXT,
        color TEXT,
        last_seen INTEGER NOT NULL,
        PRIMARY KEY (replica, node_id)
    ) WITHOUT ROWID;
    CREATE INDEX peers_by_node ON peers (node_id);",
    // `unclosed`: somebody opened the replica and did not come to close it. `meant_for`: the file
    // that it shall become the replica of, once a person has decided what becomes of that. `view`:
    // where the person was in the text. A snapshot holds the changes up to
    // that number in the journal; `pending` are those in it that wait for others.
    // `moments` holds the last version of each minute, longer than the journal its changes.
    "ALTER TABLE replicas ADD COLUMN unclosed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE replicas ADD COLUMN meant_for TEXT;
    ALTER TABLE replicas ADD COLUMN view BLOB;
    ALTER TABLE snapshots ADD COLUMN covers INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE snapshots ADD COLUMN pending BLOB;
    CREATE TABLE journal (
        replica INTEGER NOT NULL REFERENCES replicas (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        at INTEGER NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        version BLOB,
        bytes BLOB NOT NULL,
        UNIQUE (replica, number)
    );
    CREATE TABLE moments (
        replica INTEGER NOT NULL REFERENCES replicas (id) ON DELETE CASCADE,
        minute INTEGER NOT NULL,
        at INTEGER NOT NULL,
        version BLOB NOT NULL,
        PRIMARY KEY (replica, minute)
    ) WITHOUT ROWID;",
    // What is about to be in the file: whether a save came to its end is not known after a crash.
    "ALTER TABLE replicas ADD COLUMN saving_hash BLOB CHECK (length(saving_hash) = 32);
    ALTER TABLE replicas ADD COLUMN saving_version BLOB;",
    // Who may do what: the owner's key and the list of members, and what became of the tickets
    // that were made here. Times are seconds since 1970.
    "CREATE TABLE access (
        replica INTEGER PRIMARY KEY REFERENCES replicas (id) ON DELETE CASCADE,
        owner_key BLOB CHECK (length(owner_key) = 32),
        roster BLOB
    );
    CREATE TABLE tickets (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        replica INTEGER NOT NULL REFERENCES replicas (id) ON DELETE CASCADE,
        id BLOB NOT NULL CHECK (length(id) = 16),
        viewer INTEGER NOT NULL,
        expires INTEGER,
        most INTEGER,
        uses INTEGER NOT NULL DEFAULT 0,
        revoked INTEGER NOT NULL DEFAULT 0,
        UNIQUE (replica, id)
    );
    CREATE TABLE quarantined (
        replica INTEGER NOT NULL REFERENCES replicas (id) ON DELETE CASCADE,
        node_id BLOB NOT NULL CHECK (length(node_id) = 32),
        PRIMARY KEY (replica, node_id)
    ) WITHOUT ROWID;",
];

/// The schema version that this program writes.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// Brings the tables up to date and returns the version found before. A version above [`VERSION`]
/// is left alone.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<i64> {
    let found = version(connection)?;
    if found == VERSION {
        return Ok(found);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster while we waited for the write lock.
    let found = version(&transaction)?;
    let Some(steps) = usize::try_from(found).ok().and_then(|n| STEPS.get(n..)) else {
        return Ok(found);
    };
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(found)
}

/// Lists every table, and whether its rows have no number of their own.
pub(super) fn tables(connection: &Connection) -> rusqlite::Result<Vec<(String, bool)>> {
    let sql = "SELECT name, wr FROM pragma_table_list
               WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Whether the tables are exactly those that the steps make.
pub(super) fn is_complete(connection: &Connection) -> rusqlite::Result<bool> {
    let mut model = Connection::open_in_memory()?;
    migrate(&mut model)?;
    Ok(definitions(connection)? == definitions(&model)?)
}

fn definitions(connection: &Connection) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let sql = "SELECT name, sql FROM sqlite_schema ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
