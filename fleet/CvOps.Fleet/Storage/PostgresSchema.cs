using Dapper;
using Npgsql;

namespace CvOps.Fleet.Storage;

/// <summary>Brings an empty or older PostgreSQL database to what this fleet needs: Orleans' own scripts, as its packages' source has them, and the read models.</summary>
internal static class PostgresSchema
{
    /// <exception cref="NpgsqlException">The database cannot be reached, or its user may not make tables.</exception>
    public static void Apply(NpgsqlDataSource source)
    {
        using var connection = source.OpenConnection();
        // Fleets that start together wait for each other here.
        connection.Execute($"SELECT pg_advisory_lock({PostgresDatabase.WritersTurn})");
        try
        {
            if (connection.ExecuteScalar<bool>("SELECT to_regclass('orleansquery') IS NULL"))
            {
                using var transaction = connection.BeginTransaction();
                foreach (var script in OrleansScripts()) connection.Execute(script, transaction: transaction);
                transaction.Commit();
            }
            connection.Execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)");
            connection.Execute("INSERT INTO schema_version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version)");
            Migrations.Apply(connection, Dialect.Postgres);
            connection.Execute(Changes);
        }
        finally
        {
            connection.Execute($"SELECT pg_advisory_unlock({PostgresDatabase.WritersTurn})");
        }
    }

    /// <summary>Numbers every change of a device's row, so that each fleet can read on from where it is. Writers take turns, so numbers become visible in their order.</summary>
    private const string Changes = """
        CREATE SEQUENCE IF NOT EXISTS devices_changes;
        ALTER TABLE devices ADD COLUMN IF NOT EXISTS changed BIGINT NOT NULL DEFAULT 0;
        CREATE INDEX IF NOT EXISTS devices_changed ON devices (changed);
        CREATE OR REPLACE FUNCTION devices_number() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := nextval('devices_changes'); RETURN NEW; END $$;
        CREATE OR REPLACE TRIGGER devices_number BEFORE INSERT OR UPDATE ON devices FOR EACH ROW EXECUTE FUNCTION devices_number();
        """;

    // In the order of their names, which begin with a number.
    private static IEnumerable<string> OrleansScripts()
    {
        var assembly = typeof(PostgresSchema).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("orleans/", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return reader.ReadToEnd();
        }
    }
}
