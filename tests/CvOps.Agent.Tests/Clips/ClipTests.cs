using System.Diagnostics;
using System.Globalization;
using CvOps.Agent.Capture;
using CvOps.Agent.Clips;
using CvOps.Agent.Tests.Capture;
using CvOps.Contracts;
using CvOps.Observability.Metrics;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Clips;

public sealed class ClipTests
{
    private static readonly CameraId Camera = new("cam");
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly ClipOptions Five = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Rejects_that_follow_each_other_are_one_clip()
    {
        var plan = new ClipPlan(Five);
        foreach (var second in (int[])[0, 3, 9, 30]) plan.Add(Camera, 1, Noon.AddSeconds(second));
        Assert.Equal(
            [new PlannedClip(Camera, 1, Noon.AddSeconds(-5), Noon.AddSeconds(14), 3), new PlannedClip(Camera, 1, Noon.AddSeconds(25), Noon.AddSeconds(35), 1)],
            plan.TakeDue(_ => true));
    }

    [Fact]
    public void A_line_that_rejects_everything_gets_clips_end_to_end()
    {
        var plan = new ClipPlan(Five);
        for (var second = 0; second < 180; second++) plan.Add(Camera, 1, Noon.AddSeconds(second));
        var clips = plan.TakeDue(_ => true);
        Assert.All(clips, clip => Assert.True(clip.To - clip.From <= ClipPlan.Longest));
        Assert.All(clips.Zip(clips.Skip(1)), pair => Assert.True(pair.Second.From >= pair.First.To.AddSeconds(-5)));
        Assert.Equal(180, clips.Sum(clip => clip.Rejects));
    }

    [Fact]
    public void Connections_and_cameras_have_clips_of_their_own()
    {
        var plan = new ClipPlan(Five);
        plan.Add(Camera, 1, Noon);
        plan.Add(Camera, 2, Noon.AddSeconds(1));
        plan.Add(new CameraId("other"), 1, Noon.AddSeconds(2));
        Assert.Equal(3, plan.TakeDue(_ => true).Count);
    }

    [Fact]
    public void Beyond_the_budget_the_oldest_clips_go_and_are_counted()
    {
        using var folder = new TestFolder();
        var store = new ClipStore(folder.Path, new ClipOptions { BudgetMegabytes = 2 });
        foreach (var hour in (int[])[1, 2, 3]) File.WriteAllBytes(store.PathFor(Camera, Noon.AddHours(hour)), new byte[900_000]);
        Assert.Equal(1, store.Evict());
        Assert.Equal(["20260504T140000.000Z.mkv", "20260504T150000.000Z.mkv"], Directory.EnumerateFiles(folder["cam"]).Select(Path.GetFileName).Order());
        Assert.Equal((0, 1), (store.Evict(), store.Evicted));
    }

    [Fact, Trait("tier", "integration")]
    public async Task A_reject_keeps_the_cameras_own_video_around_it()
    {
        using var folder = new TestFolder();
        var options = new ClipOptions { Before = TimeSpan.FromSeconds(1), After = TimeSpan.FromSeconds(1) };
        var (ring, store, log) = (new EncodedRing(folder["ring"], options), new ClipStore(folder["clips"], options), new HeardLog());
        await using var server = HttpCamera.Start("160x120");
        await using var rig = new CameraRig(CameraRig.Options(server.Url, Pace.Live), ring: ring);
        using var clips = new ClipLoop(options, ring, store, FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH")), TimeProvider.System, log.For<ClipLoop>());
        await clips.StartAsync(Token);
        await rig.StartAsync();
        for (var number = 0L; number < 75;)
        {
            using var frame = rig.Take();
            number = frame.Number;
        }
        clips.Note(Camera, 1, TimeProvider.System.GetUtcNow());
        await Eventually.Async(() => log.Lines.Any(line => line.StartsWith("Clip kept", StringComparison.Ordinal)), CameraRig.Deadline, () => string.Join('\n', log.Lines), Token);
        await clips.StopAsync(Token);
        var clip = Assert.Single(Directory.EnumerateFiles(folder["clips", "cam"]));
        Assert.Equal("h264", await ProbeAsync(clip, "stream=codec_name"));
        // Two seconds, and what is left of the segments at both ends.
        Assert.InRange(double.Parse(await ProbeAsync(clip, "format=duration"), CultureInfo.InvariantCulture), 1.9, 5.5);
        var page = new MetricPage();
        clips.Write(page);
        Assert.Contains("cvops_agent_clips_kept_total 1", page.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> ProbeAsync(string file, string entries)
    {
        using var probe = Process.Start(new ProcessStartInfo("ffprobe", ["-v", "error", "-show_entries", entries, "-of", "csv=p=0", file]) { RedirectStandardOutput = true })!;
        return (await probe.StandardOutput.ReadToEndAsync(Token)).Trim();
    }
}
