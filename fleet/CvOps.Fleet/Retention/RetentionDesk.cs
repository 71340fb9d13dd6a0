using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Retention;

/// <summary>How long the fleet keeps what: the policy, what it would take away, and taking it away.</summary>
internal sealed class RetentionDesk(Database database, BlobSweep sweep, FleetEvents events, TimeProvider time) : IDisposable
{
    /// <summary>Frames in one transaction.</summary>
    private const int Together = 250;

    private readonly SemaphoreSlim _one = new(1, 1);

    public Task<RetentionView> ViewAsync(CancellationToken cancel) => database.ReadMomentAsync(connection => new RetentionView
    {
        Policy = RetentionTable.Policy(connection), Last = RetentionTable.Last(connection), Waiting = FrameTally.States(connection).GetValueOrDefault(LabelState.Unlabelled),
        PicturesDue = connection.ExecuteScalar<long>("SELECT count(*) FROM blob_due"),
    }, cancel);

    /// <returns>Why not, every mistake in a sentence; empty when the policy holds from the next look on.</returns>
    public async Task<IReadOnlyList<string>> SetAsync(RetentionRequest request, CancellationToken cancel)
    {
        if (RetentionRule.Mistakes(request.Policy) is { Count: > 0 } mistakes) return mistakes;
        await database.WriteAsync(connection =>
        {
            RetentionTable.Set(connection, request.Policy);
            return Audit.Add(connection, time.GetUtcNow(), request.By, "retention.set", "retention", RetentionRule.Words(request.Policy));
        }, cancel);
        return [];
    }

    /// <summary>What a policy would take away now.</summary>
    /// <param name="policy">Null: the one in force.</param>
    public Task<RetentionRun> LookAsync(RetentionPolicy? policy, string by, CancellationToken cancel)
    {
        var at = time.GetUtcNow();
        return database.ReadMomentAsync(connection =>
        {
            var tried = policy ?? RetentionTable.Policy(connection);
            long Count(TelemetryAge age, int? days) => RetentionRule.Horizon(days, at) is { } horizon ? age.Count(connection, horizon) : 0;
            var old = RetentionRule.Horizon(tried.FrameDays, at) is { } before ? FramesDue.Old(connection, before) : [];
            return new RetentionRun
            {
                At = at, By = by, Inspections = Count(TelemetryAge.Inspections, tried.InspectionDays), DriftWindows = Count(TelemetryAge.DriftWindows, tried.DriftDays),
                ZoneReports = Count(TelemetryAge.ZoneReports, tried.ZoneDays), Connections = Count(TelemetryAge.Connections, tried.ConnectionDays), DeadLetters = Count(TelemetryAge.DeadLetters, tried.DeadLetterDays),
                FramesByAge = old.Count, FramesByValue = tried.WaitingFrames is { } most ? FramesDue.Surplus(connection, at, most, old.ToHashSet(StringComparer.Ordinal)).Frames.Count : 0,
            };
        }, cancel);
    }

    /// <summary>Takes away what the policy in force lets go. A kill in the middle costs nothing: the next look goes on.</summary>
    public async Task<RetentionRun> RunAsync(string by, CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            var at = time.GetUtcNow();
            var policy = await database.ReadAsync(RetentionTable.Policy, cancel);
            async Task<long> Delete(TelemetryAge age, int? days) => RetentionRule.Horizon(days, at) is { } horizon ? await age.DeleteAsync(database, horizon, cancel) : 0;
            var run = new RetentionRun
            {
                At = at, By = by, Inspections = await Delete(TelemetryAge.Inspections, policy.InspectionDays), DriftWindows = await Delete(TelemetryAge.DriftWindows, policy.DriftDays),
                ZoneReports = await Delete(TelemetryAge.ZoneReports, policy.ZoneDays), Connections = await Delete(TelemetryAge.Connections, policy.ConnectionDays), DeadLetters = await Delete(TelemetryAge.DeadLetters, policy.DeadLetterDays),
                FramesByAge = await OldFramesAsync(policy, at, cancel), FramesByValue = await SurplusAsync(policy, at, cancel),
            };
            if (run.Rows > 0)
            {
                await database.WriteAsync(connection =>
                {
                    RetentionTable.SetLast(connection, run);
                    return Audit.Add(connection, time.GetUtcNow(), by, "retention.run", "retention",
                        $"{run.Inspections} inspections, {run.DriftWindows} drift windows, {run.ZoneReports} zone reports, {run.Connections} connections, {run.DeadLetters} dead letters, {run.FramesByAge} frames by age, {run.FramesByValue} by value");
                }, cancel);
                if (run.FramesByAge + run.FramesByValue > 0) events.Publish("frame", "");
            }
            await sweep.RunAsync(cancel);
            return run;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<long> OldFramesAsync(RetentionPolicy policy, DateTimeOffset at, CancellationToken cancel)
    {
        if (RetentionRule.Horizon(policy.FrameDays, at) is not { } horizon) return 0;
        var due = await database.ReadAsync(connection => FramesDue.Old(connection, horizon), cancel);
        // Known before the first goes: an estimate that counted half of a day would be wrong without a sign of it.
        if (due.Count > 0) await database.WriteAsync(connection => { RetentionTable.RaiseHorizon(connection, horizon); return 0; }, cancel);
        return await RemoveAsync(due, cancel);
    }

    private async Task<long> SurplusAsync(RetentionPolicy policy, DateTimeOffset at, CancellationToken cancel)
    {
        if (policy.WaitingFrames is not { } most) return 0;
        var (due, threshold) = await database.ReadAsync(connection => FramesDue.Surplus(connection, at, most, new HashSet<string>()), cancel);
        if (threshold is { } highest) await database.WriteAsync(connection => { RetentionTable.AddPass(connection, new ThinningPass(at, highest)); return 0; }, cancel);
        return await RemoveAsync(due, cancel);
    }

    private async Task<long> RemoveAsync(List<string> frames, CancellationToken cancel)
    {
        var went = 0L;
        foreach (var some in frames.Chunk(Together))
        {
            went += await database.WriteAsync(connection =>
            {
                using var removal = new FrameRemoval(connection, time.GetUtcNow());
                var gone = some.Count(frame => removal.Remove(frame, evenLabelled: false));
                removal.Save();
                return gone;
            }, cancel);
        }
        return went;
    }
}
