using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;

namespace CvOps.Fleet.Rollouts;

/// <summary>Where a device of a rollout is, from what it reports and what it inspects. Pure.</summary>
internal static class RolloutDeviceRule
{
    /// <summary>A frame may be captured under the old model and its camera change a moment later; what is further apart contradicts the device's word.</summary>
    private static readonly TimeSpan SwapTakes = TimeSpan.FromSeconds(5);

    /// <param name="reported">Anything the device says of itself, old or new.</param>
    /// <param name="newest">Version of the newest document the fleet has made for the device.</param>
    /// <param name="payload">Digest of what is rolled out.</param>
    public static RolloutMember Reported(RolloutMember member, TwinReported reported, long newest, string payload, bool isModel, DateTimeOffset now)
    {
        // Not told yet, or it speaks of something it was told before.
        if (member.Ordered == 0 || reported.DesiredVersion < member.Ordered) return member;
        if (reported.DesiredVersion > newest)
            return member with { Reason = $"it answers document {reported.DesiredVersion} of its twin, and the newest it was given is {newest}: what it says is not believed" };
        var said = isModel ? SaidOf(reported.Model, payload) : SaidOf(reported.Configuration, payload);
        return member.State switch
        {
            RolloutDeviceState.Assigned or RolloutDeviceState.Updating or RolloutDeviceState.Running or RolloutDeviceState.Failed or RolloutDeviceState.Skipped => Forward(member, said, isModel, now),
            RolloutDeviceState.Shadowing => said.Failed ? member with { State = RolloutDeviceState.Failed, Reason = said.Reason }
                : member with { Reason = reported.Model.Shadow?.Model.Digest == payload ? null : member.Reason },
            RolloutDeviceState.RollingBack => Back(member, reported, isModel),
            _ => member,
        };
    }

    /// <summary>Whether a part speaks against the device's word that it runs the payload.</summary>
    public static bool Contradicts(RolloutMember member, string inCharge, string payload, DateTimeOffset capturedAt) =>
        inCharge != payload && (member.State == RolloutDeviceState.Running || member.IsDoubted) && capturedAt > member.Since + SwapTakes;

    /// <summary>What becomes of the device when a part contradicts its word, or bears it out.</summary>
    public static RolloutMember Inspected(RolloutMember member, string inCharge, string payload, DateTimeOffset capturedAt)
    {
        if (Contradicts(member, inCharge, payload, capturedAt))
            return member.State == RolloutDeviceState.Running ? member with { State = RolloutDeviceState.Updating, Reason = $"it says that it runs the new model, and its parts come from {inCharge[..Math.Min(12, inCharge.Length)]}" } : member;
        return member.IsDoubted && inCharge == payload && capturedAt > member.Since ? member with { State = RolloutDeviceState.Running, Reason = null } : member;
    }

    private readonly record struct Said(bool Runs, bool Failed, bool Begun, bool HasPrevious, DateTimeOffset? Since, string Reason);

    private static Said SaidOf(ReportedModel said, string payload) => new(
        // Idle: the device restarted since and goes on with what it had committed.
        said.Active?.Digest == payload && said.State is UpdateState.Soaking or UpdateState.Committed or UpdateState.Idle,
        said.Target == payload && said.State is UpdateState.Failed or UpdateState.RolledBack,
        said.Target == payload, said.Previous is not null, said.Since, said.Reason ?? $"the device says {said.State} and no reason");

    private static Said SaidOf(ReportedConfiguration? said, string payload) => said is null ? default : new(
        said.Active == payload && said.State is ConfigurationState.Committed,
        said.Target == payload && said.State is ConfigurationState.Refused or ConfigurationState.RolledBack or ConfigurationState.Overruled,
        said.Target == payload, true, said.Since, said.Reason ?? $"the device says {said.State} and no reason");

    private static RolloutMember Forward(RolloutMember member, Said said, bool isModel, DateTimeOffset now)
    {
        if (said.Failed) return member with { State = RolloutDeviceState.Failed, Reason = said.Reason };
        if (said.Runs)
        {
            if (isModel && !said.HasPrevious && member.Previous is not null)
                return member with { State = RolloutDeviceState.Updating, Since = DateTimeOffset.UnixEpoch, Reason = "it runs the model but keeps no previous one to compare with" };
            // Its word is doubted until a part bears it out: the same word again changes nothing. A time that is still to come would never be contradicted.
            return member.IsDoubted ? member : member with { State = RolloutDeviceState.Running, Reason = null, Since = said.Since is { } since && since < now ? since : now };
        }
        // A device that ran it and now speaks of another model was given that by somebody else; the gate will see its parts stop.
        return member.State is RolloutDeviceState.Assigned && said.Begun ? member with { State = RolloutDeviceState.Updating, Reason = null } : member;
    }

    private static RolloutMember Back(RolloutMember member, TwinReported reported, bool isModel)
    {
        var said = reported.Model;
        var returned = isModel
            ? member.Previous is { } previous ? said.Active?.Digest == previous.Digest && said.Shadow is null && said.State is UpdateState.Soaking or UpdateState.Committed or UpdateState.Idle or UpdateState.RolledBack or UpdateState.Failed : said.Active is null
            : reported.Configuration is { State: not (ConfigurationState.Applying or ConfigurationState.Soaking or ConfigurationState.RollingBack) } settings
                && settings.Active == member.PreviousSettings;
        return returned ? member with { State = RolloutDeviceState.RolledBack, Reason = null } : member;
    }
}
