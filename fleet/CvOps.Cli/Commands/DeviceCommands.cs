using Command = System.CommandLine.Command;
using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;

namespace CvOps.Cli.Commands;

internal static class DeviceCommands
{
    private const int ShownConnections = 10;

    public static IEnumerable<Command> All(FleetCommand on)
    {
        yield return on.Watched(new Command("status", "The fleet in one look: what needs a person comes first."), ["device", "rollout", "drift", "frame", "alert"], async (_, fleet, screen, ct) =>
        {
            var view = await fleet.Get<FleetOverview>("fleet", ct);
            screen.One(view,
                ("devices", $"{view.Online} of {view.Devices} online"), ("cameras", $"{view.CamerasLive} of {view.Cameras} live"),
                ("inspections today", view.InspectionsToday.ToString("N0", CultureInfo.InvariantCulture)), ("rollouts running", $"{view.RolloutsRunning}"),
                ("drift alarms", $"{view.DriftAlarms}"), ("frames to label", $"{view.FramesToLabel}"),
                ("needs attention", view.NeedsAttention.Count == 0 ? "nothing" : string.Join('\n', view.NeedsAttention.Select(item => $"{item.Severity}: {item.Message}"))));
        });

        var devices = new Command("devices", "Devices, their twins, and who may come in.");
        var select = new Option<string?>("--select") { Description = "Only those a label selector matches, e.g. 'site=ulm,line in (3,4),!retired'; site, device and group count as labels." };
        var wide = new Option<bool>("--wide") { Description = "Site, each camera by name, frames a second, inspections and when it was last seen, for a wide terminal." };
        devices.Add(on.Watched(new Command("list", "Every device.") { select, wide }, ["device"], async (parsed, fleet, screen, ct) => DeviceList.Show(screen,
            await fleet.Get<DeviceView[]>(parsed.GetValue(select) is { } text ? $"devices?select={Uri.EscapeDataString(text)}" : "devices", ct), parsed.GetValue(wide))));

        var id = new Argument<string>("device");
        devices.Add(on.Watched(new Command("show", "One device.") { id }, ["device"], async (parsed, fleet, screen, ct) => Show(screen, await fleet.Get<DeviceView>($"devices/{parsed.GetValue(id)}", ct))));

        var labels = new Argument<string[]>("labels") { Description = "name=value to set, name= to remove.", Arity = ArgumentArity.OneOrMore };
        devices.Add(on.On(new Command("label", "Set or remove labels, by which rollouts choose devices.") { id, labels }, async (parsed, fleet, screen, ct) =>
        {
            var change = new LabelsChange(parsed.GetValue(labels)!.Select(Pair).ToDictionary(pair => pair.Name, pair => pair.Value.Length == 0 ? null : pair.Value));
            Show(screen, await fleet.Put<LabelsChange, DeviceView>($"devices/{parsed.GetValue(id)}/labels", change, ct));
        }));

        var name = new Argument<string>("name") { Description = "ping, restart-camera, update-now, line or log." };
        var arguments = new Argument<string[]>("arguments") { Description = "name=value, e.g. camera=cam-1 or state=idle.", Arity = ArgumentArity.ZeroOrMore };
        var expires = new Option<double>("--expires") { Description = "Seconds for which the device may still do it, also once it is back; at most 3600. Default: as long as the answer is waited for." };
        devices.Add(on.On(new Command("command", "Send a command and wait for the device's answer.") { id, name, arguments, expires }, async (parsed, fleet, screen, ct) =>
        {
            var request = new CommandRequest(parsed.GetValue(name)!, parsed.GetValue(arguments)!.Select(Pair).ToDictionary(pair => pair.Name, pair => pair.Value), ExpiresSeconds: parsed.GetValue(expires));
            var answer = await fleet.Post<CommandRequest, CommandResponse>($"devices/{parsed.GetValue(id)}/commands", request, ct);
            screen.One(answer, ("succeeded", $"{answer.Succeeded}"), ("message", answer.Message));
            if (!answer.Succeeded) throw new CliException($"{answer.Device} refused: {answer.Message}");
        }));
        devices.Add(on.Watched(new Command("commands", "What a device was told to do, and what became of it; the newest first.") { id }, ["device"], async (parsed, fleet, screen, ct) =>
            screen.Table(await fleet.Get<CommandView[]>($"devices/{parsed.GetValue(id)}/commands", ct), "This device was never told to do anything.",
                ("command", view => $"{view.Name}{string.Concat((view.Arguments ?? new Dictionary<string, string>()).Select(pair => $" {pair.Key}={pair.Value}"))}"), ("is", view => $"{view.State}"),
                ("issued", view => $"{view.IssuedAt:u}"), ("until", view => $"{view.ExpiresAt:u}"), ("by", view => view.By), ("answer", view => view.Message ?? ""), ("id", view => view.Id))));
        var lines = new Option<int>("--lines") { Description = "How many of the newest, at most 500.", DefaultValueFactory = _ => 100 };
        var severity = new Option<LogSeverity>("--severity") { Description = "Only what is at least as bad." };
        devices.Add(on.On(new Command("log", "What the agent of a device has said since it started, the newest line last.") { id, lines, severity }, async (parsed, fleet, screen, ct) =>
        {
            var request = new CommandRequest("log", new Dictionary<string, string> { ["lines"] = parsed.GetValue(lines).ToString(CultureInfo.InvariantCulture), ["severity"] = $"{parsed.GetValue(severity)}" });
            var answer = await fleet.Post<CommandRequest, CommandResponse>($"devices/{parsed.GetValue(id)}/commands", request, ct);
            if (!answer.Succeeded) throw new CliException($"{answer.Device} refused: {answer.Message}");
            screen.Table(answer.Log ?? [], "The agent has said nothing of that kind since it started.",
                ("at", line => $"{line.At:u}"), ("severity", line => $"{line.Severity}"), ("source", line => line.Source), ("message", line => line.Message));
        }));
        foreach (var command in DeviceAccessCommands.All(on)) devices.Add(command);
        devices.Aliases.Add("device");
        yield return devices;
    }

    private static void Show(Output.Screen screen, DeviceView device) => screen.One(device,
        ("device", $"{device.Id} at {device.Site}, {device.Connectivity}{(device.ConnectivitySince is { } since ? $" since {since:u}" : "")}{(device.Overdue ? ", overdue" : "")}, last seen {device.LastSeen:u}"),
        ("clock", device.Clock is { } clock ? string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(clock.Seconds):0.###} s {(clock.Seconds > 0 ? "ahead" : "behind")} of the fleet's, give or take {clock.UncertaintySeconds:0.###} s") : null),
        ("labels", string.Join(' ', device.Labels.Select(pair => $"{pair.Key}={pair.Value}"))),
        ("model", device.Reported?.Model is { } model ? $"{model.Active?.Name} {model.Active?.Version} ({model.State}) {model.Reason}" : "none reported"),
        ("wanted", device.Desired?.Model is { } desired ? $"{desired.Model.Name} {desired.Model.Version}" : "nothing"),
        ("agent", Program(device)),
        ("provider", device.Reported?.Provider),
        ("cameras", string.Join('\n', device.Health?.Cameras.Select(camera => string.Create(CultureInfo.InvariantCulture, $"{camera.Camera} {camera.State} {camera.Fps:0.0} fps, p99 {camera.LatencyMsP99:0} ms, {camera.FramesInspected} inspected, {camera.FramesDropped} dropped {camera.Problem}")) ?? [])),
        ("spool", device.Health?.Spool is { } spool ? $"{spool.WaitingMessages} waiting, {spool.EvictedMessages} evicted, {spool.DeadLetters} dead letters" : null),
        ("waiting", device.Health?.Spool.Classes is { } classes ? string.Join(", ", classes.Select(it => $"{it.Name} {it.WaitingMessages}")) : null),
        ("given up", device.Health?.Spool.Losses is { } losses ? string.Join(", ", losses.Select(it => $"{it.Messages} {it.Kind?.ToString() ?? "other"} ({it.Reason})")) : null),
        ("inspections", $"{device.Inspections} applied, {device.Duplicates} duplicates left out"),
        ("connections", device.Connections is { Count: > 0 } events ? string.Join('\n', events.Take(ShownConnections).Select(it => $"{it.At:u} {it.Connectivity} ({it.Reason})")) : null));

    /// <summary>Which program the device's agent is, what is wanted of it and how that stands.</summary>
    internal static string? Program(DeviceView device)
    {
        if (device.Reported?.Program is not { } program) return device.Reported?.AgentVersion;
        var wanted = device.Desired?.Program is { } desired && desired.Version != program.Version ? $"; {desired.Version} wanted" : "";
        var change = program.TargetVersion is { } target ? $"; change to {target} {program.State}{(program.Wait is { } wait ? $", waits for {wait.For}" : "")}{(program.Reason is { } reason ? $": {reason}" : "")}" : "";
        return $"{program.Version}{(program.Slot is null ? "" : $" from slot {program.Slot}, installed is {program.Installed}")}{wanted}{change}";
    }

    internal static (string Name, string Value) Pair(string text)
    {
        var cut = text.IndexOf('=', StringComparison.Ordinal);
        return cut > 0 ? (text[..cut], text[(cut + 1)..]) : throw new CliException($"'{text}' is not of the form name=value.", ExitCodes.Configuration);
    }
}
