using System.Net.Sockets;

namespace CvOps.Agent.Capture;

/// <summary>
/// Hears from one ffmpeg child what the camera's RTCP sender reports say of its clock, over a socket in the temporary folder. Nobody else
/// may connect: the folder is this user's.
/// </summary>
internal sealed class SenderReports : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cvops-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _ending = new();
    private readonly SenderReportBoxes _boxes = new();
    private readonly Task _reading;
    private long _startTicks;

    public SenderReports(TimeProvider time)
    {
        var path = Path.Combine(_folder.FullName, "s");
        Address = "unix://" + path;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
        _reading = ReadAsync(time);
    }

    /// <summary>Where ffmpeg is to write.</summary>
    public string Address { get; }

    /// <summary>The camera's clock at the stream's start, by the latest report; null while there was none.</summary>
    public DateTimeOffset? Start => Interlocked.Read(ref _startTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    public void Dispose()
    {
        _ending.Cancel();
        _listener.Dispose();
        _reading.GetAwaiter().GetResult();
        _ending.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task ReadAsync(TimeProvider time)
    {
        try
        {
            using var child = await _listener.AcceptAsync(_ending.Token);
            var buffer = new byte[64 * 1024];
            int count;
            while ((count = await child.ReceiveAsync(buffer, _ending.Token)) > 0)
            {
                _boxes.Read(buffer.AsSpan(0, count), time.GetUtcNow());
                if (_boxes.Start is { } start) Interlocked.Exchange(ref _startTicks, start.UtcTicks);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The child is gone, or we are.
        }
    }
}
