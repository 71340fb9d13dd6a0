using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Ingest;

/// <summary>The rows of a transaction's inspections, by far the most frequent: each database has its own quickest way to take many.</summary>
internal abstract class InspectionInsert : IDisposable
{
    protected const string Columns =
        "device, camera, part, frame, connection, captured_at, model, version, class, confidence, shadow_model, shadow_class, error, detections, applied_at, rejects, latency_us, shadow_rejects, shadow_confidence";

    /// <param name="connection">In a transaction.</param>
    public static InspectionInsert On(DbConnection connection) => connection is SqliteConnection file ? new SqliteInspectionInsert(file) : new ArrayInspectionInsert(connection);

    /// <param name="now">Microseconds since 1970.</param>
    public abstract void Run(Inspection inspection, long now);

    /// <summary>Call before the commit: rows may have waited for others.</summary>
    public abstract void Flush();

    public abstract void Dispose();
}
