using System.Diagnostics;
using CvOps.Contracts.Telemetry;
using CvOps.Shared.Tests.Vision;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Tracking;

namespace CvOps.Shared.Tests.Tracking;

/// <summary>Real detections of real objects that pass a fixed camera.</summary>
[Trait("tier", "integration")]
public sealed class TrackingOnVideoTests
{
    [Fact]
    public void A_worker_who_walks_through_the_hall_keeps_one_name()
    {
        var life = Assert.Single(Follow(Detect("worker-zone-preview.mp4", 480, 270, 0, 71)));
        Assert.Equal(("person", 71), (life.Class, life.Seen));
        Assert.True(life.FirstX - life.LastX > 150, $"{life}");
    }

    [Fact]
    public void Bottles_keep_their_names_while_hands_take_two_of_three_away()
    {
        var lives = Follow(Detect("bottle-detection.mp4", 640, 360, 480, 80));
        var bottles = lives.Where(life => life.Class == "bottle").ToList();
        Assert.Equal(3, bottles.Count);
        Assert.Single(bottles, life => life is { Seen: 80, LastX: > 500 });
        Assert.All(bottles, life => Assert.True(life.Seen >= 45 && life.Seen == life.Last - life.First + 1, $"{life} was not seen in each frame of its life"));
        Assert.Contains(lives, life => life.Class == "person");
    }

    [Fact, Trait("tier", "slow")]
    public void Every_bottle_of_the_whole_video_has_one_name()
    {
        var bottles = Follow(Detect("bottle-detection.mp4", 640, 360, 0, 1189)).Where(life => life.Class == "bottle").ToList();
        // Three places on the table; a hand takes a bottle away or puts one there. The longest stands there for half a minute.
        Assert.Equal(7, bottles.Count);
        Assert.Equal(954, bottles.Max(life => life.Seen));
        Assert.All(bottles, life => Assert.Equal(life.Last - life.First + 1, life.Seen));
    }

    /// <summary>A name's life: first and last frame, frames seen in, and where its box's centre was then.</summary>
    private sealed record Life(string Class, int First, double FirstX)
    {
        public int Last { get; set; }

        public int Seen { get; set; }

        public double LastX { get; set; }
    }

    private static List<Life> Follow(IEnumerable<List<Detection>> frames)
    {
        var tracker = new ByteTracker(new ByteTrackOptions());
        var lives = new SortedDictionary<long, Life>();
        var frame = 0;
        foreach (var detections in frames)
        {
            tracker.Update(detections);
            foreach (var detection in detections)
            {
                if (detection.Track is not { } name) continue;
                var x = detection.X + detection.Width / 2;
                if (!lives.TryGetValue(name, out var life)) lives[name] = life = new Life(detection.Class, frame, x);
                (life.Last, life.LastX) = (frame, x);
                life.Seen++;
            }
            frame++;
        }
        foreach (var (name, life) in lives) TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {life}");
        return [.. lives.Values];
    }

    private static IEnumerable<List<Detection>> Detect(string video, int width, int height, int first, int count)
    {
        var path = TestData.Require("videos", video);
        Skip.Unless(TestProcess.Find("ffmpeg") is not null, "ffmpeg is not installed: apt-get install ffmpeg");
        var manifest = VisionData.Manifest("nanodet_m");
        // The tracker wants to see the doubtful boxes too.
        manifest = manifest with { Decoder = manifest.Decoder with { ScoreThreshold = 0.1 } };
        using var model = ModelRunner.Open(File.ReadAllBytes(TestData.Require("models", "nanodet_m.onnx")), manifest, new SessionSettings(2, AllowGpu: false));
        var start = new ProcessStartInfo("ffmpeg", ["-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"]) { RedirectStandardOutput = true };
        using var ffmpeg = Process.Start(start)!;
        var pixels = new byte[PictureView.SizeOf(width, height, PixelFormat.I420)];
        for (var frame = 0; frame < first + count; frame++)
        {
            ffmpeg.StandardOutput.BaseStream.ReadExactly(pixels);
            if (frame >= first) yield return model.Infer(new PictureView(pixels, width, height, PixelFormat.I420)).Prediction.Copy().Detections;
        }
        ffmpeg.Kill();
    }
}
