using System.Globalization;
using System.Net.Sockets;

namespace CvOps.Testing;

/// <summary>A mosquitto with a second listener for web sockets; alone it would not start (mosquitto's issue 2284).</summary>
public static class WebSocketBroker
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);

    /// <param name="port">Of the web sockets; the broker's own is for MQTT without them.</param>
    /// <param name="listener">Further lines of that listener.</param>
    public static async Task<TestBroker> StartAsync(int port, string listener, CancellationToken cancellationToken = default)
    {
        var broker = await TestBroker.StartAsync($"listener {port.ToString(CultureInfo.InvariantCulture)} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n{listener}", cancellationToken);
        await Eventually.Async(() => AcceptsAsync(port, cancellationToken), StartDeadline, () => broker.Log, cancellationToken);
        return broker;
    }

    private static async Task<bool> AcceptsAsync(int port, CancellationToken cancellationToken)
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync("127.0.0.1", port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
