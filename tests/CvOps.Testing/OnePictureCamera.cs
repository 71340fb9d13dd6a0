using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CvOps.Testing;

/// <summary>An HTTP camera that sends one JPEG to each client and hangs up; to be read as <c>-f mjpeg</c>.</summary>
public sealed class OnePictureCamera : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _answer;
    private readonly Task _serving;

    private OnePictureCamera(byte[] jpeg)
    {
        _answer = [.. "HTTP/1.0 200 OK\r\nContent-Type: video/x-motion-jpeg\r\n\r\n"u8, .. jpeg];
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/line");

    public static OnePictureCamera Start()
    {
        if (TestProcess.Find("ffmpeg") is null) Skip.Because("ffmpeg is not installed: apt-get install ffmpeg");
        using var folder = new TestFolder();
        using (var ffmpeg = Process.Start("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=160x120", "-frames:v", "1", "-f", "mjpeg", "-y", folder["one.jpg"]])) ffmpeg.WaitForExit();
        return new OnePictureCamera(File.ReadAllBytes(folder["one.jpg"]));
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
    }

    private async Task ServeAsync()
    {
        var request = new byte[4096];
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptSocketAsync();
                try
                {
                    // A knock says nothing and goes.
                    if (await client.ReceiveAsync(request) > 0) await client.SendAsync(_answer);
                }
                catch (SocketException)
                {
                    // It went in the middle.
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }
}
