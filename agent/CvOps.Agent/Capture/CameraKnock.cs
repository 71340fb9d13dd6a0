using System.Net.Sockets;
using System.Text;

namespace CvOps.Agent.Capture;

/// <summary>
/// Asks a camera that was lost whether it is back, without starting a decoder: a connection to its port, and for RTSP an OPTIONS request
/// (RFC 2326, 10.1), which needs no password and which a server that stands still does not answer. So a dead camera is asked several times a
/// second at the cost of a few packets, and the decoder starts when there is something to decode.
/// </summary>
internal static class CameraKnock
{
    /// <summary>Longest wait for an answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(300);

    /// <param name="chance">Uniform, [0, 1): cameras behind one switch are not asked in step.</param>
    /// <returns>The wait between two knocks, 150 to 300 ms.</returns>
    public static TimeSpan Pause(double chance) => Shortest + (Longest - Shortest) * chance;

    /// <returns>True when the camera answers, or when its address is of a kind that can't be asked.</returns>
    public static async Task<bool> AnswersAsync(CameraOptions options, CancellationToken cancellationToken)
    {
        switch (options.Kind)
        {
            case CameraKind.V4l2: return File.Exists(CameraAddress.DeviceOf(options.Url));
            case CameraKind.File: return File.Exists(options.Url);
            case CameraKind.Folder: return Directory.Exists(options.Url);
        }
        if (CameraAddress.EndpointOf(options.Url) is not { } endpoint) return true;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(endpoint.Host, endpoint.Port, patience.Token);
            if (!options.Url.StartsWith("rtsp://", StringComparison.OrdinalIgnoreCase)) return true;
            await socket.SendAsync(Encoding.ASCII.GetBytes($"OPTIONS {CameraAddress.Redact(options.Url)} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: cvops-agent\r\n\r\n"), patience.Token);
            return await socket.ReceiveAsync(new byte[64], patience.Token) > 0;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
