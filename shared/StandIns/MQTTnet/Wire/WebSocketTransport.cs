using System.Net;
using System.Net.WebSockets;
using MQTTnet.Exceptions;

namespace MQTTnet.Wire;

/// <summary>A web socket as a stream: each write is one binary message (MQTT 5, section 6).</summary>
internal static class WebSocketTransport
{
    private const int PlainPort = 80;
    private const int TlsPort = 443;

    /// <exception cref="MqttCommunicationException">No connection, no trust, or the server speaks no web sockets there.</exception>
    public static async Task<Stream> OpenAsync(MqttClientWebSocketOptions options, CancellationToken cancellationToken)
    {
        var text = options.Uri ?? throw new ArgumentException("Uri is not set.", nameof(options));
        if (!text.Contains("://", StringComparison.Ordinal)) text = (options.TlsOptions.UseTls ? "wss://" : "ws://") + text;
        var uri = new Uri(text, UriKind.Absolute);
        var secure = uri.Scheme == Uri.UriSchemeWss;
        var endpoint = new DnsEndPoint(uri.Host, uri.IsDefaultPort ? secure ? TlsPort : PlainPort : uri.Port);

        // TLS is ours, with its options and its words for what went wrong; the web socket is told that it is there already.
        MqttCommunicationException? failure = null;
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, token) =>
            {
                try
                {
                    return await Transport.ConnectAsync(options, endpoint, noDelay: true, 0, secure, token);
                }
                catch (MqttCommunicationException e)
                {
                    failure = e;
                    throw;
                }
            },
        };
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        var socket = new ClientWebSocket();
        try
        {
            foreach (var protocol in options.SubProtocols) socket.Options.AddSubProtocol(protocol);
            foreach (var (name, value) in options.RequestHeaders ?? new Dictionary<string, string>()) socket.Options.SetRequestHeader(name, value);
            socket.Options.KeepAliveInterval = options.KeepAliveInterval;
            await socket.ConnectAsync(new UriBuilder(uri) { Scheme = Uri.UriSchemeWs, Port = endpoint.Port }.Uri, invoker, cancellationToken);
            return WebSocketStream.Create(socket, WebSocketMessageType.Binary, ownsWebSocket: true);
        }
        catch (WebSocketException e)
        {
            socket.Dispose();
            throw failure ?? new MqttCommunicationException($"No web socket at {options}: {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
