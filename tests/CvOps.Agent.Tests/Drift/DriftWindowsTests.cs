using CvOps.Agent.Drift;
using CvOps.Agent.Tests.Sampling;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Drift;

public sealed class DriftWindowsTests : IDisposable
{
    private static readonly ReferenceProfile Profile = InspectionRig.Profile(brightness: [90, 110], confidence: [0.5, 0.8]);

    private readonly InspectionRig _rig = new() { Model = TinyModel.Load(profile: Profile) };
    private readonly List<DriftWindow> _reported = [];

    [Fact]
    public void A_full_window_is_reported_with_what_was_counted()
    {
        using var windows = Windows(frames: 3);
        foreach (var (brightness, margin, cls) in new[] { (80.0, 0.9, "red"), (90.0, 0.0, "red"), (120.0, 0.2, "blue") })
        {
            _rig.Show(windows, margin, cls, statistics: new FrameStatistics(brightness, 1, 1));
            _rig.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var window = Assert.Single(_reported);
        Assert.Equal((3, "cam", "digest-1"), (window.Frames, window.Camera.Value, window.Model.Digest));
        Assert.Equal(TimeSpan.FromSeconds(2), window.To - window.From);
        // The sum in 1024ths, then the counts.
        Assert.Equal([290 * 1024L, 1, 1, 1], window.Sketches![Covariates.Brightness]);
        Assert.Equal([0L, 2, 1], window.Sketches[Covariates.Confidence].Skip(1));
        Assert.Equal(2, window.Sketches.Count);
        Assert.Empty(window.Histograms);
        Assert.Equal(new Dictionary<string, long> { ["red"] = 2, ["blue"] = 1 }, window.Classes);
    }

    [Fact]
    public void A_window_begins_at_nothing_after_its_report()
    {
        using var windows = Windows(frames: 2);
        for (var i = 0; i < 4; i++) _rig.Show(windows, cls: i < 2 ? "red" : "blue", statistics: new FrameStatistics(100, 1, 1));
        Assert.Equal(2, _reported.Count);
        Assert.Equal(new Dictionary<string, long> { ["blue"] = 2 }, _reported[1].Classes);
        Assert.Equal(200 * 1024, _reported[1].Sketches![Covariates.Brightness][0]);
    }

    [Fact]
    public void An_old_window_is_reported_however_few_frames_it_has()
    {
        using var windows = Windows(frames: 50);
        _rig.Show(windows);
        _rig.Time.Advance(TimeSpan.FromSeconds(59));
        windows.Tick();
        Assert.Empty(_reported);
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        windows.Tick();
        Assert.Equal(1, Assert.Single(_reported).Frames);
        _rig.Time.Advance(TimeSpan.FromHours(1));
        windows.Tick();
        Assert.Single(_reported);
    }

    [Fact]
    public void A_new_model_closes_the_window_of_the_old_one()
    {
        using var windows = Windows(frames: 50);
        _rig.Show(windows);
        var old = _rig.Model;
        _rig.Model = TinyModel.Load("2", Profile);
        old.Dispose();
        _rig.Show(windows);
        Assert.Equal(("digest-1", 1), (Assert.Single(_reported).Model.Digest, _reported[0].Frames));
    }

    [Fact]
    public void Every_camera_has_its_own_window_and_the_last_ones_are_reported_at_the_end()
    {
        using var second = new InspectionRig("other") { Time = _rig.Time };
        var windows = Windows(frames: 2);
        _rig.Show(windows);
        second.Show(windows);
        Assert.Empty(_reported);
        windows.Dispose();
        Assert.Equal(["cam", "other"], _reported.Select(w => w.Camera.Value).Order());
    }

    [Fact]
    public void A_frame_without_a_prediction_is_not_counted_and_no_number_is_counted_nowhere()
    {
        using var windows = Windows(frames: 1);
        _rig.Show(windows);
        _reported.Clear();
        _rig.Show(windows, error: "The output is NaN.");
        Assert.Empty(_reported);
        _rig.Show(windows, statistics: new FrameStatistics(double.NaN, 1, 1));
        Assert.Equal([0L], _reported[0].Sketches![Covariates.Brightness]);
        Assert.Equal((1, 1L, 1L), (_reported[0].Frames, _reported[0].Stream!.Unusable, _reported[0].Stream!.Failed));
    }

    [Fact]
    public void A_model_without_a_profile_still_gives_its_class_mix()
    {
        _rig.Model.Dispose();
        _rig.Model = TinyModel.Load();
        using var windows = Windows(frames: 1);
        _rig.Show(windows);
        Assert.Empty(_reported[0].Sketches!);
        Assert.Equal(new Dictionary<string, long> { ["red"] = 1 }, _reported[0].Classes);
    }

    [Fact]
    public void Counting_a_frame_allocates_nothing()
    {
        using var windows = Windows(frames: int.MaxValue);
        var sink = new Repeating(windows);
        _rig.Show(sink);
        Assert.Equal(0, sink.Allocated);
    }

    public void Dispose() => _rig.Dispose();

    private DriftWindows Windows(int frames) =>
        new(new DriftOptions { WindowFrames = frames, WindowAge = TimeSpan.FromSeconds(60), QuietAge = TimeSpan.Zero, BytesPerHour = 1_000_000 }, make => _reported.Add(make(new Origin(new DeviceId("edge-1"), 1, _reported.Count + 1))), _rig.Time);

    private sealed class Repeating(DriftWindows windows) : CvOps.Agent.Inference.IInspectedFrameSink
    {
        public long Allocated { get; private set; }

        public void Inspected(in CvOps.Agent.Inference.InspectedFrame inspected)
        {
            for (var i = 0; i < 100; i++) windows.Inspected(inspected);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++) windows.Inspected(inspected);
            Allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
