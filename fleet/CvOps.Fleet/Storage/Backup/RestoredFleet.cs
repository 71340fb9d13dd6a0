using System.Data.Common;
using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Rollouts;
using Dapper;

namespace CvOps.Fleet.Storage.Backup;

/// <summary>
/// What is written into a database that was restored, before a fleet starts on it. What devices were told after its moment nobody there knows. So nothing is said to them by itself: the twin counts as told,
/// and the emergency stop holds until a person has looked.
/// </summary>
internal static class RestoredFleet
{
    private const string By = "restore";

    /// <summary>
    /// Devices may know documents of their twin that the backup does not: they take none with a number that is not above. No fleet orders this often between two backups.
    /// </summary>
    private const long Documents = 1_000_000;

    /// <summary>Whose rows a report counts.</summary>
    public static readonly string[] Tables = ["devices", "frames", "labels", "inspections", "rollout", "datasets", "audit"];

    /// <param name="connection">To SQLite, in a transaction.</param>
    public static void Write(DbConnection connection, DateTimeOffset at, DateTimeOffset now)
    {
        connection.Execute("UPDATE devices SET desired = json_set(desired, '$.version', desired_version + @Documents), desired_version = desired_version + @Documents WHERE desired IS NOT NULL", new { Documents });
        connection.Execute("UPDATE devices SET published_version = desired_version");
        EmergencyStopTable.Set(connection, new RolloutAction(By, Reason(at)), now);
        Audit.Add(connection, now, By, "fleet.restored", "fleet", $"from the backup of {at:u}");
    }

    /// <summary>The same for PostgreSQL's own client, but for the entry in the audit log, whose chain is the fleet's to continue; that somebody lifts the stop will be in it.</summary>
    public static string InPostgres(DateTimeOffset at, DateTimeOffset now) => string.Create(CultureInfo.InvariantCulture, $"""

        SET search_path = public;
        UPDATE devices SET desired = jsonb_set(desired::jsonb, '{"{version}"}', to_jsonb(desired_version + {Documents}))::text, desired_version = desired_version + {Documents} WHERE desired IS NOT NULL;
        UPDATE devices SET published_version = desired_version;
        INSERT INTO emergency_stop (id, at, by, reason) VALUES (1, {SqlTime.Of(now)}, '{By}', '{Reason(at)}') ON CONFLICT DO NOTHING;
        -- The fleet managers that ran then.
        DO $$ BEGIN IF to_regclass('orleansmembershiptable') IS NOT NULL THEN DELETE FROM orleansmembershiptable; END IF; END $$;

        """);

    private static string Reason(DateTimeOffset at) => $"The fleet was restored from its backup of {at:u}: what devices were told since is not known here.";
}
