using System.Diagnostics;
using CvOps.Agent.Capture;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Capture;

/// <summary>Streams are ffmpeg's own.</summary>
[Trait("tier", "integration")]
public sealed class NutReaderTests
{
    [Theory]
    [InlineData("yuv420p", "I420", 25)]
    [InlineData("nv12", "Nv12", 30)]
    public void Each_picture_comes_with_its_time_and_its_bytes(string pixels, string format, int rate)
    {
        const int frames = 400;
        var nut = Nut($"testsrc=size=66x50:rate={rate}", pixels, frames);
        var reader = new NutReader(new MemoryStream(nut));
        var stream = reader.ReadHeaders()!.Value;
        Assert.Equal((66, 50, format, (DateTimeOffset?)null), (stream.Width, stream.Height, stream.Format.ToString(), stream.Recorded));
        var size = PictureView.SizeOf(66, 50, stream.Format);
        var picture = new byte[size];
        for (var i = 0; i < frames; i++)
        {
            Assert.True(reader.TryReadHeader(out var time, out var bytes));
            Assert.Equal(size, bytes);
            Assert.Equal(i / (double)rate, time.TotalSeconds, 0.001);
            Assert.True(reader.ReadPixels(picture));
        }
        Assert.False(reader.TryReadHeader(out _, out _));
    }

    [Fact]
    public void A_recordings_time_comes_from_its_metadata()
    {
        var reader = new NutReader(new MemoryStream(Nut("testsrc=size=64x48", "yuv420p", 1, "-metadata", "creation_time=2024-03-05T06:07:08Z")));
        Assert.Equal(new DateTimeOffset(2024, 3, 5, 6, 7, 8, TimeSpan.Zero), reader.ReadHeaders()!.Value.Recorded);
    }

    [Fact]
    public void Damaged_and_truncated_streams_end_in_a_sentence_never_in_a_crash_or_a_wait()
    {
        var nut = Nut("testsrc=size=32x32", "yuv420p", 20);
        var random = new Random(13);
        for (var i = 0; i < 4000; i++)
        {
            var bytes = nut[..random.Next(1, nut.Length)].ToArray();
            for (var flips = random.Next(0, 4); flips > 0; flips--) bytes[random.Next(Math.Min(bytes.Length, 600))] ^= (byte)random.Next(1, 256);
            try
            {
                var reader = new NutReader(new MemoryStream(bytes));
                var picture = new byte[32 * 32 * 3 / 2];
                if (reader.ReadHeaders() is null) continue;
                while (reader.TryReadHeader(out _, out var size) && reader.ReadPixels(size <= picture.Length ? picture.AsSpan(0, size) : picture)) { }
            }
            catch (NutException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    [Fact]
    public void Reading_pictures_and_looking_at_them_allocates_nothing()
    {
        using var folder = new TestFolder();
        var options = CameraRig.Options(CameraRig.Video(folder, "a.mp4", 600), Pace.Fast) with { FrozenAfter = TimeSpan.FromSeconds(10) };
        using var source = FfmpegCamera.Start(options, FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH")));
        var start = source.Open()!.Value;
        var (pool, frozen, clock, status) = (new FramePool(), new FrozenPictureRule(TimeSpan.FromSeconds(10)), new CaptureClock(options, start), new CameraStatus(options, TimeProvider.System));
        var lane = new CameraLane(options with { Policy = FramePolicy.Freshest }, TimeProvider.System);
        using var queue = new FrameQueue();
        queue.Add(lane);
        status.Begin();
        var before = 0L;
        for (var number = 0; number < 500; number++)
        {
            if (number == 200) before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(source.TryNext(out var picture));
            var frame = pool.Rent(picture.Width, picture.Height, picture.Format, "test");
            Assert.True(source.Fill(frame.Pixels[..frame.PictureBytes]));
            frame.Stamp(lane, 1, number, clock.Of(picture.Time, TimeProvider.System.GetUtcNow()), TimeProvider.System.GetTimestamp());
            frozen.IsFrozen(PictureHash.Of(frame.Picture), TimeSpan.FromMilliseconds(number));
            status.Picture();
            queue.Put(frame, CancellationToken.None);
        }
        var perFrame = (GC.GetAllocatedBytesForCurrentThread() - before) / 300.0;
        TestContext.Current.TestOutputHelper?.WriteLine($"{perFrame} bytes a frame");
        Assert.True(perFrame <= DebugBytesPerFrame, $"{perFrame} bytes a frame");
    }

    // A debug build's pool remembers who holds each frame.
#if DEBUG
    private const double DebugBytesPerFrame = 80;
#else
    private const double DebugBytesPerFrame = 0;
#endif

    private static byte[] Nut(string source, string pixels, int frames, params string[] more)
    {
        if (TestProcess.Find("ffmpeg") is null) Skip.Because("ffmpeg is not installed: apt-get install ffmpeg");
        using var ffmpeg = Process.Start(new ProcessStartInfo("ffmpeg", ["-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", source, "-frames:v", $"{frames}", .. more, "-pix_fmt", pixels, "-c:v", "rawvideo", "-f", "nut", "-write_index", "0", "pipe:1"]) { RedirectStandardOutput = true })!;
        using var bytes = new MemoryStream();
        ffmpeg.StandardOutput.BaseStream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
