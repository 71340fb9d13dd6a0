using System.Globalization;
using System.Net.Sockets;
using CvOps.Contracts.Identity;

namespace CvOps.Testing;

/// <summary>A real mosquitto of its own on a free port of the loopback. Retained messages and sessions survive a restart and, by <c>autosave_on_changes</c>, a kill.</summary>
public sealed class TestBroker : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(10);

    private readonly TestFolder _folder = new();
    private readonly Func<int, string, string> _configuration;
    private TestProcess? _process;
    private CertificateAuthority? _authority;

    private TestBroker(Func<int, string, string> configuration)
    {
        _configuration = configuration;
        Port = TestProcess.FreePort();
    }

    public string Host { get; } = "127.0.0.1";

    /// <summary>Stays the same over restarts.</summary>
    public int Port { get; private set; }

    /// <summary>The log as a file; only of a broker with TLS.</summary>
    public string LogFile => LogIn(Folder);

    private static string LogIn(string folder) => Path.Combine(folder, "mosquitto.log");

    /// <summary>Of the listener for the fleet; the devices' when they share one.</summary>
    public int FleetPort { get; private set; }

    public string Folder => _folder.Path;

    /// <summary>Issues whatever certificate a test needs; only of a broker with TLS.</summary>
    public CertificateAuthority Authority => _authority ?? throw new InvalidOperationException("This broker has no TLS.");

    /// <summary>What the broker logged, connects and refusals included.</summary>
    public string Log => _process?.Output ?? "";

    /// <summary>A plain listener that lets everybody do everything. Skips the test when mosquitto is absent.</summary>
    /// <param name="extra">Further lines of mosquitto.conf.</param>
    public static Task<TestBroker> StartAsync(string extra = "", CancellationToken cancellationToken = default) =>
        StartWithAsync((port, _) => $"listener {port.ToString(CultureInfo.InvariantCulture)} 127.0.0.1\nallow_anonymous true\n{extra}\n", cancellationToken);

    /// <summary>TLS, client certificates and the access list of a fleet, with an authority of its own.</summary>
    public static Task<TestBroker> StartTlsAsync(CancellationToken cancellationToken = default) => StartTlsAsync(false, cancellationToken);

    /// <inheritdoc cref="StartTlsAsync(CancellationToken)"/>
    /// <param name="ownListener">The fleet gets a listener of its own, at <see cref="FleetPort"/>.</param>
    public static async Task<TestBroker> StartTlsAsync(bool ownListener, CancellationToken cancellationToken)
    {
        int? fleetPort = ownListener ? TestProcess.FreePort() : null;
        CertificateAuthority? authority = null;
        var broker = await StartWithAsync((port, folder) =>
        {
            authority ??= CertificateAuthority.Create(folder);
            var revoked = Path.Combine(folder, BrokerConfig.RevocationFileName);
            if (!File.Exists(revoked)) PemFile.WriteCertificate(revoked, authority.RevocationList([], 0).Pem);
            var config = new BrokerConfig
            {
                RevocationList = revoked, FleetPort = fleetPort,
                Folder = folder, Port = port, AuthorityFile = authority.CertificatePath,
                Server = IdentityFiles.In(folder, "server") is { Exist: true } files ? files : authority.IssueServer(["localhost", "127.0.0.1"]).Save(folder, "server"),
            };
            config.Write();
            return config.Configuration() + $"log_dest file {LogIn(folder)}\n";
        }, cancellationToken);
        (broker._authority, broker.FleetPort) = (authority, fleetPort ?? broker.Port);
        return broker;
    }

    /// <summary>A configuration of the caller's; it gets the port and a folder it may write to. Persistence, user and logging are added where it says nothing of them.</summary>
    public static async Task<TestBroker> StartWithAsync(Func<int, string, string> configuration, CancellationToken cancellationToken = default)
    {
        Skip.Unless(TestProcess.Find("mosquitto") is not null, "mosquitto is not installed (apt-get install mosquitto).");
        var broker = new TestBroker(configuration);
        try
        {
            await broker.RestartAsync(cancellationToken);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGHUP: it reads its revocation list anew.</summary>
    public Task ReloadAsync(CancellationToken cancellationToken = default) => SignalAsync("HUP", cancellationToken);

    /// <summary>SIGUSR1: it saves its memory. Returns when it has, for the first time.</summary>
    public async Task SaveAsync(CancellationToken cancellationToken = default)
    {
        await SignalAsync("USR1", cancellationToken);
        await Eventually.Async(() => File.Exists(_folder["mosquitto.db"]), StartDeadline, () => Log, cancellationToken);
    }

    private async Task SignalAsync(string name, CancellationToken cancellationToken)
    {
        using var kill = System.Diagnostics.Process.Start("kill", ["-" + name, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(cancellationToken);
    }

    /// <summary>SIGKILL: connections break, nothing is said goodbye to.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        await _process.KillAsync();
        await _process.DisposeAsync();
        _process = null;
    }

    /// <summary>Starts it again on the same port, killing it first when it runs. Returns when it accepts connections.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await KillAsync();
        var file = _folder["mosquitto.conf"];
        var text = _configuration(Port, _folder.Path);
        if (!text.Contains("persistence_location", StringComparison.Ordinal)) text += $"\npersistence true\npersistence_location {_folder.Path}/\nautosave_interval 1\nautosave_on_changes true\n";
        if (!text.Contains("log_dest", StringComparison.Ordinal)) text += "\nlog_dest stderr\n";
        if (!text.Contains("\nuser ", StringComparison.Ordinal)) text += "\nuser root\n";
        await File.WriteAllTextAsync(file, text + "log_type all\n", cancellationToken);
        _process = TestProcess.Start(TestProcess.Find("mosquitto")!, ["-c", file]);
        await Eventually.Async(async () => _process.HasExited ? throw new InvalidOperationException($"mosquitto ended: {Log}") : await AcceptsAsync(cancellationToken),
            StartDeadline, () => Log, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _authority?.Dispose();
        _folder.Dispose();
    }

    private async Task<bool> AcceptsAsync(CancellationToken cancellationToken)
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync(Host, Port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
