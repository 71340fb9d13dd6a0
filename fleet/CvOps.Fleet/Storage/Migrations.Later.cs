namespace CvOps.Fleet.Storage;

/// <summary>The steps after those of the first file; the same rules hold.</summary>
internal static partial class Migrations
{
    private static readonly string[] Later =
    [
        // What is kept how long; when frames were thinned out and how far; files whose rows are gone; and what was erased and does not come back.
        """
        CREATE TABLE retention (id INTEGER PRIMARY KEY, policy TEXT NOT NULL, last TEXT, horizon INTEGER);
        CREATE TABLE retention_thinning (at INTEGER PRIMARY KEY, threshold REAL NOT NULL);
        CREATE TABLE blob_due (digest TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE erasure (id TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE erased_frame (id TEXT PRIMARY KEY, erasure TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE erased_picture (image TEXT PRIMARY KEY, erasure TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX run_artefact_digest ON run_artefact (digest);
        """,

        // Programs of the agent's, for devices; the files lie with the other blobs.
        """
        CREATE TABLE program (digest TEXT PRIMARY KEY, version TEXT NOT NULL, runtime TEXT NOT NULL, bytes INTEGER NOT NULL, signed_by TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
            UNIQUE (version, runtime)) WITHOUT ROWID;
        """,
    ];
}
