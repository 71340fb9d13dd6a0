using System.Data.Common;
using System.Runtime.InteropServices;
using CvOps.Fleet.Frames.Search;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames.Queue;

/// <summary>A place in the queue.</summary>
/// <param name="Rank">2 where the models of a running rollout disagree, 1 where any two do, 0 for the rest.</param>
/// <param name="Order">Larger comes first.</param>
internal readonly record struct QueuePlace(long Rank, double Order, long Row)
{
    public bool IsBehind(QueuePlace other) => (Rank, Order, -Row).CompareTo((other.Rank, other.Order, -other.Row)) < 0;
}

/// <summary>Frames on which nobody disagrees, the most valuable first and every camera in its turn (<see cref="CameraShare"/>). Reads a few index entries of each camera.</summary>
internal sealed class FairFrames(DbConnection connection, FrameFilter filter, string? by)
{
    /// <summary>Index entries read of a camera at a time.</summary>
    private const int Chunk = 16;

    public IEnumerable<QueuePlace> Read()
    {
        var tallies = FrameTally.Cameras(connection);
        var (labels, cameras) = (tallies.Sum(tally => tally.Labelled), Math.Max(1, tallies.Length));
        var heads = new PriorityQueue<Lane, (double, long)>();
        foreach (var tally in tallies.Where(tally => tally.Waiting > 0 && (filter.Device is null || filter.Device == tally.Device) && (filter.Camera is null || filter.Camera == tally.Camera)))
            Push(new Lane(tally, CameraShare.Labelled(tally.Labelled, labels, cameras)));
        while (heads.TryDequeue(out var lane, out var order))
        {
            yield return new QueuePlace(0, -order.Item1, lane.Row);
            lane.Place++;
            Push(lane);
        }

        void Push(Lane lane)
        {
            if (lane.Waiting.Count == 0 && !lane.Ended) Fill(lane);
            if (!lane.Waiting.TryDequeue(out var next)) return;
            lane.Row = next.Row;
            heads.Enqueue(lane, (-CameraShare.Of(next.Worth, lane.Place, lane.Labelled), next.Row));
        }
    }

    private void Fill(Lane lane)
    {
        var after = lane.Last is null ? "" : " AND (worth < @Worth OR (worth = @Worth AND row > @Row))";
        var of = $"{(lane.Camera.Device.Length == 0 ? "device IS NULL" : "device = @Device")} AND {(lane.Camera.Camera.Length == 0 ? "camera IS NULL" : "camera = @Camera")}";
        var rows = connection.Query<(long Row, double Worth)>(
            $"SELECT row, worth FROM frames WHERE {QueueSql.Waiting} AND disagrees = 0 AND {of}{after}{QueueSql.Narrowed(filter, by)} ORDER BY worth DESC, row LIMIT {Chunk}",
            new
            {
                lane.Camera.Device, lane.Camera.Camera, lane.Last?.Worth, lane.Last?.Row, Rule = QueueSql.Rule(filter), filter.Model, By = by,
            }).AsList();
        foreach (var row in CollectionsMarshal.AsSpan(rows)) lane.Waiting.Enqueue(row);
        lane.Ended = rows.Count < Chunk;
        if (rows.Count > 0) lane.Last = rows[^1];
    }

    private sealed class Lane(CameraTally camera, double labelled)
    {
        public CameraTally Camera => camera;

        public double Labelled => labelled;

        public Queue<(long Row, double Worth)> Waiting { get; } = [];

        public (long Row, double Worth)? Last { get; set; }

        public bool Ended { get; set; }

        public long Place { get; set; }

        public long Row { get; set; }
    }
}

/// <summary>What the queue's statements have in common.</summary>
internal static class QueueSql
{
    /// <summary>As the queue's indexes have it: they hold no other frames, and a database sees that only by a number in the statement itself.</summary>
    public const string Waiting = "state = 0";

    public static string Narrowed(FrameFilter filter, string? by) =>
        (filter.Rule is null ? "" : " AND rules LIKE @Rule ESCAPE '!'") + (filter.Model is null ? "" : " AND model = @Model") + (by is null ? "" : " AND NOT EXISTS (SELECT 1 FROM opinions AS o WHERE o.frame = frames.id AND o.by = @By)");

    public static string? Rule(FrameFilter filter) => filter.Rule is null ? null : $"%,{SqlText.Literal(filter.Rule)},%";
}
