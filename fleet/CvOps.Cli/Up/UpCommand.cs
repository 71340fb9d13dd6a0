using System.CommandLine;
using System.Diagnostics;
using CvOps.Cli.Commands;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Up;

/// <summary><c>cvops up</c>: the whole of CvOps on this machine until Ctrl-C.</summary>
internal static class UpCommand
{
    private static readonly TimeSpan RestartPatience = TimeSpan.FromSeconds(60);

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Folder for certificates, keys, state and logs; kept between starts.", DefaultValueFactory = _ => Path.Combine("artifacts", "up") };
        var lines = new Option<int>("--lines") { Description = "Simulated lines, each with an agent.", DefaultValueFactory = _ => 2 };
        var camera = new Option<string[]>("--camera") { Description = "Address of your own camera (rtsp://, http://, a file); may be given again. Then no line is simulated.", DefaultValueFactory = _ => [] };
        var model = new Option<FileInfo?>("--model") { Description = "A signed .cvmodel for your cameras. Its signer's public key must lie in DATA/trusted-keys." };
        var http = new Option<int>("--http-port") { Description = "Port of the dashboard and API.", DefaultValueFactory = _ => 8080 };
        var broker = new Option<int>("--broker-port") { Description = "Port of the MQTT broker (TLS).", DefaultValueFactory = _ => 8883 };
        var simulator = new Option<int>("--simulator-port") { Description = "Port of the line simulator.", DefaultValueFactory = _ => 8600 };
        var otlp = new Option<string?>("--otlp-endpoint") { Description = "An OpenTelemetry collector (OTLP over HTTP, http://host:4318): metrics, traces and logs of all programs go there." };
        var traces = new Option<double>("--trace-ratio") { Description = "Share of the frames that are traced to it, 0 to 1.", DefaultValueFactory = _ => 0.001 };
        var up = new Command("up", "Start broker, fleet, simulated lines and agents on this machine; Ctrl-C stops everything.") { data, lines, camera, model, http, broker, simulator, otlp, traces };
        up.SetAction((parsed, ct) => FleetCommand.Guard(async () =>
        {
            var cameras = parsed.GetValue(camera)!;
            var package = parsed.GetValue(model);
            if (package is { Exists: false }) throw new CliException($"There is no model at {package.FullName}.", ExitCodes.Configuration);
            if (cameras.Length > 0 && package is null) throw new CliException("Your own camera needs a model: give --model x.cvmodel. 'cvops model pack' makes one from an ONNX file.", ExitCodes.Configuration);
            var simulatorPort = cameras.Length > 0 ? 0 : Ports.Claim(parsed.GetValue(simulator), "--simulator-port");
            var options = new StackOptions(
                parsed.GetValue(data)!, Ports.Claim(parsed.GetValue(http), "--http-port"), Ports.Claim(parsed.GetValue(broker), "--broker-port"), simulatorPort,
                cameras.Length > 0 ? DeviceSpec.OwnCameras(cameras) : DeviceSpec.SimulatedLines(parsed.GetValue(lines), simulatorPort)) { OtlpEndpoint = parsed.GetValue(otlp), TraceRatio = parsed.GetValue(traces) };
            await Stay(options, package, ct);
            return ExitCodes.Ok;
        }));
        return up;
    }

    private static async Task Stay(StackOptions options, FileInfo? package, CancellationToken ct)
    {
        Tell($"Starting CvOps; state, keys and logs lie in {Path.GetFullPath(options.Data)}.");
        await using var stack = await Stack.Start(options, Tell, ct);
        await InstallThroughRestarts(stack, package, ct);
        Tell($"Dashboard and API: {stack.Fleet.Fleet}   devices: {string.Join(", ", stack.Devices.Select(device => device.Device))}");
        if (FirstLink(stack) is { } link) Tell($"Nobody has an account yet. {link}");
        Tell("Ctrl-C stops everything.");
        try
        {
            await Task.Delay(Timeout.Infinite, ct);
        }
        catch (OperationCanceledException)
        {
            Tell("Stopping.");
        }
    }

    /// <summary>What the fleet said about its first administrator since it was started; null when there is one.</summary>
    private static string? FirstLink(Stack stack)
    {
        using var log = new StreamReader(new FileStream(stack.Layout.Log("fleet"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var said = log.ReadToEnd();
        var started = said.LastIndexOf("cvops-fleet listens on", StringComparison.Ordinal);
        const string begins = "cvops-fleet has no administrator yet: o";
        var at = started < 0 ? -1 : said.IndexOf(begins, started, StringComparison.Ordinal);
        return at < 0 ? null : "O" + said[(at + begins.Length)..].Split('\n')[0].Trim();
    }

    /// <summary>A fleet that ends meanwhile is started again by the stack; what it had done before is found done.</summary>
    private static async Task InstallThroughRestarts(Stack stack, FileInfo? package, CancellationToken ct)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await Install(stack, package, ct);
                return;
            }
            catch (CliException e) when (e.ExitCode == ExitCodes.Unreachable && Stopwatch.GetElapsedTime(started) < RestartPatience)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), ct);
            }
        }
    }

    /// <summary>Gives devices that have no model the one that was asked for, or the simulator's. A second start finds them with one and does nothing.</summary>
    private static async Task Install(Stack stack, FileInfo? package, CancellationToken ct)
    {
        var model = await stack.Fleet.PushModel(package?.FullName ?? await stack.PackLineModel(ct), ct);
        if ((await stack.Fleet.Get<RolloutView[]>("rollouts", ct)).Any(view => view.Model.Digest == model.Model.Digest)) return;
        await new Demo.FleetWatch(stack.Fleet).Online(stack.Devices.Count, TimeSpan.FromSeconds(60), ct);
        var first = (await stack.Fleet.Get<DeviceView[]>("devices", ct)).All(device => device.Desired?.Model is null);
        var rollout = await stack.Fleet.Post<RolloutPlan, RolloutView>("rollouts", new RolloutPlan
        {
            Name = $"{model.Model.Name}-{model.Model.Version}",
            Model = model.Model.Digest,
            Everything = true,
            FirstInstallation = first,
            // A single device is its own canary: a ring that nobody is left for would be refused.
            Rings = stack.Devices.Count > 1 ? [new RolloutRing("canary", Count: 1), new RolloutRing("everyone", Percent: 100)] : [new RolloutRing("everyone", Percent: 100)],
            Soak = new Soak(Seconds: 5, Parts: 10, TimeoutSeconds: 600),
        }, ct);
        Tell($"Rolling out {model.Model.Name} {model.Model.Version}: cvops rollout show {rollout.Id} --watch");
    }

    private static void Tell(string message) => Console.Error.WriteLine($"cvops: {message}");
}
