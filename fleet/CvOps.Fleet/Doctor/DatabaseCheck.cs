using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using CvOps.Contracts.Doctor;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Doctor;

/// <summary>The database: it reads, it writes, and somebody may administer the fleet.</summary>
internal sealed class DatabaseCheck(Database database, FleetOptions options)
{
    private const string Check = "database";

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    public async Task RunAsync(List<DoctorFinding> findings, CancellationToken cancel)
    {
        try
        {
            var begun = Stopwatch.GetTimestamp();
            var (devices, administrator) = await database.ReadAsync(connection => (connection.ExecuteScalar<long>("SELECT count(*) FROM devices"), AccountTable.HasAdministrator(connection)), cancel);
            // Changes nothing, and waits for the right to write and for the disk as whatever does.
            await database.WriteAsync(connection => connection.Execute("UPDATE devices SET id = id WHERE id = ''"), cancel);
            var took = Stopwatch.GetElapsedTime(begun);
            var said = string.Create(CultureInfo.InvariantCulture, $"{(database.IsShared ? "PostgreSQL" : "SQLite")} with {devices} {(devices == 1 ? "device" : "devices")} reads and writes in {took.TotalMilliseconds:0} ms");
            findings.Add(took < Slow ? DoctorFinding.Ok(Check, said) : DoctorFinding.Warn(Check, said, $"Put {options.Data} on a faster disk, or the database on a machine of its own; 'iostat -x 1' says who is busy."));
            findings.Add(administrator ? DoctorFinding.Ok("accounts", "somebody may administer this fleet")
                : DoctorFinding.Warn("accounts", "nobody may administer this fleet yet", "Open the link that the fleet printed when it started (journalctl -u cvops-fleet); a restart prints a new one."));
        }
        catch (Exception e) when (e is DbException or IOException or InvalidDataException)
        {
            findings.Add(DoctorFinding.Fail(Check, e.Message.TrimEnd('.'), database.IsShared ? "See whether PostgreSQL runs and lets the fleet in: pg_isready, then its log." : $"See that the user of the service may write {options.Data} and that it has room, then restore a backup: df -h {options.Data}."));
        }
    }
}
