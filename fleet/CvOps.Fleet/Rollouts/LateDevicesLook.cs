using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts;

/// <param name="Every">How often a rollout looks for devices that come late. A look asks of every device whether it is in the rollout: some tenths of a second where there are a hundred thousand.</param>
internal sealed record LateDevicesPace(TimeSpan Every)
{
    public static LateDevicesPace Usual { get; } = new(TimeSpan.FromSeconds(30));
}

/// <summary>One rollout's look, now and then, at who has come to match its target. It reads the whole fleet, so it runs beside the turns of the grain, which takes what was found.</summary>
internal sealed partial class LateDevicesLook(string id, LateJoin join, LateDevicesPace pace, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan HoldsFor = TimeSpan.FromMinutes(1);

    private Task<IReadOnlyList<RolloutMember>>? _runs;
    private long? _begun;

    /// <returns>Whom the last look found, once; empty while one is under way or none is due. A look that is due begins.</returns>
    public IReadOnlyList<RolloutMember> Take(RolloutPlan plan)
    {
        if (_runs is { IsCompleted: true } ended)
        {
            _runs = null;
            if (!ended.IsCompletedSuccessfully) Log.LookFailed(log, id, ended.Exception);
            // While nobody could join nobody asked, and the fleet went on.
            else if (time.GetElapsedTime(_begun ?? 0) < HoldsFor) return ended.Result;
        }
        if (_runs is null && (_begun is not { } begun || time.GetElapsedTime(begun) >= pace.Every))
        {
            _begun = time.GetTimestamp();
            _runs = Task.Run(() => join.FindAsync(id, plan));
        }
        return [];
    }

    private static partial class Log
    {
        [LoggerMessage(3105, LogLevel.Warning, "Devices that match rollout {Rollout} only now could not be looked for; it is tried again")]
        public static partial void LookFailed(ILogger logger, string rollout, Exception? exception);
    }
}
