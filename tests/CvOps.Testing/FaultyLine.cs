using System.Net.Sockets;

namespace CvOps.Testing;

/// <summary>One connection through a <see cref="FaultProxy"/>.</summary>
internal sealed class FaultyLine(FaultProxy proxy, TcpClient client) : IDisposable
{
    /// <summary>TCP's least pause before it sends a lost segment again (Linux, TCP_RTO_MIN).</summary>
    public static readonly TimeSpan Retransmission = TimeSpan.FromMilliseconds(200);

    private const int SlowBuffer = 4096;

    private readonly TcpClient _server = new();
    private volatile bool _serverLost;

    public void Dispose()
    {
        client.Dispose();
        _server.Dispose();
    }

    public void Close()
    {
        client.Close();
        _server.Close();
    }

    public void LoseServer()
    {
        _serverLost = true;
        _server.Close();
    }

    /// <summary>Until either side is gone.</summary>
    public async Task RunAsync(string host, int port, CancellationToken cancellationToken)
    {
        try
        {
            await _server.ConnectAsync(host, port, cancellationToken);
            await Task.WhenAny(PumpAsync(client, _server, false, cancellationToken), PumpAsync(_server, client, true, cancellationToken));
            if (_serverLost) await SwallowAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Either side is gone, so both are.
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, bool answers, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            var (source, target) = (from.GetStream(), to.GetStream());
            while (true)
            {
                var rate = answers ? 0 : proxy.ReadBytesPerSecond;
                if (rate > 0) from.ReceiveBufferSize = SlowBuffer;
                var count = await source.ReadAsync(rate > 0 ? buffer.AsMemory(0, Math.Max(1, Math.Min(buffer.Length, rate / 10))) : buffer, cancellationToken);
                if (count == 0) return;
                if (rate > 0) await Task.Delay(TimeSpan.FromSeconds((double)count / rate), cancellationToken);
                await proxy.HoldAsync(answers, cancellationToken);
                var last = answers ? null : proxy.CountTowardsReset(count);
                await target.WriteAsync(buffer.AsMemory(0, last ?? count), cancellationToken);
                proxy.Count(last ?? count);
                if (last is null) continue;
                Reset(from);
                Reset(to);
                return;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection was broken, perhaps by us.
        }
    }

    /// <summary>RST instead of FIN.</summary>
    private static void Reset(TcpClient side)
    {
        side.LingerState = new LingerOption(true, 0);
        side.Close();
    }

    private async Task SwallowAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        while (await client.GetStream().ReadAsync(buffer, cancellationToken) > 0)
        {
        }
    }
}
