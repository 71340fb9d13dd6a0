using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace CvOps.Testing;

/// <summary>A TCP proxy that breaks on demand: connections cut, bytes held back, bytes late.</summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<TcpClient, byte> _open = new();
    private readonly string _host;
    private readonly int _port;
    private readonly Task _accepting;
    private volatile TaskCompletionSource? _stalled;
    private volatile bool _refusing;
    private long _latencyTicks;
    private long _bytes;
    private int _accepted;

    private FaultProxy(string host, int port)
    {
        _host = host;
        _port = port;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public string Host { get; } = "127.0.0.1";

    public int Port { get; }

    /// <summary>Bytes handed on, both ways together.</summary>
    public long BytesForwarded => Interlocked.Read(ref _bytes);

    /// <summary>Connections accepted so far.</summary>
    public int Connections => Volatile.Read(ref _accepted);

    /// <summary>How long each piece is held before it is handed on.</summary>
    public TimeSpan Latency
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _latencyTicks));
        set => Interlocked.Exchange(ref _latencyTicks, value.Ticks);
    }

    public static FaultProxy Start(string host, int port) => new(host, port);

    /// <summary>Breaks every connection and refuses new ones until <see cref="Restore"/>.</summary>
    public void Cut()
    {
        _refusing = true;
        Break();
    }

    /// <summary>Breaks every connection; new ones are welcome.</summary>
    public void Break()
    {
        foreach (var client in _open.Keys) client.Close();
    }

    /// <summary>Connections stay open and nothing passes, until <see cref="Restore"/>; then what was held back passes.</summary>
    public void Stall() => _stalled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends <see cref="Cut"/> and <see cref="Stall"/>.</summary>
    public void Restore()
    {
        _refusing = false;
        var stalled = _stalled;
        _stalled = null;
        stalled?.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        Restore();
        Break();
        await _accepting;
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_ending.Token);
                if (_refusing)
                {
                    client.Close();
                    continue;
                }
                Interlocked.Increment(ref _accepted);
                connections.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
        Break();
        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        _open[client] = 0;
        _open[server] = 0;
        try
        {
            await server.ConnectAsync(_host, _port, _ending.Token);
            await Task.WhenAny(PumpAsync(client.GetStream(), server.GetStream()), PumpAsync(server.GetStream(), client.GetStream()));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Either side is gone, so both are.
        }
        finally
        {
            _open.TryRemove(client, out _);
            _open.TryRemove(server, out _);
            client.Dispose();
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await from.ReadAsync(buffer, _ending.Token)) > 0)
            {
                if (Latency > TimeSpan.Zero) await Task.Delay(Latency, _ending.Token);
                if (_stalled is { } stalled) await stalled.Task.WaitAsync(_ending.Token);
                await to.WriteAsync(buffer.AsMemory(0, count), _ending.Token);
                Interlocked.Add(ref _bytes, count);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection was broken, perhaps by us.
        }
    }
}
