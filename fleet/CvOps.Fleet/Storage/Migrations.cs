using System.Data.Common;
using Dapper;

namespace CvOps.Fleet.Storage;

/// <summary>The tables, in versions. A version that has shipped is never edited; a change is a new one at the end.</summary>
internal static partial class Migrations
{
    /// <summary>The version this fleet knows.</summary>
    public static int Newest => Steps.Length + Later.Length;

    /// <summary>Brings the database to the newest version, each step in a transaction.</summary>
    /// <exception cref="InvalidDataException">The database was made by a newer fleet.</exception>
    public static void Apply(DbConnection connection, Dialect dialect)
    {
        var version = connection.ExecuteScalar<int>(dialect.ReadVersion);
        if (version > Newest)
            throw new InvalidDataException($"The database {connection.DataSource} has schema version {version}, this fleet knows {Newest}: start the newer fleet, or restore the backup made before the upgrade.");
        for (; version < Newest; version++)
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute(dialect.Words(Step(version)), transaction: transaction);
            connection.Execute(dialect.WriteVersion(version + 1), transaction: transaction);
            transaction.Commit();
        }
    }

    /// <summary>All steps as one text, for a database that somebody else sets up.</summary>
    public static string Text(Dialect dialect) => string.Join('\n', Enumerable.Range(0, Newest).Select(i => $"-- {i + 1}\n{dialect.Words(Step(i))}\n"));

    private static string Step(int version) => version < Steps.Length ? Steps[version] : Later[version - Steps.Length];

    private static readonly string[] Steps =
    [
        // 1: what devices say, what people label, what the fleet decides. Documents are JSON of Contracts; columns exist where a query needs them.
        """
        CREATE TABLE devices (
          id TEXT PRIMARY KEY, site TEXT NOT NULL, online INTEGER NOT NULL DEFAULT 0, boot INTEGER NOT NULL DEFAULT 0, last_seen INTEGER NOT NULL,
          health TEXT, health_boot INTEGER NOT NULL DEFAULT 0, health_sequence INTEGER NOT NULL DEFAULT 0,
          reported TEXT, desired TEXT, desired_version INTEGER NOT NULL DEFAULT 0, published_version INTEGER NOT NULL DEFAULT 0,
          labels TEXT NOT NULL DEFAULT '{}', inspections INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0, seen BLOB) WITHOUT ROWID;

        CREATE TABLE inspections (
          cursor INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, camera TEXT NOT NULL, part TEXT, frame INTEGER NOT NULL, connection INTEGER NOT NULL,
          captured_at INTEGER NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL, class TEXT, confidence REAL NOT NULL,
          shadow_model TEXT, shadow_class TEXT, error TEXT, detections TEXT, applied_at INTEGER NOT NULL);
        CREATE INDEX inspections_device ON inspections (device, cursor);
        CREATE TABLE inspections_by_day (day INTEGER PRIMARY KEY, count INTEGER NOT NULL);

        CREATE TABLE drift_windows (
          cursor INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, camera TEXT NOT NULL, model TEXT NOT NULL,
          until INTEGER NOT NULL, frames INTEGER NOT NULL, body TEXT NOT NULL);
        CREATE INDEX drift_windows_camera ON drift_windows (device, camera, model, cursor);

        CREATE TABLE frames (
          row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, device TEXT, camera TEXT, part TEXT, captured_at INTEGER NOT NULL, stored_at INTEGER NOT NULL,
          model TEXT, shadow_model TEXT, disagrees INTEGER NOT NULL DEFAULT 0, uncertainty REAL NOT NULL DEFAULT 0, rules TEXT NOT NULL DEFAULT '',
          image TEXT NOT NULL, state INTEGER NOT NULL DEFAULT 0, usage INTEGER NOT NULL DEFAULT 0, labelled_at INTEGER, body TEXT NOT NULL);
        CREATE INDEX frames_queue ON frames (state, disagrees, uncertainty, row);
        CREATE INDEX frames_image ON frames (image);
        CREATE TABLE labels (
          row INTEGER PRIMARY KEY AUTOINCREMENT, frame TEXT NOT NULL REFERENCES frames (id), at INTEGER NOT NULL, by TEXT NOT NULL, state INTEGER NOT NULL, body TEXT);
        CREATE INDEX labels_frame ON labels (frame, row);

        CREATE TABLE models (digest TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, registered_at INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (name, version)) WITHOUT ROWID;
        CREATE TABLE datasets (digest TEXT PRIMARY KEY, created_at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;

        CREATE TABLE audit (cursor INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, by TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL);
        CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        CREATE TRIGGER audit_remains BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

        CREATE TABLE dead_letters (row INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL, payload BLOB NOT NULL);
        """,

        // Who may come in: enrolment tokens by the public half of their secret, and every certificate of a device.
        """
        CREATE TABLE enrolment_tokens (
          id TEXT PRIMARY KEY, public_key BLOB NOT NULL, purpose TEXT NOT NULL, created_by TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
          uses INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0, devices TEXT, replace INTEGER NOT NULL DEFAULT 0, revoked_at INTEGER) WITHOUT ROWID;
        CREATE TABLE certificates (
          serial TEXT PRIMARY KEY, device TEXT NOT NULL, key_digest TEXT NOT NULL, origin TEXT NOT NULL, issued_at INTEGER NOT NULL, not_after INTEGER NOT NULL, pem TEXT NOT NULL,
          revoked_at INTEGER, reason TEXT) WITHOUT ROWID;
        CREATE INDEX certificates_device ON certificates (device, issued_at);
        CREATE TABLE device_releases (device TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
        """,

        // Length of a dead letter as it came, where not all of it was kept; what went on in zones, a row a report.
        """
        ALTER TABLE dead_letters ADD COLUMN bytes INTEGER;
        CREATE TABLE zone_reports (cursor INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, camera TEXT NOT NULL, until INTEGER NOT NULL, frames INTEGER NOT NULL, body TEXT NOT NULL);
        CREATE INDEX zone_reports_camera ON zone_reports (device, cursor);
        """,

        // Rollouts, who is in them and what was counted. A device is held by one rollout at a time: the index says so, not the program. Arms: 0 champion,
        // 1 challenger, 2 a device's own past. The sums are those of the counts by ring and group (a line), the tallies those of the devices by ring and state.
        """
        CREATE TABLE rollout (
          id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, payload TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, running INTEGER NOT NULL,
          priority INTEGER NOT NULL, created_at INTEGER NOT NULL);
        CREATE INDEX rollout_running ON rollout (running) WHERE running = 1;
        CREATE TABLE rollout_device (
          rollout TEXT NOT NULL, device TEXT NOT NULL, site TEXT NOT NULL, ring INTEGER NOT NULL, place INTEGER NOT NULL, state TEXT NOT NULL, held INTEGER NOT NULL,
          previous TEXT, previous_name TEXT, previous_version TEXT, previous_settings TEXT, ordered INTEGER NOT NULL DEFAULT 0, compares INTEGER NOT NULL DEFAULT 0,
          since INTEGER NOT NULL DEFAULT 0, changed_at INTEGER NOT NULL, reason TEXT, grp TEXT NOT NULL DEFAULT '', slow_over INTEGER, PRIMARY KEY (rollout, device));
        CREATE UNIQUE INDEX rollout_device_held ON rollout_device (device) WHERE held = 1;
        CREATE INDEX rollout_device_state ON rollout_device (rollout, state, ring, place);
        CREATE TABLE rollout_tally (rollout TEXT NOT NULL, ring INTEGER NOT NULL, state TEXT NOT NULL, devices INTEGER NOT NULL, PRIMARY KEY (rollout, ring, state));
        CREATE TABLE rollout_count (
          rollout TEXT NOT NULL, device TEXT NOT NULL, arm INTEGER NOT NULL,
          parts INTEGER NOT NULL DEFAULT 0, errors INTEGER NOT NULL DEFAULT 0, rejects INTEGER NOT NULL DEFAULT 0, slow INTEGER NOT NULL DEFAULT 0, unsure INTEGER NOT NULL DEFAULT 0,
          restarts INTEGER NOT NULL DEFAULT 0, windows INTEGER NOT NULL DEFAULT 0, drifted_windows INTEGER NOT NULL DEFAULT 0, pairs INTEGER NOT NULL DEFAULT 0,
          discordant INTEGER NOT NULL DEFAULT 0, confidence INTEGER NOT NULL DEFAULT 0, paired_challenger_confidence INTEGER NOT NULL DEFAULT 0,
          paired_champion_confidence INTEGER NOT NULL DEFAULT 0, challenger_right INTEGER NOT NULL DEFAULT 0, champion_right INTEGER NOT NULL DEFAULT 0,
          neither_right INTEGER NOT NULL DEFAULT 0, unlike INTEGER NOT NULL DEFAULT 0, timed INTEGER NOT NULL DEFAULT 0, reports INTEGER NOT NULL DEFAULT 0,
          only_challenger_rejects INTEGER NOT NULL DEFAULT 0, only_champion_rejects INTEGER NOT NULL DEFAULT 0, only_challenger_unsure INTEGER NOT NULL DEFAULT 0,
          only_champion_unsure INTEGER NOT NULL DEFAULT 0, both_reject INTEGER NOT NULL DEFAULT 0, both_unsure INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (rollout, device, arm));
        CREATE TABLE rollout_sum (
          rollout TEXT NOT NULL, ring INTEGER NOT NULL, grp TEXT NOT NULL, arm INTEGER NOT NULL,
          parts INTEGER NOT NULL DEFAULT 0, errors INTEGER NOT NULL DEFAULT 0, rejects INTEGER NOT NULL DEFAULT 0, slow INTEGER NOT NULL DEFAULT 0, unsure INTEGER NOT NULL DEFAULT 0,
          restarts INTEGER NOT NULL DEFAULT 0, windows INTEGER NOT NULL DEFAULT 0, drifted_windows INTEGER NOT NULL DEFAULT 0, pairs INTEGER NOT NULL DEFAULT 0,
          discordant INTEGER NOT NULL DEFAULT 0, confidence INTEGER NOT NULL DEFAULT 0, paired_challenger_confidence INTEGER NOT NULL DEFAULT 0,
          paired_champion_confidence INTEGER NOT NULL DEFAULT 0, challenger_right INTEGER NOT NULL DEFAULT 0, champion_right INTEGER NOT NULL DEFAULT 0,
          neither_right INTEGER NOT NULL DEFAULT 0, unlike INTEGER NOT NULL DEFAULT 0, timed INTEGER NOT NULL DEFAULT 0, reports INTEGER NOT NULL DEFAULT 0,
          only_challenger_rejects INTEGER NOT NULL DEFAULT 0, only_champion_rejects INTEGER NOT NULL DEFAULT 0, only_challenger_unsure INTEGER NOT NULL DEFAULT 0,
          only_champion_unsure INTEGER NOT NULL DEFAULT 0, both_reject INTEGER NOT NULL DEFAULT 0, both_unsure INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (rollout, ring, grp, arm));
        CREATE TABLE rollout_judged (rollout TEXT NOT NULL, frame TEXT NOT NULL, PRIMARY KEY (rollout, frame));
        CREATE TABLE emergency_stop (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL);
        """,

        // The model a device has on trial in a rollout, so that the label queue need not open every document.
        """
        ALTER TABLE devices ADD COLUMN trial TEXT;
        UPDATE devices SET trial = json_extract(desired, '$.model.model.digest') WHERE json_extract(desired, '$.model.rollout') IS NOT NULL AND desired LIKE '%"compareWithPrevious":true%';
        CREATE INDEX devices_trial ON devices (trial) WHERE trial IS NOT NULL;
        """,

        // How a device's connection came and went, and what its cameras counted lately.
        """
        ALTER TABLE devices ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE devices ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE device_connections (
          cursor INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, at INTEGER NOT NULL, online INTEGER NOT NULL, reason TEXT NOT NULL, boot INTEGER NOT NULL);
        CREATE INDEX device_connections_device ON device_connections (device, cursor);
        CREATE TABLE device_drift (device TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
        """,

        // Named sets of devices, by list or by selector, and the shifts of a site.
        """
        CREATE TABLE device_groups (name TEXT PRIMARY KEY, devices TEXT, selector TEXT) WITHOUT ROWID;
        CREATE TABLE site_shifts (site TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
        """,

        // Sessions at the broker and who looks after them (SeatTable).
        """
        CREATE TABLE ingest_seats (client TEXT PRIMARY KEY, owner TEXT NOT NULL, beat INTEGER NOT NULL, leaving INTEGER NOT NULL) WITHOUT ROWID;
        """,

        // Names for versions of a model, what became of models and who decided it, configurations, and commands with what devices answered.
        """
        CREATE TABLE model_alias (name TEXT NOT NULL, alias TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (name, alias)) WITHOUT ROWID;
        CREATE TABLE model_history (
          row INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, by TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, alias TEXT, digest TEXT, previous TEXT,
          reason TEXT NOT NULL, rollout TEXT, evidence TEXT, approvals TEXT NOT NULL DEFAULT '[]');
        CREATE INDEX model_history_name ON model_history (name, row);
        CREATE INDEX model_history_rollout ON model_history (rollout) WHERE rollout IS NOT NULL;
        CREATE TRIGGER model_history_stays BEFORE UPDATE ON model_history BEGIN SELECT RAISE(ABORT, 'the history of models is append-only'); END;
        CREATE TRIGGER model_history_remains BEFORE DELETE ON model_history BEGIN SELECT RAISE(ABORT, 'the history of models is append-only'); END;
        CREATE TABLE model_revocation (digest TEXT PRIMARY KEY, at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE configuration (digest TEXT PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, settings TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE device_command (
          id TEXT PRIMARY KEY, device TEXT NOT NULL, issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, body TEXT NOT NULL, sent_at INTEGER, answered_at INTEGER,
          succeeded INTEGER, message TEXT) WITHOUT ROWID;
        CREATE INDEX device_command_device ON device_command (device, issued_at);
        CREATE INDEX device_command_unsent ON device_command (expires_at) WHERE sent_at IS NULL;
        """,

        // A wave over many devices asks for these few at every turn.
        """
        CREATE INDEX devices_unpublished ON devices (id) WHERE published_version < desired_version;
        CREATE INDEX devices_offline ON devices (id) WHERE online = 0;
        """,

        // What a replay of a plan needs of each part; null in rows of before.
        """
        ALTER TABLE inspections ADD COLUMN rejects INTEGER;
        ALTER TABLE inspections ADD COLUMN latency_us INTEGER;
        ALTER TABLE inspections ADD COLUMN shadow_rejects INTEGER;
        ALTER TABLE inspections ADD COLUMN shadow_confidence REAL;
        CREATE INDEX audit_action ON audit (action, at);
        """,

        // What was tried and what came of it, from whatever trainer: MLflow's clients write here, CvOps' own runs (own = 1) are told here. A metric that is not a number has
        // nan = 1 and value 0. The latest of each metric is a row of its own, for searches; registered models have a row whether they are packages or not.
        """
        CREATE TABLE experiment (
          id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, location TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE experiment_tag (experiment INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (experiment, key)) WITHOUT ROWID;
        CREATE TABLE run (
          id TEXT PRIMARY KEY, experiment INTEGER NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, status TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER,
          deleted INTEGER NOT NULL DEFAULT 0, own INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
        CREATE INDEX run_experiment ON run (experiment, started_at);
        CREATE TABLE run_param (run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run, key)) WITHOUT ROWID;
        CREATE TABLE run_tag (run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run, key)) WITHOUT ROWID;
        CREATE TABLE run_metric (
          run TEXT NOT NULL, key TEXT NOT NULL, step INTEGER NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL, nan INTEGER NOT NULL,
          PRIMARY KEY (run, key, step, at, value, nan)) WITHOUT ROWID;
        CREATE TABLE run_latest (
          run TEXT NOT NULL, key TEXT NOT NULL, step INTEGER NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL, nan INTEGER NOT NULL, points INTEGER NOT NULL DEFAULT 1,
          PRIMARY KEY (run, key)) WITHOUT ROWID;
        CREATE TABLE run_input (
          run TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, source_type TEXT NOT NULL, source TEXT NOT NULL, schema TEXT, profile TEXT, context TEXT,
          PRIMARY KEY (run, name, digest)) WITHOUT ROWID;
        CREATE TABLE run_artefact (
          run TEXT NOT NULL, path TEXT NOT NULL, digest TEXT NOT NULL, bytes INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (run, path)) WITHOUT ROWID;
        CREATE TABLE registered_model (name TEXT PRIMARY KEY, description TEXT NOT NULL DEFAULT '', created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE registered_model_tag (name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name, key)) WITHOUT ROWID;
        CREATE INDEX registered_model_tag_value ON registered_model_tag (key, value, name);
        CREATE TABLE registered_model_alias (name TEXT NOT NULL, alias TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (name, alias)) WITHOUT ROWID;
        CREATE TABLE model_version (
          name TEXT NOT NULL, version TEXT NOT NULL, number INTEGER NOT NULL, description TEXT NOT NULL DEFAULT '', source TEXT NOT NULL, run TEXT NOT NULL DEFAULT '',
          run_link TEXT NOT NULL DEFAULT '', owner TEXT NOT NULL DEFAULT '', digest TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (name, version)) WITHOUT ROWID;
        CREATE UNIQUE INDEX model_version_number ON model_version (name, number);
        CREATE INDEX model_version_run ON model_version (run);
        CREATE TABLE model_version_tag (name TEXT NOT NULL, version TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name, version, key)) WITHOUT ROWID;
        CREATE INDEX model_version_tag_value ON model_version_tag (key, value, name, version);
        """,

        // When models are trained anew, what spoke for it and has not been answered yet, and the ledger of what came of it.
        """
        CREATE TABLE retraining_policy (model TEXT PRIMARY KEY, set_at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE retraining_evidence (row INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, key TEXT NOT NULL UNIQUE, entry TEXT, body TEXT NOT NULL);
        CREATE INDEX retraining_evidence_pending ON retraining_evidence (model, row) WHERE entry IS NULL;
        CREATE TABLE retraining (row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, model TEXT NOT NULL, finished INTEGER NOT NULL, policy TEXT NOT NULL, body TEXT NOT NULL);
        CREATE INDEX retraining_model ON retraining (model, row);
        """,

        // Training runs as lists show them (their truth is the grain), and what their trainers measured step by step.
        """
        CREATE TABLE training_runs (
          row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, search TEXT, state TEXT NOT NULL, ended INTEGER NOT NULL, priority INTEGER NOT NULL, body TEXT NOT NULL);
        CREATE INDEX training_runs_open ON training_runs (row) WHERE ended = 0;
        CREATE INDEX training_runs_search ON training_runs (search, row);
        CREATE TABLE training_metric (
          run TEXT NOT NULL, name TEXT NOT NULL, step INTEGER NOT NULL, value REAL NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (run, name, step)) WITHOUT ROWID;
        """,

        // What frames are searched by, what their labels are expected to be worth, and how many of each camera wait or have a label. Of boxes in labels of before only
        // the words are found, not the class alone.
        """
        ALTER TABLE frames ADD COLUMN prediction TEXT;
        ALTER TABLE frames ADD COLUMN confidence REAL;
        ALTER TABLE frames ADD COLUMN inclusion REAL;
        ALTER TABLE frames ADD COLUMN worth REAL NOT NULL DEFAULT 0;
        ALTER TABLE frames ADD COLUMN labelled_by TEXT;
        ALTER TABLE frames ADD COLUMN label_classes TEXT;
        ALTER TABLE frames ADD COLUMN label_text TEXT;
        ALTER TABLE frames ADD COLUMN verdict INTEGER;
        UPDATE frames SET worth = uncertainty, prediction = json_extract(body, '$.prediction.class'), confidence = CAST(json_extract(body, '$.prediction.confidence') AS REAL),
          inclusion = CAST(json_extract(body, '$.inclusionProbability') AS REAL);
        UPDATE frames SET labelled_by = json_extract(body, '$.label.by'), label_classes = '|' || coalesce(json_extract(body, '$.label.class'), '') || '|', label_text = substr(lower(json_extract(body, '$.label')), 1, 400),
          verdict = CASE lower(json_extract(body, '$.label.verdict')) WHEN 'ok' THEN 0 WHEN 'ng' THEN 1 END WHERE json_extract(body, '$.label.by') IS NOT NULL;
        UPDATE frames SET labelled_at = NULL WHERE state = 2;
        DROP INDEX frames_queue;
        CREATE INDEX frames_disputed ON frames (state, disagrees, worth, row, model, shadow_model, device, camera, rules);
        CREATE INDEX frames_worth ON frames (state, disagrees, device, camera, worth, row, rules, model);
        CREATE INDEX frames_search ON frames (row, state, usage, device, camera, model, prediction, confidence, inclusion, rules, captured_at, part);
        CREATE INDEX frames_labelled ON frames (row, label_text, label_classes, labelled_by, verdict, state, usage, device, camera, model, prediction, confidence, inclusion, rules, captured_at, part) WHERE label_text IS NOT NULL;
        CREATE INDEX frames_device ON frames (device, row);
        CREATE INDEX frames_prediction ON frames (prediction, row);
        CREATE INDEX frames_model ON frames (model, row);
        CREATE INDEX frames_part ON frames (part, row) WHERE part IS NOT NULL;
        CREATE INDEX frames_captured ON frames (captured_at, row);
        CREATE TABLE frame_tally (device TEXT NOT NULL, camera TEXT NOT NULL, state INTEGER NOT NULL, frames INTEGER NOT NULL, PRIMARY KEY (device, camera, state)) WITHOUT ROWID;
        INSERT INTO frame_tally (device, camera, state, frames) SELECT coalesce(device, ''), coalesce(camera, ''), state, count(*) FROM frames GROUP BY coalesce(device, ''), coalesce(camera, ''), state;
        """,

        // What each annotator says of a frame now, how many a frame needs, and from where each label of the history came.
        """
        ALTER TABLE labels ADD COLUMN kind TEXT NOT NULL DEFAULT 'Label';
        ALTER TABLE labels ADD COLUMN via TEXT;
        CREATE INDEX labels_at ON labels (at);
        CREATE TABLE opinions (frame TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL, body TEXT, PRIMARY KEY (frame, by)) WITHOUT ROWID;
        CREATE INDEX opinions_at ON opinions (at);
        CREATE TABLE label_policy (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
        """,

        // What snapshots ask of frames: how bright each is (-1: its picture can't be read), which of them no camera took and what those were made from, and which belong together.
        """
        ALTER TABLE frames ADD COLUMN brightness INTEGER;
        ALTER TABLE frames ADD COLUMN synthetic INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX frames_moment ON frames (device, camera, captured_at) WHERE part IS NULL AND camera IS NOT NULL;
        CREATE INDEX frames_unmeasured ON frames (state, row) WHERE brightness IS NULL;
        CREATE TABLE frame_origin (frame TEXT NOT NULL, source TEXT NOT NULL, labelled_at INTEGER, PRIMARY KEY (frame, source)) WITHOUT ROWID;
        CREATE INDEX frame_origin_source ON frame_origin (source);
        CREATE INDEX run_input_digest ON run_input (digest);
        """,

        // What is known of a picture without reading it again, one row a file, and its embedding as half floats. The space says whose embedding: a model's digest.
        """
        CREATE TABLE picture (
          image TEXT PRIMARY KEY, space TEXT NOT NULL, width INTEGER, height INTEGER, hash INTEGER, brightness REAL, contrast REAL, code BLOB, fault TEXT) WITHOUT ROWID;
        CREATE INDEX picture_fault ON picture (image) WHERE fault IS NOT NULL;
        CREATE TABLE picture_embedding (image TEXT PRIMARY KEY, numbers BLOB NOT NULL) WITHOUT ROWID;
        """,

        // What the last check of all frames (scope empty) and of each snapshot found, and what people accepted of it.
        """
        CREATE TABLE quality_report (scope TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE quality_finding (scope TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, place INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (scope, id)) WITHOUT ROWID;
        CREATE INDEX quality_finding_place ON quality_finding (scope, place);
        CREATE TABLE quality_accepted (scope TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, PRIMARY KEY (scope, id)) WITHOUT ROWID;
        """,

        // An hour of a device is found among its frames, not among all of that hour; unsure frames of a class likewise.
        """
        DROP INDEX opinions_at;
        DROP INDEX frames_device;
        CREATE INDEX frames_device ON frames (device, captured_at);
        DROP INDEX frames_prediction;
        CREATE INDEX frames_prediction ON frames (prediction, confidence);
        """,

        // Alerts, what became of them, and what is still to be told: notices wait for others of their group, the outbox for its channel. Of a key one alert is open at most.
        """
        CREATE TABLE alert (
          row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL, open INTEGER NOT NULL, state TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL,
          at INTEGER NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL);
        CREATE UNIQUE INDEX alert_open ON alert (key) WHERE open = 1;
        CREATE INDEX alert_state ON alert (state, row);
        CREATE TABLE alert_event (row INTEGER PRIMARY KEY AUTOINCREMENT, alert TEXT NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL, by TEXT NOT NULL, detail TEXT NOT NULL);
        CREATE INDEX alert_event_alert ON alert_event (alert, row);
        CREATE TABLE alert_rule (name TEXT PRIMARY KEY, at INTEGER NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE alert_silence (id TEXT PRIMARY KEY, ends_at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE alert_channel (
          name TEXT PRIMARY KEY, body TEXT NOT NULL, secret TEXT, delivered_at INTEGER, failing_since INTEGER, problem TEXT) WITHOUT ROWID;
        CREATE TABLE alert_notice (row INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, family TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL);
        CREATE TABLE alert_outbox (
          row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, family TEXT NOT NULL, made_at INTEGER NOT NULL, body TEXT NOT NULL,
          attempts INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL, delivered_at INTEGER, failed_at INTEGER);
        CREATE INDEX alert_outbox_waiting ON alert_outbox (channel, row) WHERE delivered_at IS NULL AND failed_at IS NULL;
        CREATE INDEX alert_outbox_family ON alert_outbox (channel, family, made_at);
        """,

        // Requests that came with a key, and what was answered; without a status one is being done, or was cut off.
        """
        CREATE TABLE idempotency (
          scope TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, owner TEXT NOT NULL, at INTEGER NOT NULL, status INTEGER, headers TEXT, body BLOB, PRIMARY KEY (scope, key)) WITHOUT ROWID;
        CREATE INDEX idempotency_at ON idempotency (at);
        """,

        // People, what they may, how they come in, and programs' tokens. Of secrets only hashes are here, but for the second factor's, which must be known to be compared.
        """
        CREATE TABLE account (
          id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT, created_at INTEGER NOT NULL, created_by TEXT NOT NULL, disabled_at INTEGER, failures INTEGER NOT NULL DEFAULT 0,
          locked_until INTEGER NOT NULL DEFAULT 0, totp TEXT, totp_asked TEXT, totp_step INTEGER NOT NULL DEFAULT 0, recovery TEXT NOT NULL DEFAULT '', issuer TEXT, subject TEXT, signed_in_at INTEGER) WITHOUT ROWID;
        CREATE UNIQUE INDEX account_external ON account (issuer, subject) WHERE subject IS NOT NULL;
        CREATE TABLE account_role (account TEXT NOT NULL, role TEXT NOT NULL, site TEXT NOT NULL DEFAULT '', PRIMARY KEY (account, role, site)) WITHOUT ROWID;
        CREATE TABLE account_link (hash TEXT PRIMARY KEY, account TEXT, expires_at INTEGER NOT NULL, used_at INTEGER) WITHOUT ROWID;
        CREATE TABLE account_session (
          hash TEXT PRIMARY KEY, account TEXT NOT NULL, created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX account_session_account ON account_session (account);
        CREATE TABLE api_token (
          id TEXT PRIMARY KEY, hash TEXT NOT NULL, account TEXT, name TEXT NOT NULL, scopes INTEGER NOT NULL, sites TEXT, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
          used_at INTEGER, revoked_at INTEGER) WITHOUT ROWID;
        """,

        // Entries of the audit log stand on one another (AuditHash); those of before have no hash of their own.
        """
        ALTER TABLE audit ADD COLUMN hash TEXT;
        """,

        // A label moves its frame in as few indexes as it takes: the queue's hold frames that wait alone (state 0), and each state has its frames in one narrow index. Labels of before
        // the columns for them wait for the words of their boxes and outlines (LabelWordsLoop).
        """
        DROP INDEX frames_disputed;
        CREATE INDEX frames_disputed ON frames (state, disagrees, worth, row, model, shadow_model, device, camera, rules) WHERE state = 0 AND disagrees = 1;
        DROP INDEX frames_worth;
        CREATE INDEX frames_worth ON frames (state, disagrees, device, camera, worth, row, rules, model) WHERE state = 0 AND disagrees = 0;
        DROP INDEX frames_unmeasured;
        CREATE INDEX frames_unmeasured ON frames (row) WHERE state = 1 AND brightness IS NULL;
        CREATE INDEX frames_state ON frames (state, usage, row);
        CREATE TABLE label_words_due (row INTEGER PRIMARY KEY);
        INSERT INTO label_words_due (row) SELECT row FROM frames WHERE label_text LIKE '{%';
        """,

        // Which frames a finding is about, and when somebody did what it asks for.
        """
        ALTER TABLE quality_finding ADD COLUMN settled_at INTEGER;
        CREATE TABLE quality_finding_frame (frame TEXT NOT NULL, scope TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (frame, scope, id)) WITHOUT ROWID;
        CREATE INDEX quality_finding_frame_scope ON quality_finding_frame (scope);
        """,
    ];
}
