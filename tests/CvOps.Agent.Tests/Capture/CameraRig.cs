using System.Diagnostics;
using CvOps.Agent.Capture;
using CvOps.Agent.Clips;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Capture;

/// <summary>One camera loop on real time with a queue to take its frames from; fails the test when a frame is missing at the end.</summary>
internal sealed class CameraRig : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public CameraRig(CameraOptions options, string? searchPath = null, EncodedRing? ring = null)
    {
        Loop = new CameraLoop(new CameraLane(options, TimeProvider.System), Queue, Pool, FfmpegPrograms.Find(searchPath ?? Environment.GetEnvironmentVariable("PATH")),
            TimeProvider.System, new Random(1), Log.For<CameraLoop>(), ring: ring);
        Queue.Add(Loop.Lane);
    }

    /// <summary>What operators read.</summary>
    public HeardLog Log { get; } = new();

    public FramePool Pool { get; } = new();

    public FrameQueue Queue { get; } = new();

    public CameraLoop Loop { get; }

    public static CameraOptions Options(string url, Pace pace) => new() { Id = new CameraId("cam"), Url = url, Pace = pace };

    public Task StartAsync() => Loop.StartAsync(CancellationToken.None);

    /// <summary>The next frame; fails after the deadline.</summary>
    public Frame Take()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Deadline);
        return Queue.Take(patience.Token) ?? throw new TimeoutException($"No frame within {Deadline.TotalSeconds} s; the camera is {Describe()}");
    }

    /// <summary>Takes frames until one has this size.</summary>
    public Task UntilSizeAsync(int width, int height) => Task.Run(() =>
    {
        while (true)
        {
            using var frame = Take();
            if ((frame.Width, frame.Height) == (width, height)) return;
        }
    }, TestContext.Current.CancellationToken);

    public string Describe() => $"{Loop.State}: {Loop.TakeHealth().Problem} Heard: {string.Join("; ", Log.Lines)}";

    public Task UntilAsync(Func<CameraLoop, bool> condition) =>
        Eventually.Async(() => condition(Loop), Deadline, Describe, TestContext.Current.CancellationToken);

    /// <summary>Makes a video of a moving test picture; skips the test without ffmpeg.</summary>
    public static string Video(TestFolder folder, string name, int frames, string size = "160x90", string codec = "libx264", string pixels = "yuv420p", string source = "testsrc")
    {
        if (TestProcess.Find("ffmpeg") is null) Skip.Because("ffmpeg is not installed: apt-get install ffmpeg");
        var path = folder[name];
        using var ffmpeg = Process.Start("ffmpeg", ["-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", $"{source}{(source.Contains('=', StringComparison.Ordinal) ? ':' : '=')}size={size}:rate=25", "-frames:v", $"{frames}", "-c:v", codec, "-pix_fmt", pixels, "-y", path]);
        ffmpeg.WaitForExit();
        Assert.Equal(0, ffmpeg.ExitCode);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await Loop.StopAsync(CancellationToken.None);
        Queue.Dispose();
        Loop.Dispose();
        Assert.True(Pool.Outstanding == 0, $"{Pool.Outstanding} frames were not given back: {string.Join(", ", Pool.Owners)}");
    }
}
