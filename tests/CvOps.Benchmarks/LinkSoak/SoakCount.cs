using CvOps.Agent.Spool;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Benchmarks.LinkSoak;

/// <summary>What went in at one end and came out at the other, counted in the files of both.</summary>
internal sealed class SoakCount(SoakStack stack)
{
    // A fleet remembers the newest boots only; a soak may have more.
    private readonly Dictionary<(int Stream, long Boot), (long Applied, bool Gaps)> _applied = [];

    /// <summary>Messages of a class that were ever on the agent's disk: positions go on over starts. Only while the agent is stopped.</summary>
    public IReadOnlyDictionary<SpoolClass, long> Spooled()
    {
        var spooled = new Dictionary<SpoolClass, long>();
        foreach (var limits in SpoolLimits.Of(1L << 30).Classes)
        {
            var folder = limits.Class == SpoolClass.Earlier ? stack.SpoolFolder : Path.Combine(stack.SpoolFolder, SpoolClasses.Name(limits.Class));
            if (!Directory.Exists(folder)) continue;
            using var store = new SpoolStore(folder, limits, TimeProvider.System, NullLogger.Instance);
            store.Open();
            spooled[limits.Class] = store.Last;
        }
        return spooled;
    }

    /// <summary>Messages of a class that the fleet has applied, of all boots so far.</summary>
    public long Applied(SpoolClass of) => _applied.Where(it => it.Key.Stream == (int)of).Sum(it => it.Value.Applied);

    /// <summary>Whether a message is missing before a later one of its stream and boot.</summary>
    public bool Gaps => _applied.Values.Any(it => it.Gaps);

    /// <summary>Repetitions that the fleet recognised.</summary>
    public long Recognised { get; private set; }

    /// <summary>Inspections by the fleet's own counter, by its rows, and by rows that differ: applied twice would show here.</summary>
    public (long Counted, long Rows, long Different) Inspections { get; private set; }

    public long DeadLetters { get; private set; }

    /// <summary>Reads the fleet's database as it is now.</summary>
    public void Look()
    {
        Sqlite.Initialise();
        using var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = stack.Database, Mode = SqliteOpenMode.ReadWrite, Pooling = false, DefaultTimeout = 30 }.ToString());
        database.Open();
        var id = new { Id = SoakStack.Device.Value };
        foreach (var (stream, boot, applied, gaps) in DuplicateWindow.Load(database.QuerySingleOrDefault<byte[]>("SELECT seen FROM devices WHERE id = @Id", id)).Applied) _applied[(stream, boot)] = (applied, gaps);
        Recognised = database.ExecuteScalar<long>("SELECT coalesce(sum(duplicates), 0) FROM devices WHERE id = @Id", id);
        Inspections = (database.ExecuteScalar<long>("SELECT coalesce(sum(inspections), 0) FROM devices WHERE id = @Id", id),
            database.ExecuteScalar<long>("SELECT count(*) FROM inspections WHERE device = @Id", id),
            database.ExecuteScalar<long>("SELECT count(*) FROM (SELECT DISTINCT camera, connection, frame, captured_at FROM inspections WHERE device = @Id)", id));
        DeadLetters = database.ExecuteScalar<long>("SELECT count(*) FROM dead_letters");
    }
}
