using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Plans;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>Whether a group may be as asked for. Pure.</summary>
internal static class GroupRule
{
    /// <returns>Why not, in sentences; null when it may.</returns>
    public static string? Refuse(string name, GroupRequest request, IReadOnlyList<Candidate> fleet, IEnumerable<string> groups)
    {
        if (!Identifier.IsValid(name)) return $"'{name}' is no name for a group: use 1 to {Identifier.MaxLength} letters, digits, '-', '_' or '.', not starting with '.'.";
        if (request.Devices is null == request.Select is null) return "A group is a list of devices or a selector: say exactly one of the two.";
        if (request.Devices is { } devices) return Listed(devices, fleet);
        if (!LabelSelector.TryParse(request.Select, out var selector, out var mistake)) return $"{mistake}.";
        if (selector.Terms.Any(term => term.Label == DeviceLabels.GroupName)) return "A group's selector may not ask for groups: write out what they select.";
        var unknown = new KnownLabels(fleet.Select(device => device.Selectable), groups).Unknown(selector).ToArray();
        if (unknown.Length > 0) return string.Join(' ', unknown);
        return fleet.Any(device => selector.Matches(device.Selectable)) ? null : $"No device matches {selector}; the fleet knows {fleet.Count} devices.";
    }

    private static string? Listed(IReadOnlyList<DeviceId> devices, IReadOnlyList<Candidate> fleet)
    {
        if (devices.Count == 0) return "The list is empty; to remove the group, delete it.";
        var known = fleet.Select(device => device.Id.Value).ToHashSet();
        var strangers = devices.Where(device => !known.Contains(device.Value)).ToArray();
        return strangers.Length == 0 ? null : string.Join(' ', strangers.Take(10).Select(device => $"No device is called '{device}'{Nearest.Hint(device.Value, known)}"));
    }
}
