using System.Net.Http.Headers;
using System.Security.Cryptography;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Ingest;
using CvOps.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace CvOps.Fleet.Tests;

/// <summary>
/// A whole fleet in this process: a real mosquitto with TLS and the product's access list, real databases in a folder of its own, HTTP on a free port.
/// </summary>
internal sealed class FleetHost : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly TestFolder _folder = new();
    private readonly Action<WebApplicationBuilder>? _change;
    private WebApplication? _app;

    private FleetHost(TestBroker broker, Action<WebApplicationBuilder>? change)
    {
        (Broker, _change) = (broker, change);
        var identity = broker.Authority.IssueClient(CertificateAuthority.FleetName).Save(_folder["identity"], "fleet");
        var keys = Directory.CreateDirectory(_folder["trusted"]).FullName;
        SigningKeys.SavePublic(SigningKey, Path.Combine(keys, "fleet.pem"));
        SigningKeys.Save(SigningKey, _folder["signing.pem"]);
        Options = new FleetOptions
        {
            Data = _folder["data"], Http = "http://127.0.0.1:0", Broker = $"mqtts://127.0.0.1:{broker.FleetPort}", Ca = broker.Authority.CertificatePath,
            Certificate = identity.Certificate, Key = identity.Key, SigningKey = _folder["signing.pem"], TrustedKeys = keys, LocalToken = _folder["local.token"], PasswordIterations = 10_000,
        };
        TestCluster.Prepare(Options);
    }

    public TestBroker Broker { get; }

    public FleetOptions Options { get; }

    /// <summary>Its public half is trusted by this fleet.</summary>
    public ECDsa SigningKey { get; } = SigningKeys.Create();

    /// <summary>Of the API: relative addresses such as <c>devices</c>. Another one after a restart.</summary>
    public HttpClient Http { get; private set; } = new();

    public IServiceProvider Services => (_app ?? throw new InvalidOperationException("The fleet is stopped.")).Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    /// <param name="set">Changes to the options.</param>
    /// <param name="change">Runs before the fleet's own services, which leave a registered TimeProvider in place; observers go here too.</param>
    /// <param name="start">False: only the broker and the folders, for a test that starts the program itself.</param>
    /// <param name="ownListener">The fleet has a listener of the broker's of its own, as under <c>cvops up</c>.</param>
    public static async Task<FleetHost> StartAsync(Action<FleetOptions>? set = null, Action<WebApplicationBuilder>? change = null, bool start = true, bool ownListener = false)
    {
        var broker = await TestBroker.StartTlsAsync(ownListener, TestContext.Current.CancellationToken);
        var host = new FleetHost(broker, change);
        set?.Invoke(host.Options);
        if (start) await host.StartFleetAsync();
        return host;
    }

    public async Task StopFleetAsync()
    {
        if (_app is null) return;
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = null;
        Http.Dispose();
    }

    /// <summary>Starts on the data there is; returns when the ingest is connected.</summary>
    public async Task StartFleetAsync()
    {
        _app = FleetApp.Build(Options, _change);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        Http = Client(new Uri(_app.Urls.First()));
        var link = Services.GetRequiredService<FleetLink>();
        await Eventually.Async(() => link.IsConnected, Deadline, () => Broker.Log, TestContext.Current.CancellationToken);
    }

    /// <summary>The API of a fleet that runs as a process of its own.</summary>
    public void Talk(Uri fleet)
    {
        Http.Dispose();
        Http = Client(fleet);
    }

    public async Task RestartFleetAsync()
    {
        await StopFleetAsync();
        await StartFleetAsync();
    }

    /// <summary>A device with a certificate of its own, connected to the broker.</summary>
    public Task<TestDevice> ConnectDeviceAsync(string id, long boot = 1) =>
        TestDevice.ConnectAsync(this, new DeviceId(id), boot, Broker.Authority.IssueDevice(new DeviceId(id)), Broker.Authority.Certificate);

    /// <summary>Waits until the fleet's own tables satisfy the condition.</summary>
    public static Task UntilAsync(Func<Task<bool>> condition, string what) =>
        Eventually.Async(condition, Deadline, () => what, TestContext.Current.CancellationToken);

    /// <summary>A client of the API that may do everything there.</summary>
    public HttpClient Client(Uri fleet) => new() { BaseAddress = new Uri(fleet, $"{ApiRoutes.Root}/"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", LocalToken) } };

    /// <summary>Opens everything at this fleet.</summary>
    public string LocalToken => LocalTokenFile.Ensure(Options.LocalToken!);

    /// <summary>For <c>cvops</c> as a process.</summary>
    public IReadOnlyDictionary<string, string?> CliEnvironment => new Dictionary<string, string?> { ["CVOPS_TOKEN"] = LocalToken };

    /// <summary>Command line of <c>cvops-fleet</c> with these options.</summary>
    public string[] Arguments(int port) =>
    [
        "--data", Options.Data, "--http", $"http://127.0.0.1:{port}", "--broker", Options.Broker, "--ca", Options.Ca!, "--certificate", Options.Certificate!, "--key", Options.Key!,
        "--signing-key", Options.SigningKey!, "--trusted-keys", Options.TrustedKeys!, "--local-token", Options.LocalToken!,
    ];

    /// <summary>For <see cref="StartAsync"/>: a fleet that has the broker's authority, and so lets devices in.</summary>
    public static void WithAuthority(FleetOptions options) => options.Authority = Path.GetDirectoryName(options.Ca);

    public string InFolder(string name) => _folder[name];

    public async ValueTask DisposeAsync()
    {
        await StopFleetAsync();
        Http.Dispose();
        await Broker.DisposeAsync();
        SigningKey.Dispose();
        _folder.Dispose();
    }
}
