using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Capture;

/// <summary>
/// A camera that streams over HTTP to any number of clients: for each an ffmpeg draws and encodes a picture in real time, and what it writes
/// may be damaged on the way.
/// </summary>
internal sealed class HttpCamera : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<TcpClient, byte> _clients = new();
    private readonly Func<int, ProcessStartInfo> _program;
    private readonly string _type;
    private readonly Task _accepting;
    private int _served;
    private volatile bool _stalled;

    private HttpCamera(int port, string type, Func<int, ProcessStartInfo> program)
    {
        (_type, _program) = (type, program);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}/line";

    /// <summary>Connections that asked for the stream, knocks not counted.</summary>
    public int Served => Volatile.Read(ref _served);

    /// <summary>Changes the bytes of one read in place; returns how many of them are sent.</summary>
    public Func<byte[], int, int>? Mangle { get; set; }

    /// <summary>Connections stay and nothing comes.</summary>
    public bool Stalled { get => _stalled; set => _stalled = value; }

    /// <summary>H.264 in MPEG-TS of a moving test picture.</summary>
    public static HttpCamera Start(string size, int port = 0, string source = "testsrc") => Start(port, "video/mp2t", _ => H264(size, source));

    /// <param name="arguments">ffmpeg's, by the number of the client from 1; it writes the stream to standard output.</param>
    public static HttpCamera Start(int port, string type, Func<int, string[]> arguments)
    {
        if (TestProcess.Find("ffmpeg") is null) Skip.Because("ffmpeg is not installed: apt-get install ffmpeg");
        return new HttpCamera(port, type, client => new ProcessStartInfo("ffmpeg", ["-hide_banner", "-loglevel", "error", "-nostdin", .. arguments(client)]));
    }

    /// <param name="script">For the shell, by the number of the client from 1; it writes the stream to standard output.</param>
    public static HttpCamera StartShell(string type, Func<int, string> script) => new(0, type, client => new ProcessStartInfo("sh", ["-c", script(client)]));

    public static string[] H264(string size, string source = "testsrc") =>
        ["-re", "-f", "lavfi", "-i", $"{source}=size={size}:rate=25", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10", "-f", "mpegts", "pipe:1"];

    public async ValueTask DisposeAsync()
    {
        if (_accepting.IsCompleted) return;
        await _ending.CancelAsync();
        _listener.Stop();
        foreach (var client in _clients.Keys) client.Close();
        await _accepting;
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true) serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(TcpClient client)
    {
        _clients[client] = 0;
        try
        {
            using var _ = client;
            var network = client.GetStream();
            var buffer = new byte[64 * 1024];
            if (await network.ReadAsync(buffer, _ending.Token) == 0) return;
            var start = _program(Interlocked.Increment(ref _served));
            start.RedirectStandardOutput = true;
            using var encoder = Process.Start(start)!;
            try
            {
                await network.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.0 200 OK\r\nContent-Type: {_type}\r\n\r\n"), _ending.Token);
                int count;
                while ((count = await encoder.StandardOutput.BaseStream.ReadAsync(buffer, _ending.Token)) > 0)
                {
                    while (Stalled) await Task.Delay(20, _ending.Token);
                    await network.WriteAsync(buffer.AsMemory(0, Mangle?.Invoke(buffer, count) ?? count), _ending.Token);
                }
            }
            finally
            {
                encoder.Kill(entireProcessTree: true);
                await encoder.WaitForExitAsync(CancellationToken.None);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The client went, or we did.
        }
        finally
        {
            _clients.TryRemove(client, out _);
        }
    }
}
