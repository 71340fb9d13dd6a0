using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Rollouts.Planning;

/// <param name="Devices">Who matches; empty with a refusal.</param>
/// <param name="Refusal">Why the text selects nobody, in sentences; null when it selects somebody.</param>
internal sealed record SelectedDevices(IReadOnlyList<Candidate> Devices, string? Refusal);

/// <summary>Answers a label selector, wherever one is asked for. Fails closed: a mistake, a typo and a selector that matches nobody are refusals.</summary>
internal sealed class DeviceSelection(PlanningFleet fleet, DeviceGroups groups)
{
    public async Task<SelectedDevices> MatchAsync(string text, CancellationToken cancel)
    {
        if (!LabelSelector.TryParse(text, out var selector, out var mistake)) return new SelectedDevices([], $"{mistake}.");
        var names = (await groups.MembershipAsync(cancel)).Names;
        var all = await fleet.ReadAsync(withClusters: false, new Dictionary<string, string>(), cancel);
        var unknown = new KnownLabels(all.Select(device => device.Selectable), names).Unknown(selector).ToArray();
        if (unknown.Length > 0) return new SelectedDevices([], string.Join(' ', unknown));
        Candidate[] matching = [.. all.Where(device => selector.Matches(device.Selectable))];
        return new SelectedDevices(matching, matching.Length == 0 ? $"No device matches {selector}; the fleet knows {all.Length} devices." : null);
    }
}
