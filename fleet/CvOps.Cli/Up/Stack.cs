using System.Globalization;
using CvOps.Cli.Demo;
using CvOps.Contracts.Identity;

namespace CvOps.Cli.Up;

/// <summary>Broker, fleet manager, simulated lines and an agent each, as processes on this machine. Owns them all: disposing stops them in reverse order.</summary>
internal sealed class Stack : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private readonly StackLayout _layout;
    private readonly StackOptions _options;
    private readonly Action<string> _tell;
    private readonly List<ManagedProcess> _processes = [];
    private readonly IDisposable _credential;
    private BrokerReload? _reload;

    private Stack(StackOptions options, Action<string> tell)
    {
        _options = options;
        _tell = tell;
        _layout = new StackLayout(options.Data);
        var address = new Uri($"http://127.0.0.1:{options.HttpPort}");
        var token = LocalTokenFile.Ensure(_layout.LocalToken);
        Fleet = new FleetClient(address, token);
        // So that cvops in another shell finds it while the stack is there.
        _credential = Credentials.Lend(address, token);
        if (options.Devices.Any(device => device.Line is not null)) Simulator = new SimulatorClient(new Uri($"http://127.0.0.1:{options.SimulatorPort}"));
    }

    public FleetClient Fleet { get; }

    /// <summary>Null when the cameras are the user's own.</summary>
    public SimulatorClient? Simulator { get; }

    public IReadOnlyList<DeviceSpec> Devices => _options.Devices;

    public StackLayout Layout => _layout;

    public ManagedProcess Process(string name) => _processes.Single(process => process.Name == name);

    /// <summary>Starts everything and returns when every part answers.</summary>
    /// <exception cref="CliException">A part did not start; what had started is stopped again.</exception>
    public static async Task<Stack> Start(StackOptions options, Action<string> tell, CancellationToken ct)
    {
        var stack = new Stack(options, tell);
        try
        {
            await stack.StartParts(ct);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_reload is not null) await _reload.DisposeAsync();
        for (var index = _processes.Count - 1; index >= 0; index--) await _processes[index].DisposeAsync();
        _processes.Clear();
        Simulator?.Dispose();
        Fleet.Dispose();
        _credential.Dispose();
    }

    private async Task StartParts(CancellationToken ct)
    {
        // Ask for everything that may be missing before anything is started.
        var mosquitto = Programs.System("mosquitto", "mosquitto");
        Programs.System("ffmpeg", "ffmpeg");
        Programs.System("setpriv", "util-linux");
        var fleet = Programs.Own("CvOps.Fleet", "cvops-fleet");
        Programs.Own("CvOps.Agent", "cvops-agent");
        var simulator = Programs.Own("CvOps.Simulator", "cvops-simulator");

        StackIdentity.Prepare(_layout, _options.BrokerPort, _options.FleetPort);

        Run("broker", mosquitto, ["-c", Path.Combine(_layout.Broker, "mosquitto.conf")]);
        await Answers("broker", () => Task.FromResult(Ports.Listening(_options.BrokerPort)), ct);
        _reload = new BrokerReload(_layout, () => Process("broker").Id);

        Run("fleet", fleet,
        [
            "--data", _layout.FleetData, "--http", Fleet.Fleet.ToString().TrimEnd('/'), "--broker", $"mqtts://127.0.0.1:{_options.FleetPort}",
            "--authority", _layout.Certificates, "--public-brokers", $"mqtts://127.0.0.1:{_options.BrokerPort}", "--broker-log", _layout.Log("broker"),
            "--ca", _layout.CaCertificate, "--certificate", _layout.Identity("fleet").Certificate, "--key", _layout.Identity("fleet").Key,
            .. (string[])(_options.OtlpEndpoint is { } collector ? ["--otlp-endpoint", collector] : []), "--metrics-token", _layout.MetricsToken,
            "--signing-key", _layout.FleetKey, "--trusted-keys", _layout.TrustedKeys, "--local-token", _layout.LocalToken, "--golden-share", _options.GoldenShare.ToString(CultureInfo.InvariantCulture),
        ]);
        await Answers("fleet", async () => await Fleet.Answers(ct), ct);

        if (Simulator is not null)
        {
            Run("simulator", simulator,
            [
                "run", "--lines", string.Join(',', Devices.Select(device => device.Line).OfType<string>()), "--port", $"{_options.SimulatorPort}",
                "--fps", _options.Fps.ToString(CultureInfo.InvariantCulture), "--size", "320x240", "--seed", "1",
            ]);
            await Answers("simulator", async () => await Simulator.Answers(ct), ct);
        }

        foreach (var device in Devices) Add(device);
    }

    /// <summary>Starts one more device.</summary>
    public void Add(DeviceSpec device)
    {
        StackIdentity.Issue(_layout, device.Device);
        Directory.CreateDirectory(_layout.DeviceData(device.Device));
        File.WriteAllText(_layout.DeviceYaml(device.Device), device.Yaml(_layout, _options));
        Run(device.Device.Value, Programs.Own("CvOps.Agent", "cvops-agent"), ["--config", _layout.DeviceYaml(device.Device)]);
    }

    /// <summary>Ends a device for good, as somebody who switches it off.</summary>
    public async Task Remove(DeviceSpec device)
    {
        var process = Process(device.Device.Value);
        _processes.Remove(process);
        await process.DisposeAsync();
    }

    private void Run(string name, string program, IReadOnlyList<string> arguments)
    {
        var process = new ManagedProcess(name, program, arguments, _layout.Log(name), _layout.Data, _tell);
        _processes.Add(process);
        process.Start();
    }

    private async Task Answers(string name, Func<Task<bool>> ask, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(StartPatience);
        try
        {
            while (!await ask())
            {
                if (Process(name).Refused) throw new CliException($"{name} refuses to start: {Process(name).LastWords}", ExitCodes.Configuration);
                await Task.Delay(TimeSpan.FromMilliseconds(200), patience.Token);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new CliException($"{name} did not answer within {StartPatience.TotalSeconds:0} s. Its log, {_layout.Log(name)}, ends with: {Process(name).LastWords}");
        }
    }
}
