using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using MQTTnet.Exceptions;

namespace MQTTnet.Wire;

/// <summary>Opens the connection the options describe: TCP, TLS over it, a web socket over either.</summary>
internal static class Transport
{
    /// <exception cref="MqttCommunicationException">No connection, or one of the sides does not trust the other; the message says which.</exception>
    public static Task<Stream> OpenAsync(MqttClientOptions options, CancellationToken cancellationToken) => options.ChannelOptions switch
    {
        MqttClientTcpOptions tcp => ConnectAsync(
            tcp, tcp.RemoteEndpoint ?? throw new ArgumentException("RemoteEndpoint is not set.", nameof(options)), tcp.NoDelay, tcp.BufferSize, tcp.TlsOptions.UseTls, cancellationToken),
        MqttClientWebSocketOptions webSocket => WebSocketTransport.OpenAsync(webSocket, cancellationToken),
        _ => throw new ArgumentException("ChannelOptions are not set.", nameof(options)),
    };

    /// <summary>What reading and writing throw when the connection is gone, or is being ended here.</summary>
    public static bool IsLoss(Exception e) => e is IOException or WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;

    /// <param name="bufferBytes">Of the socket, each direction; 0 leaves it to the kernel.</param>
    public static async Task<Stream> ConnectAsync(
        IMqttClientChannelOptions channel, EndPoint endpoint, bool noDelay, int bufferBytes, bool secure, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = noDelay };
        if (bufferBytes > 0) (socket.ReceiveBufferSize, socket.SendBufferSize) = (bufferBytes, bufferBytes);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return secure ? await TlsTransport.SecureAsync(stream, channel, endpoint, cancellationToken) : stream;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            socket.Dispose();
            throw new MqttCommunicationException($"No connection to {channel}: {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
