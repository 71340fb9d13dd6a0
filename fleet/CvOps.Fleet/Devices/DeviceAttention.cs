using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices.Twins;

namespace CvOps.Fleet.Devices;

internal enum AttentionLevel : byte { None, Warning, Error }

/// <summary>What about a device a person should look at. Pure.</summary>
internal static class DeviceAttention
{
    /// <summary>Pictures' times are trusted to this many seconds: from there on results of different devices fall out of order.</summary>
    private const double ClockSeconds = 5;

    /// <summary>What was given up longer ago, by the device's own clock, is no trouble of today's: it is over when its cause is.</summary>
    private static readonly TimeSpan LossIsNews = TimeSpan.FromMinutes(10);

    public static IEnumerable<Attention> Of(DeviceView device) => Items(device).Select(item => item.Attention);

    /// <summary>The same, and of each what it is about.</summary>
    public static IEnumerable<DeviceTrouble> Items(DeviceView device)
    {
        var link = $"/devices/{device.Id}";
        if (device.Connectivity == Connectivity.Offline)
        {
            yield return new(AlertSource.DeviceOffline, null, new Attention("error", $"{device.Id} is offline: check its power, its network and its agent (systemctl status cvops-agent).", link, device.LastSeen));
            yield break;
        }
        foreach (var camera in device.Health?.Cameras ?? [])
            if (IsDark(camera))
                yield return new(AlertSource.CameraOutage, camera.Camera, new Attention("error", $"{device.Id}/{camera.Camera} gives no picture: {camera.Problem ?? "no reason was given."}", link, device.Health!.At));
        if (device.Overdue)
            yield return new(AlertSource.DeviceOverdue, null, new Attention("warning", $"{device.Id} says nothing though the broker holds its connection: check its agent (systemctl status cvops-agent).", link, device.LastSeen));
        if (device.Clock is { } clock && IsWrong(clock))
            yield return new(AlertSource.ClockOffset, null, new Attention("warning", string.Create(CultureInfo.InvariantCulture, $"The clock of {device.Id} is {Math.Abs(clock.Seconds):0.#} s {(clock.Seconds > 0 ? "ahead" : "behind")}: check its time service (timedatectl)."), link, device.LastSeen));
        if (device.Reported is { Model: { State: UpdateState.Failed, Reason: var reason } } reported)
            yield return new(AlertSource.UpdateFailed, null, new Attention("warning", $"{device.Id} could not take its model over: {reason}", link, reported.At));
        if (device.Health is { Spool: var spool } health && GivesUp(health))
            yield return new(AlertSource.SpoolEviction, null, new Attention("warning", $"{device.Id} gave up {spool.EvictedMessages} messages{Kinds(spool)} since its start because its spool was full: its link is too slow or was down too long.", link, health.At));
    }

    /// <summary>Of all that <see cref="Of"/> would say, the worst.</summary>
    public static AttentionLevel Level(in TwinRow row)
    {
        if (!row.Online) return AttentionLevel.Error;
        var worst = row.HealthLevel > row.ReportedLevel ? row.HealthLevel : row.ReportedLevel;
        return worst == AttentionLevel.None && (row.Overdue || (row.ClockOffset() is { } clock && IsWrong(clock))) ? AttentionLevel.Warning : worst;
    }

    public static AttentionLevel Level(DeviceHealth health) => health.Cameras.Any(IsDark) ? AttentionLevel.Error : GivesUp(health) ? AttentionLevel.Warning : AttentionLevel.None;

    public static AttentionLevel Level(TwinReported reported) => reported.Model.State == UpdateState.Failed ? AttentionLevel.Warning : AttentionLevel.None;

    /// <summary>What the spool gave up lately for want of room. An agent that does not say when counts for as long as it runs.</summary>
    public static IEnumerable<SpoolLoss> Lately(DeviceHealth health) =>
        (health.Spool.Losses ?? []).Where(loss => loss.Reason != SpoolLossReason.Expired && (loss.At is not { } at || health.At - at < LossIsNews));

    private static bool GivesUp(DeviceHealth health) => health.Spool.EvictedMessages > 0 && (health.Spool.Losses is null || Lately(health).Any());

    private static bool IsDark(CameraHealth camera) => camera.State is CameraState.Stale or CameraState.Lost;

    private static bool IsWrong(ClockOffset clock) => Math.Abs(clock.Seconds) > ClockSeconds + clock.UncertaintySeconds;

    private static string Kinds(SpoolHealth spool) => spool.Losses?.Where(loss => loss.Reason != SpoolLossReason.Expired).ToList() is { Count: > 0 } losses
        ? $" ({string.Join(", ", losses.Select(loss => $"{loss.Messages} of kind {loss.Kind?.ToString() ?? "other"}"))})" : "";
}

/// <param name="Camera">The camera that it is about; null: the device itself.</param>
internal sealed record DeviceTrouble(AlertSource Source, CameraId? Camera, Attention Attention);
