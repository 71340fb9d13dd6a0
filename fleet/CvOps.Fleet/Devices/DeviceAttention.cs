using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Devices;

/// <summary>What about a device a person should look at. Pure.</summary>
internal static class DeviceAttention
{
    public static IEnumerable<Attention> Of(DeviceView device)
    {
        var link = $"/devices/{device.Id}";
        if (device.Connectivity == Connectivity.Offline)
        {
            yield return new Attention("error", $"{device.Id} is offline: check its power, its network and its agent (systemctl status cvops-agent).", link, device.LastSeen);
            yield break;
        }
        foreach (var camera in device.Health?.Cameras ?? [])
            if (camera.State is CameraState.Stale or CameraState.Lost)
                yield return new Attention("error", $"{device.Id}/{camera.Camera} gives no picture: {camera.Problem ?? "no reason was given."}", link, device.Health!.At);
        if (device.Reported is { Model: { State: Contracts.Twin.UpdateState.Failed, Reason: var reason } } reported)
            yield return new Attention("warning", $"{device.Id} could not take its model over: {reason}", link, reported.At);
        if (device.Health?.Spool is { EvictedMessages: > 0 } spool)
            yield return new Attention("warning", $"{device.Id} gave up {spool.EvictedMessages} messages{Kinds(spool)} because its spool was full: its link is too slow or was down too long.", link, device.Health.At);
    }

    private static string Kinds(SpoolHealth spool) => spool.Losses?.Where(loss => loss.Reason != SpoolLossReason.Expired).ToList() is { Count: > 0 } losses
        ? $" ({string.Join(", ", losses.Select(loss => $"{loss.Messages} of kind {loss.Kind?.ToString() ?? "other"}"))})" : "";
}
