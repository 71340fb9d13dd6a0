using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace CvOps.Testing;

/// <summary>
/// A TCP proxy that breaks on demand: connections cut, reset in the middle of a packet or half open, bytes held back, late, or read slowly.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<FaultyLine, byte> _open = new();
    private readonly Random _chance;
    private readonly string _host;
    private readonly int _port;
    private readonly Task _accepting;
    private volatile TaskCompletionSource? _stalled;
    private volatile TaskCompletionSource? _answersStalled;
    private volatile bool _refusing;
    private volatile int _readRate;
    private long _latencyTicks;
    private long _resetAfter = -1;
    private long _bytes;
    private double _loss;
    private int _accepted;

    private FaultProxy(string host, int port, int seed)
    {
        _host = host;
        _port = port;
        _chance = new Random(seed);
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

    /// <summary>Share of the pieces, 0 to 1, that take as long as TCP needs to send them again: what packet loss looks like above TCP.</summary>
    public double Loss
    {
        get => Volatile.Read(ref _loss);
        set => Volatile.Write(ref _loss, value);
    }

    /// <summary>A slow reader: at most so many bytes a second are taken from the clients, with buffers that hold little more; 0: no limit.</summary>
    public int ReadBytesPerSecond
    {
        get => _readRate;
        set => _readRate = value;
    }

    /// <param name="seed">Of the chance behind <see cref="Loss"/>.</param>
    public static FaultProxy Start(string host, int port, int seed = 1) => new(host, port, seed);

    /// <summary>Breaks every connection and refuses new ones until <see cref="Restore"/>.</summary>
    public void Cut()
    {
        _refusing = true;
        Break();
    }

    /// <summary>Breaks every connection; new ones are welcome.</summary>
    public void Break()
    {
        foreach (var line in _open.Keys) line.Close();
    }

    /// <summary>The far side is gone without a word: what a client still sends is swallowed and nothing comes back. New connections are served.</summary>
    public void HalfOpen()
    {
        foreach (var line in _open.Keys) line.LoseServer();
    }

    /// <summary>After so many more bytes from the clients the connection they came on is reset (RST) there, in the middle of whatever that is; once.</summary>
    public void ResetAfter(long bytes) => Interlocked.Exchange(ref _resetAfter, bytes);

    /// <summary>Connections stay open and nothing passes, until <see cref="Restore"/>; then what was held back passes.</summary>
    public void Stall() => _stalled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the clients send passes, the answers do not, until <see cref="Restore"/>.</summary>
    public void StallAnswers() => _answersStalled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends <see cref="Cut"/>, <see cref="Stall"/> and <see cref="StallAnswers"/>, loss, latency and slow reading.</summary>
    public void Restore()
    {
        _refusing = false;
        (Latency, Loss, _readRate) = (TimeSpan.Zero, 0, 0);
        var (stalled, answers) = (_stalled, _answersStalled);
        (_stalled, _answersStalled) = (null, null);
        stalled?.TrySetResult();
        answers?.TrySetResult();
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

    /// <summary>What a piece has to go through before it is handed on.</summary>
    internal async Task HoldAsync(bool answers, CancellationToken cancellationToken)
    {
        if (Latency > TimeSpan.Zero) await Task.Delay(Latency, cancellationToken);
        bool lost;
        lock (_chance) lost = Loss > 0 && _chance.NextDouble() < Loss;
        if (lost) await Task.Delay(FaultyLine.Retransmission, cancellationToken);
        if (_stalled is { } stalled) await stalled.Task.WaitAsync(cancellationToken);
        if (answers && _answersStalled is { } held) await held.Task.WaitAsync(cancellationToken);
    }

    /// <returns>How many of these bytes may pass before the reset; null: all, and none.</returns>
    internal int? CountTowardsReset(int bytes)
    {
        var left = Interlocked.Read(ref _resetAfter);
        if (left < 0) return null;
        if (bytes < left)
        {
            Interlocked.Add(ref _resetAfter, -bytes);
            return null;
        }
        Interlocked.Exchange(ref _resetAfter, -1);
        return (int)left;
    }

    internal void Count(int bytes) => Interlocked.Add(ref _bytes, bytes);

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
        using var line = new FaultyLine(this, client);
        _open[line] = 0;
        try
        {
            await line.RunAsync(_host, _port, _ending.Token);
        }
        finally
        {
            _open.TryRemove(line, out _);
        }
    }
}
