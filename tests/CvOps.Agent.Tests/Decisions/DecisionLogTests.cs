using CvOps.Agent.Decisions;
using CvOps.Agent.Tests.Health;
using CvOps.Agent.Tests.Sampling;
using CvOps.Contracts.Telemetry;
using CvOps.Observability.Metrics;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Decisions;

public sealed class DecisionLogTests
{
    [Fact]
    public void The_oldest_go_when_the_budget_is_full_and_are_counted()
    {
        using var folder = new TestFolder();
        // Noise does not deflate: a record is 64 x 64 x 1.5 bytes and its line.
        var log = new DecisionLog(folder["decisions"], 40_000);
        for (var i = 0; i < 20; i++) log.Write(Record(i), Noise(i));
        var kept = Directory.GetFiles(folder["decisions"]).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(Enumerable.Range(20 - kept.Length, kept.Length).Select(i => DecisionLog.NameOf(Record(i))), kept.Select(Path.GetFileName));
        Assert.Equal((20 - kept.Length, kept.Sum(file => new FileInfo(file).Length)), (log.Evicted, log.Bytes));
        Assert.InRange(log.Bytes, 20_000, 40_000);
    }

    [Fact]
    public void A_new_start_finds_what_is_there_and_clears_what_was_half_written()
    {
        using var folder = new TestFolder();
        var first = new DecisionLog(folder["decisions"], 1 << 20);
        for (var i = 0; i < 5; i++) first.Write(Record(i), Noise(i));
        File.WriteAllText(folder["decisions", "x.decision.partial"], "half");
        var second = new DecisionLog(folder["decisions"], first.Bytes - 1);
        Assert.Equal((1, 4), (second.Evicted, Directory.GetFiles(folder["decisions"]).Length));
        Assert.False(File.Exists(folder["decisions", DecisionLog.NameOf(Record(0))]));
    }

    [Fact]
    public void When_the_disk_cannot_follow_records_are_given_up_and_counted()
    {
        using var rig = new InspectionRig();
        using var sink = new DecisionSink(DecisionsKept.Rejects);
        for (var i = 0; i < 7; i++) rig.Show(sink, reject: true);
        rig.Show(sink);
        Assert.Equal((3, 4), (sink.Dropped, sink.Filled.Count));
        Assert.True(sink.Filled.TryRead(out var draft));
        sink.Return(draft);
        rig.Show(sink, error: "Output 'logits' is NaN.");
        Assert.Equal((3, 4), (sink.Dropped, sink.Filled.Count));
    }

    [Fact]
    public async Task A_disk_that_refuses_stops_nothing_and_is_counted()
    {
        await using var rig = new DecisionRig(DecisionsKept.Every);
        Directory.Delete(rig.Records);
        await rig.InspectAsync(3);
        var page = new MetricPage();
        rig.Loop.Write(page);
        var samples = PrometheusParser.Parse(page.ToString());
        Assert.Equal((3, 0), (samples.Single(it => it.Name == "cvops_agent_decisions_failed_total").Value, samples.Single(it => it.Name == "cvops_agent_decisions_written_total").Value));
    }

    [Fact]
    public void A_frame_that_is_kept_allocates_next_to_nothing_on_the_inference_thread()
    {
        using var rig = new InspectionRig();
        using var sink = new DecisionSink(DecisionsKept.Every);
        for (var i = 0; i < 50; i++) Once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Once();
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
        // The rig's own frame, prediction and timings are in it.
        Assert.True(each < 1200, $"{each} bytes a frame");

        void Once()
        {
            rig.Show(sink, reject: true);
            Assert.True(sink.Filled.TryRead(out var draft));
            sink.Return(draft);
        }
    }

    private static DecisionRecord Record(int i) => new()
    {
        Device = "press-1", Camera = "cam", Connection = 1, Frame = i, CapturedAt = DateTimeOffset.UnixEpoch.AddSeconds(i), Reject = true,
        Inputs = new DecisionInputs
        {
            Model = new ModelRef("m", "1", "d"), Manifest = "", Picture = new DecisionPicture(64, 64, PixelFormat.I420, YuvMatrix.Bt601, YuvRange.Limited, ""), Batch = 1, Row = 0,
            Threads = 1, Gpu = false, Runtime = "", Provider = "", Processor = "", Agent = "",
        },
    };

    private static byte[] Noise(int seed)
    {
        var bytes = new byte[64 * 64 * 3 / 2];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
