using System.Globalization;
using System.Net.Sockets;

namespace CvOps.Testing;

/// <summary>A real nats-server as an MQTT 3.1.1 broker, on a free port of the loopback; what it acknowledged is on its disk.</summary>
public sealed class NatsServer : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);

    private readonly TestFolder _folder = new();
    private TestProcess? _process;

    private NatsServer()
    {
    }

    public string Host { get; } = "127.0.0.1";

    /// <summary>Stays the same over restarts.</summary>
    public int Port { get; } = TestProcess.FreePort();

    public string Log => _process?.Output ?? "";

    /// <summary>Skips the test when nats-server is absent.</summary>
    public static async Task<NatsServer> StartAsync(CancellationToken cancellationToken = default)
    {
        Skip.Unless(TestProcess.Find("nats-server") is not null, "nats-server is not installed (apt-get install nats-server).");
        var server = new NatsServer();
        try
        {
            await server.RestartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again on the same port, killing it (SIGKILL) first when it runs. Returns when it accepts connections.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await StopAsync();
        // MQTT needs a server name, and JetStream, in which sessions and retained messages are kept.
        await File.WriteAllTextAsync(_folder["nats.conf"], string.Create(CultureInfo.InvariantCulture, $$"""
            server_name: cvops-test
            listen: "127.0.0.1:{{TestProcess.FreePort()}}"
            jetstream { store_dir: "{{_folder["store"]}}" }
            mqtt { host: "127.0.0.1", port: {{Port}} }
            """), cancellationToken);
        _process = TestProcess.Start(TestProcess.Find("nats-server")!, ["-c", _folder["nats.conf"]]);
        await Eventually.Async(async () => _process.HasExited ? throw new InvalidOperationException($"nats-server ended: {Log}") : await AcceptsAsync(cancellationToken),
            StartDeadline, () => Log, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    private async Task StopAsync()
    {
        if (_process is null) return;
        await _process.DisposeAsync();
        _process = null;
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
