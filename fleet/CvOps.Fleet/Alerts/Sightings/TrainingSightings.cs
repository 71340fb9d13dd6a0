using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Training;

namespace CvOps.Fleet.Alerts.Sightings;

/// <summary>Training runs that failed, and models that passed the gate and go nowhere yet.</summary>
internal sealed class TrainingSightings(TrainingTable runs, RolloutStore rollouts, TimeProvider time) : ISightingSource
{
    private const int Newest = 50;

    private static readonly TimeSpan FailureIsNews = TimeSpan.FromDays(1);
    private static readonly TimeSpan CandidateIsNews = TimeSpan.FromDays(7);

    public IReadOnlyList<AlertSource> Sources { get; } = [AlertSource.TrainingFailed, AlertSource.CandidateWaiting];

    public async ValueTask<IReadOnlyList<Sighting>> ReadAsync(CancellationToken cancel)
    {
        var newest = await runs.ListAsync(null, null, Newest, cancel);
        var tried = (await rollouts.ListAsync(null)).Where(row => row.State != RolloutState.Draft).Select(row => row.Payload).ToHashSet(StringComparer.Ordinal);
        return [.. Of(newest, tried, time.GetUtcNow())];
    }

    /// <param name="newest">The newest first.</param>
    /// <param name="tried">Digests of all that was ever rolled out.</param>
    public static IEnumerable<Sighting> Of(IReadOnlyList<TrainingRunView> newest, IReadOnlySet<string> tried, DateTimeOffset now)
    {
        var followed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var run in newest)
        {
            // A later run from the same parent makes an earlier one old news.
            if (!followed.Add(run.Request.Parent) || run.FinishedAt is not { } at) continue;
            var labels = new Dictionary<string, string> { ["run"] = run.Id, ["version"] = run.Request.Version };
            if (run.State == TrainingState.Failed && now - at < FailureIsNews)
                yield return new Sighting(AlertSource.TrainingFailed, run.Id, $"Training {run.Id}, which was to make version {run.Request.Version}, failed: {run.Reason}", "/training", at, labels);
            if (run is { State: TrainingState.Passed, Model: { } digest } && now - at < CandidateIsNews && !tried.Contains(digest))
                yield return new Sighting(AlertSource.CandidateWaiting, run.Id, $"Version {run.Request.Version} of {run.Id} passed the gate and is in no rollout yet: plan one, or let its draft loose.", "/rollouts", at, labels);
        }
    }
}
