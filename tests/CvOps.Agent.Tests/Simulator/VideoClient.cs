using System.Diagnostics;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Simulator;

/// <summary>An ordinary ffmpeg that watches a line: what any client sees of it.</summary>
internal sealed class VideoClient : IDisposable
{
    private readonly Process _process;
    private readonly byte[] _frame;

    public VideoClient(Uri stream, int width, int height)
    {
        (Width, Height) = (width, height);
        _frame = new byte[PictureView.SizeOf(width, height, PixelFormat.I420)];
        var start = new ProcessStartInfo("ffmpeg", ["-loglevel", "error", "-probesize", "100000", "-analyzeduration", "500000", "-fflags", "nobuffer", "-flags", "low_delay", "-i", stream.ToString(), "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"])
        {
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>The newest frame read.</summary>
    public PictureView Frame => new(_frame, Width, Height, PixelFormat.I420);

    public async Task ReadAsync(CancellationToken cancel) => await _process.StandardOutput.BaseStream.ReadExactlyAsync(_frame, cancel);

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
