using CvOps.Fleet.Rollouts.Planning;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>Answers a label selector over the twins. Fails closed: a mistake, a typo and what no device has are refusals.</summary>
internal sealed class TwinSelector(TwinStore twins, DeviceGroups groups)
{
    /// <param name="text">Null: every device.</param>
    /// <returns>The selection, or in sentences why there is none.</returns>
    public async Task<(TwinSelection? Selection, string? Refusal)> ReadAsync(string? text, CancellationToken cancel)
    {
        await twins.Loaded.WaitAsync(cancel);
        if (text is null) return (twins.Select(LabelSelector.Everything, GroupMembership.None), null);
        if (!LabelSelector.TryParse(text, out var selector, out var mistake)) return (null, $"{mistake}.");
        var members = await groups.MembershipAsync(cancel);
        var unknown = twins.Unknown(selector, members.Names).ToArray();
        return unknown.Length > 0 ? (null, string.Join(' ', unknown)) : (twins.Select(selector, members), null);
    }
}
