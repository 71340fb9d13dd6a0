using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops rollout devices</c>: who is in a rollout and where each is, however many they are.</summary>
internal static class RolloutDevicesCommand
{
    private const int PageDevices = 1000;

    public static Command Create(FleetCommand on)
    {
        var id = new Argument<string>("id");
        var ring = new Option<string?>("--ring") { Description = "Only this ring: its name, or its number from 1." };
        var state = new Option<RolloutDeviceState?>("--state") { Description = "Only devices in this state, such as Waiting or Failed." };
        return on.Watched(new Command("devices", "The devices of a rollout by ring, each with its state and the reason.") { id, ring, state }, ["rollout"], async (parsed, fleet, screen, ct) =>
        {
            var path = $"rollouts/{parsed.GetValue(id)}";
            var plan = (await fleet.Get<RolloutView>(path, ct)).Plan;
            var filter = $"limit={PageDevices}"
                + (parsed.GetValue(ring) is { } text ? string.Create(CultureInfo.InvariantCulture, $"&ring={RingOf(plan, text)}") : "")
                + (parsed.GetValue(state) is { } only ? $"&state={only}" : "");
            var devices = new List<RolloutDevice>();
            for (long? after = -1; after is { } from;)
            {
                var page = await fleet.Get<RolloutDevicePage>(string.Create(CultureInfo.InvariantCulture, $"{path}/devices?{filter}&after={from}"), ct);
                devices.AddRange(page.Devices);
                after = page.Next;
            }
            screen.Page(new RolloutDevicePage(devices, null), devices, "No device of the rollout is there.",
                ("device", device => device.Device.Value), ("ring", device => plan.Rings[device.Ring].Name), ("state", device => $"{device.State}"),
                ("parts", device => device.Parts.ToString(CultureInfo.InvariantCulture)), ("had", device => device.Previous is { } had ? $"{had.Name} {had.Version}" : ""), ("because", device => device.Reason ?? ""));
        });
    }

    /// <exception cref="CliException">The rollout has no such ring.</exception>
    private static int RingOf(RolloutPlan plan, string text)
    {
        for (var ring = 0; ring < plan.Rings.Count; ring++)
            if (plan.Rings[ring].Name == text) return ring;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= plan.Rings.Count) return number - 1;
        throw new CliException($"The rollout has no ring '{text}': name one of {string.Join(", ", plan.Rings.Select(ring => $"'{ring.Name}'"))}, or a number from 1 to {plan.Rings.Count}.", ExitCodes.Configuration);
    }
}
