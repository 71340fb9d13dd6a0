using System.Globalization;
using CvOps.Agent.Tests.Capture;
using CvOps.Agent.Tests.Update;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Host;

/// <summary>What the real program <c>cvops-agent</c> needs around it: a broker with TLS, a package server, a video; and the fleet's side of it.</summary>
internal sealed class AgentRig : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly string _identity;

    private AgentRig(TestBroker broker, UpdateRig packages)
    {
        (Broker, Packages) = (broker, packages);
        Fleet = new FleetSide(broker, Topics);
        Proxy = FaultProxy.Start("127.0.0.1", broker.Port);
        _identity = packages.Folder["identity"];
        broker.Authority.IssueDevice(Device).Save(_identity, "device");
        Cameras = $$"""
              - { id: cam-1, url: '{{CameraRig.Video(packages.Folder, "line.mp4", 50)}}', pace: file, loop: true }
            """;
        packages.Publish("v1");
        Package = packages.Folder["v1.cvmodel"];
    }

    public static string Assembly => Path.Combine(AppContext.BaseDirectory, "cvops-agent.dll");

    public static DeviceId Device { get; } = new("press-1");

    public static Topics Topics { get; } = new(new SiteId("plant"), Device);

    public TestBroker Broker { get; }

    public string DeviceKey => Path.Combine(_identity, "device.key");

    /// <summary>Between agent and broker.</summary>
    public FaultProxy Proxy { get; }

    public FleetSide Fleet { get; }

    /// <summary>Keys, packages and their HTTP server; its data folder is the agent's.</summary>
    public UpdateRig Packages { get; }

    public string Package { get; set; }

    /// <summary>The items of the list, as YAML.</summary>
    public string Cameras { get; set; }

    public TimeSpan ProgramSoak { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>More of the section <c>update</c>, as YAML; empty for nothing.</summary>
    public string Update { get; set; } = "";

    public int HealthPort { get; } = TestProcess.FreePort();

    public static async Task<AgentRig> CreateAsync()
    {
        var broker = await TestBroker.StartTlsAsync(TestContext.Current.CancellationToken);
        var rig = new AgentRig(broker, await UpdateRig.CreateAsync());
        await rig.Fleet.ListenAsync(TestContext.Current.CancellationToken);
        return rig;
    }

    public AgentProcess Start(IReadOnlyDictionary<string, string?>? environment = null) =>
        new(this, TestProcess.StartAssembly(Assembly, ["--config", Configure()], environment));

    /// <summary>Starts it and waits until its inspections arrive.</summary>
    public async Task<AgentProcess> StartInspectingAsync()
    {
        var agent = Start();
        await ArrivedAsync(5, agent);
        return agent;
    }

    /// <summary>Waits for this many further inspections.</summary>
    public Task ArrivedAsync(int more, AgentProcess agent)
    {
        var wanted = Fleet.Inspections().Count + more;
        return UntilAsync(() => Fleet.Inspections().Count >= wanted, agent);
    }

    public Task UntilAsync(Func<bool> condition, AgentProcess agent, Func<string>? seen = null) => Eventually.Async(
        () => condition() || (agent.Process.HasExited ? throw new InvalidOperationException($"The agent ended with {agent.Process.ExitCode}: {agent.Process.Output}") : false),
        Deadline, () => $"{seen?.Invoke()} {Fleet.Inspections().Count} inspections; the agent says: {agent.Process.Output}", TestContext.Current.CancellationToken);

    /// <returns>Path of the configuration file.</returns>
    public string Configure()
    {
        var path = Packages.Folder["agent.yaml"];
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"""
            site: plant
            device: {Device}
            data: '{Packages.Data}'
            link:
              brokers: ['mqtts://localhost:{Proxy.Port}']
              ca: '{Broker.Authority.CertificatePath}'
              certificate: '{_identity}/device.pem'
              key: '{_identity}/device.key'
              longest-pause-seconds: 0.2
            cameras:
            {Cameras}
            model:
              trusted-keys: '{Packages.Folder["keys"]}'
              package: '{Package}'
            inference:
              gpu: false
            update:
              soak-frames: 5
              soak-seconds: 0
              download-attempts: 1
              program-soak-seconds: {ProgramSoak.TotalSeconds}
            {Update}
            health:
              listen: 127.0.0.1:{HealthPort}
              interval-seconds: 1
            """));
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        Fleet.Dispose();
        await Proxy.DisposeAsync();
        await Broker.DisposeAsync();
        await Packages.DisposeAsync();
    }
}

/// <summary>One life of the agent's process.</summary>
internal sealed class AgentProcess(AgentRig rig, TestProcess process) : IAsyncDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{rig.HealthPort}"), Timeout = AgentRig.Deadline };

    public TestProcess Process => process;

    public Task<string> MetricsAsync() => _http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);

    /// <summary>A metric without labels, as of the last health message.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var line = (await MetricsAsync()).Split('\n').First(it => it.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line[name.Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>SIGKILL to the agent alone: what becomes of its children is its own affair.</summary>
    public async Task KillAloneAsync()
    {
        using var kill = System.Diagnostics.Process.Start("kill", ["-KILL", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(AgentRig.Deadline, TestContext.Current.CancellationToken);
    }

    /// <summary>Children that run, by proc(5).</summary>
    public IReadOnlyList<int> Children() =>
        [.. Directory.EnumerateDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0).Where(id => id > 0 && StatusOf(id) is [var state, var parent, ..] && state != "Z" && parent == $"{process.Id}")];

    /// <summary>False for one that is gone or waits to be buried.</summary>
    public static bool Runs(int id) => StatusOf(id) is [not "Z", ..];

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await process.DisposeAsync();
    }

    /// <returns>State, parent and what follows; empty when there is no such process.</returns>
    private static string[] StatusOf(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
