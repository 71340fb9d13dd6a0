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
        }
        finally
        {
            connection.Execute($"SELECT pg_advisory_unlock({PostgresDatabase.WritersTurn})");
        }
    }

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
