using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision.Packaging;

namespace CvOps.Benchmarks.LinkSoak;

/// <summary>
/// A device and a fleet as they are installed: cvops-agent with two played cameras, cvops-fleet, mosquitto with CvOps' own configuration (TLS, certificates,
/// access list), and a proxy before the broker for each of them. Any part can be killed and started again.
/// </summary>
internal sealed class SoakStack : IAsyncDisposable
{
    public static readonly DeviceId Device = new("soak");

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder;
    private readonly TestBroker _broker;
    private readonly int _http = TestProcess.FreePort();
    private TestProcess? _agent;
    private TestProcess? _fleet;
    private bool _cameras = true;

    private SoakStack(TestFolder folder, TestBroker broker)
    {
        (_folder, _broker) = (folder, broker);
        AgentLine = FaultProxy.Start(broker.Host, broker.Port);
        FleetLine = FaultProxy.Start(broker.Host, broker.FleetPort);
    }

    public FaultProxy AgentLine { get; }

    public FaultProxy FleetLine { get; }

    public string SpoolFolder => _folder["agent", "spool"];

    public string Database => _folder["fleet", "fleet.db"];

    public static async Task<SoakStack> StartAsync()
    {
        var folder = new TestFolder();
        var stack = new SoakStack(folder, await TestBroker.StartTlsAsync(ownListener: true, CancellationToken.None));
        try
        {
            await stack.PrepareAsync();
            await stack.StartFleetAsync();
            stack.StartAgent();
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    public Task KillBrokerAsync() => _broker.KillAsync();

    public Task StartBrokerAsync() => _broker.RestartAsync();

    public async Task KillAgentAsync()
    {
        if (_agent is not null) await _agent.DisposeAsync();
        _agent = null;
    }

    public void StartAgent() => _agent = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops-agent.dll"), ["--config", Configure()]);

    /// <summary>SIGTERM; then it is started again, without cameras when it is to have none.</summary>
    public async Task RestartAgentAsync(bool cameras)
    {
        await StopAgentAsync();
        _cameras = cameras;
        StartAgent();
    }

    public async Task StopAgentAsync()
    {
        if (_agent is null) return;
        if (await _agent.StopAsync(Patience) is not 0 and var code) Console.WriteLine($"The agent ended with {code}: {_agent.Output}");
        await KillAgentAsync();
    }

    public async Task KillFleetAsync()
    {
        if (_fleet is not null) await _fleet.DisposeAsync();
        _fleet = null;
    }

    /// <summary>Does not wait until it has found the broker, which may be away.</summary>
    public Task StartFleetAsync()
    {
        var own = IdentityFiles.In(_folder.Path, "fleet");
        _fleet = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll"),
        [
            "--data", _folder["fleet"], "--http", Text($"http://127.0.0.1:{_http}"), "--trusted-keys", _folder["keys"],
            "--broker", Text($"mqtts://localhost:{FleetLine.Port}"), "--ca", _broker.Authority.CertificatePath, "--certificate", own.Certificate, "--key", own.Key,
        ]);
        return _fleet.WaitForOutputAsync("listens on", Patience);
    }

    /// <summary>What a part said last, for a verdict that is bad.</summary>
    public string LastWords => Text($"agent:\n{Tail(_agent)}\nfleet:\n{Tail(_fleet)}");

    /// <summary>A part that ended by itself, which none may.</summary>
    public string? Fallen => _agent is { HasExited: true } ? $"The agent ended by itself: {Tail(_agent)}" : _fleet is { HasExited: true } ? $"The fleet ended by itself: {Tail(_fleet)}" : null;

    public async ValueTask DisposeAsync()
    {
        await KillAgentAsync();
        await KillFleetAsync();
        await AgentLine.DisposeAsync();
        await FleetLine.DisposeAsync();
        await _broker.DisposeAsync();
        _folder.Dispose();
    }

    private async Task PrepareAsync()
    {
        var model = BenchModel.Line();
        using var key = SigningKeys.Create();
        Directory.CreateDirectory(_folder["keys"]);
        SigningKeys.SavePublic(key, _folder["keys", "soak.pem"]);
        PackageBuilder.Build(_folder["model.cvmodel"], model.Manifest, model.Onnx, [], key);
        _broker.Authority.IssueDevice(Device).Save(_folder.Path, Device.Value);
        _broker.Authority.IssueClient(CertificateAuthority.FleetName).Save(_folder.Path, "fleet");
        await using var ffmpeg = TestProcess.Start("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=30:duration=20", "-pix_fmt", "yuv420p", _folder["line.mp4"]]);
        if (await ffmpeg.WaitForExitAsync(Patience) != 0) throw new InvalidOperationException($"ffmpeg: {ffmpeg.Output}");
    }

    private string Configure()
    {
        var own = IdentityFiles.In(_folder.Path, Device.Value);
        // A camera that is not there shows nothing more.
        var video = _cameras ? _folder["line.mp4"] : _folder["gone.mp4"];
        File.WriteAllText(_folder["agent.yaml"], Text($"""
            site: soak
            device: {Device}
            data: '{_folder["agent"]}'
            link:
              brokers: ['mqtts://localhost:{AgentLine.Port}']
              ca: '{_broker.Authority.CertificatePath}'
              certificate: '{own.Certificate}'
              key: '{own.Key}'
              keep-alive-seconds: 4
              longest-pause-seconds: 2
            cameras:
              - {"{"} id: one, url: '{video}', pace: file, loop: true {"}"}
              - {"{"} id: two, url: '{video}', pace: file, loop: true {"}"}
            model:
              trusted-keys: '{_folder["keys"]}'
              package: '{_folder["model.cvmodel"]}'
            inference:
              gpu: false
            health:
              interval-seconds: 1
              listen: 'off'
            """));
        return _folder["agent.yaml"];
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Tail(TestProcess? process) => string.Join('\n', (process?.Output ?? "not running").Split('\n').TakeLast(12));
}
