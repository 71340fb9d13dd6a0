using System.Text.Json;
using CvOps.Contracts;

namespace CvOps.CrashMatrix.Rollouts;

/// <summary>What a rollout left behind, in a form in which one that was cut short and one that was not are the same.</summary>
/// <param name="Evidence">Every number with all its digits.</param>
/// <param name="Steps">From, to and trigger of each transition.</param>
/// <param name="States">How many devices of which ring ended in which state.</param>
/// <param name="Documents">How many different documents each device was given, sorted.</param>
/// <param name="ReportsLost">Parts that the broker had acknowledged and the fleet never counted.</param>
/// <param name="Unheld">Devices that nobody holds while the rollout runs, or that one holds which has ended.</param>
internal sealed record RolloutTrace(string Evidence, string Steps, IReadOnlyDictionary<string, long> States, int[] Documents, long ReportsLost, long Unheld)
{
    // The fleet looks every fifteen seconds whether a document was left unpublished.
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan CalmSettles = TimeSpan.FromSeconds(2);

    /// <param name="calm">The same story undisturbed; null for itself. What is under way is waited for until it looks like that, or has had its time.</param>
    public static async Task<RolloutTrace> OfAsync(RolloutFleet fleet, SimulatedDevices devices, RolloutStory story, RolloutTrace? calm)
    {
        var until = DateTimeOffset.UtcNow + (calm is null ? CalmSettles : Settles);
        while (true)
        {
            var view = await fleet.ReadAsync(story.Id);
            var trace = new RolloutTrace(
                JsonSerializer.Serialize(view.Evidence with { Curve = [] }, ContractsJson.Default.RolloutEvidence).Replace(story.Site, "site", StringComparison.Ordinal),
                string.Join(", ", view.History.Select(step => $"{step.From} -> {step.To} ({step.Trigger})")),
                view.Rings.SelectMany(ring => ring.States.Select(state => ($"{ring.Name} {state.Key}", state.Value))).ToDictionary(),
                [.. Told(devices, story).Order()],
                story.Inspected - fleet.Ask<long>($"SELECT sum(inspections) FROM devices WHERE site = '{story.Site}'"), UnheldIn(fleet, story.Id));
            if ((calm is not null && trace.ReportsLost == 0 && trace.Documents.SequenceEqual(calm.Documents)) || DateTimeOffset.UtcNow > until) return trace;
            await Task.Delay(20);
        }
    }

    public static long UnheldIn(RolloutFleet fleet, string id) => fleet.Ask<long>(
        $"SELECT count(*) FROM rollout_device AS d JOIN rollout AS r ON r.id = d.rollout WHERE r.id = '{id}' AND r.running <> d.held");

    /// <summary>How many devices ended where, and how many were given how many documents.</summary>
    public string Where => string.Join(", ", States.OrderBy(state => state.Key, StringComparer.Ordinal).Select(state => $"{state.Value} {state.Key}")
        .Concat(Documents.CountBy(count => count).Select(group => $"{group.Value} given {group.Key} documents")));

    /// <summary>Devices that were given more documents than in the calm run.</summary>
    public int Twice(RolloutTrace calm) => Documents.Zip(calm.Documents).Count(pair => pair.First > pair.Second);

    /// <summary>Devices that are not where they are in the calm run, or were never given what they had to be given.</summary>
    public long Lost(RolloutTrace calm) => Math.Max(calm.States.Sum(state => Math.Max(0, state.Value - States.GetValueOrDefault(state.Key))), Documents.Zip(calm.Documents).Count(pair => pair.First < pair.Second));

    private static IEnumerable<int> Told(SimulatedDevices devices, RolloutStory story) =>
        story.Numbers.Select(number => devices.Told.TryGetValue(RolloutFleet.Device(number), out var told) ? told.Documents : 0);
}
