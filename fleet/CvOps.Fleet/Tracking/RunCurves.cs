using System.Data.Common;
using CvOps.Contracts.Api;
using Dapper;

namespace CvOps.Fleet.Tracking;

/// <summary>Values of one metric over the steps of a run. Those of CvOps' training runs lie where the trainer's words are kept.</summary>
internal static class RunCurves
{
    private const string Logged = "SELECT step, at, value, nan FROM run_metric WHERE run = @run AND key = @key";
    private const string OfTrainer = "SELECT step, at, value, 0 AS nan FROM training_metric WHERE run = @run AND name = @key";

    /// <summary>By step and then time.</summary>
    /// <exception cref="TrackingException">There is no such run.</exception>
    public static MetricPoint[] Page(DbConnection connection, string run, string key, int offset, int limit) =>
    [
        .. connection.Query<(long Step, long At, double Value, long Nan)>($"{Source(connection, run)} ORDER BY step, at, value LIMIT @limit OFFSET @offset", new { run, key, offset, limit })
            .Select(row => RunReader.Point(row.Step, row.At, row.Value, row.Nan)),
    ];

    /// <summary>At most so many points at even distances, the last among them; values that are no numbers are left out.</summary>
    /// <param name="most">At least 2.</param>
    public static CurvePoint[] Thinned(DbConnection connection, string run, string key, int most)
    {
        var source = Source(connection, run);
        var points = connection.ExecuteScalar<long>($"SELECT count(*) FROM ({source}) AS c", new { run, key });
        var every = Math.Max(1, (points + most - 2) / (most - 1));
        return
        [
            .. connection.Query<(long Step, double Value)>(
                $"""
                SELECT n.step, n.value FROM (SELECT c.step, c.value, c.nan, row_number() OVER (ORDER BY c.step, c.at, c.value) AS place FROM ({source}) AS c) AS n
                WHERE ((n.place - 1) % @every = 0 OR n.place = @points) AND n.nan = 0 ORDER BY n.place
                """, new { run, key, every, points }).Select(row => new CurvePoint(row.Step, row.Value)),
        ];
    }

    private static string Source(DbConnection connection, string run) => RunWrites.Find(connection, run).Own ? OfTrainer : Logged;
}
