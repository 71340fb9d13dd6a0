using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Drift;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Drift;

public sealed class DriftDecisionTests(ITestOutputHelper output)
{
    private static readonly DriftLimits Limits = new();

    /// <summary>A line that shows each part twice is noisier than its frames are many; the dispersion knows.</summary>
    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(2, 0, 0)]
    public void Ten_thousand_quiet_windows_raise_next_to_no_alarm(int framesOfAPart, int allowedAlarms, int allowedWatches)
    {
        var chance = new Random(20_261_121);
        var (alarms, watches) = (0, 0);
        for (var camera = 0; camera < 100; camera++)
        {
            // Each camera has a reference of its own, so that its chance is in the figure too.
            var decided = new Camera(Windows.Profile(Quiet(chance, 500)));
            for (var window = 0; window < 100; window++)
            {
                var answer = decided.See(Quiet(chance, Windows.Frames / framesOfAPart).SelectMany(frame => Enumerable.Repeat(frame, framesOfAPart)));
                if (answer.Memory.State == DriftState.Alarm) alarms++;
                if (answer.Memory.State == DriftState.Watch) watches++;
            }
        }
        output.WriteLine($"{framesOfAPart} frames of each part: {alarms} alarms and {watches} watches in 10000 quiet windows");
        Assert.InRange(alarms, 0, allowedAlarms);
        Assert.InRange(watches, 0, allowedWatches);
    }

    [Fact]
    public void A_darker_world_is_watched_then_alarms_and_stays_until_it_was_calm_for_a_while()
    {
        var chance = new Random(1);
        var camera = new Camera(Windows.Profile(Quiet(chance, 500)));
        string States(int windows, double brightness) => string.Join(' ', Enumerable.Range(0, windows).Select(_ => camera.See(Quiet(chance, Windows.Frames, brightness)).Memory.State));
        Assert.Equal("Learning Stable Stable Stable", States(4, 0));
        Assert.Equal("Watch Alarm Alarm Alarm Alarm Alarm", States(6, -40));
        // Three windows in which a quarter or more of the recent frames are dark still, then three calm ones.
        Assert.Equal("Alarm Alarm Alarm Alarm Alarm Stable", States(6, 0));
    }

    [Fact]
    public void Too_few_frames_and_an_empty_reference_never_alarm()
    {
        var chance = new Random(2);
        var profile = Windows.Profile(Quiet(chance, 500));
        var few = RecentFrames.Merge([Windows.Count(Quiet(chance, 99, -90), profile, 1)], profile);
        var alarm = new DriftMemory(DriftState.Alarm, 5, 0, DateTimeOffset.UnixEpoch);
        Assert.Equal(DriftState.Learning, DriftDecision.Decide(profile, few, Windows.NoEvidence(), alarm, Limits).Memory.State);

        var empty = new ReferenceProfile { Frames = 0, Histograms = new Dictionary<string, ReferenceHistogram>(), Classes = new Dictionary<string, long>() };
        var many = RecentFrames.Merge([Windows.Count(Quiet(chance, 300, -90), profile, 1)], empty);
        Assert.Empty(DriftDecision.Decide(empty, many, Windows.NoEvidence().Observe(empty, many, 1, Limits), DriftMemory.Fresh(DateTimeOffset.UnixEpoch), Limits).Covariates);
    }

    [Fact]
    public void Counts_over_other_edges_than_the_references_are_left_out()
    {
        var chance = new Random(3);
        var (profile, other) = (Windows.Profile(Quiet(chance, 500)), Windows.Profile(Quiet(chance, 500, -60)));
        var recent = RecentFrames.Merge([Windows.Count(Quiet(chance, 300, -60), other, 1)], profile);
        Assert.DoesNotContain(Covariates.Brightness, recent.Histograms.Keys);
        Assert.DoesNotContain(DriftDecision.Decide(profile, recent, Windows.NoEvidence(), DriftMemory.Fresh(DateTimeOffset.UnixEpoch), Limits).Covariates, c => c.Covariate == Covariates.Brightness);
    }

    [Fact]
    public void Another_mix_of_classes_moves_though_no_picture_looks_different()
    {
        var chance = new Random(4);
        var camera = new Camera(Windows.Profile(Quiet(chance, 500)));
        DriftAnswer answer = null!;
        for (var window = 0; window < 5; window++)
            answer = camera.See(Quiet(chance, Windows.Frames).Select(frame => frame with { Prediction = frame.Prediction with { Class = chance.Next(2) == 0 ? "dent" : "new kind" } }));
        Assert.Equal([DriftDecision.ClassMix], answer.Covariates.Where(c => c.Moved).Select(c => c.Covariate));
        Assert.Equal(DriftState.Alarm, answer.Memory.State);
    }

    [Fact]
    public void The_newest_windows_reach_back_just_far_enough()
    {
        var profile = Windows.Profile(Quiet(new Random(5), 100));
        DriftWindow[] windows = [.. Enumerable.Range(1, 6).Select(n => Windows.Count(Quiet(new Random(n), n * 10), profile, n))];
        Assert.Equal([5L, 6L], RecentFrames.Newest(windows, 61).Select(w => w.Origin.Sequence));
        Assert.Equal([6L], RecentFrames.Newest(windows, 60).Select(w => w.Origin.Sequence));
        Assert.Equal(6, RecentFrames.Newest(windows, 1000).Count);
    }

    private static List<RunnerResult> Quiet(Random chance, int frames, double brightness = 0) => [.. Enumerable.Range(0, frames).Select(_ => Windows.Draw(chance, brightness))];

    /// <summary>Decides window by window over the newest ones.</summary>
    private sealed class Camera(ReferenceProfile profile)
    {
        private readonly List<DriftWindow> _windows = [];
        private CameraEvidence _evidence = Windows.NoEvidence();
        private DriftMemory _memory = DriftMemory.Fresh(DateTimeOffset.UnixEpoch);

        public DriftAnswer See(IEnumerable<RunnerResult> frames)
        {
            _windows.Add(Windows.Count([.. frames], profile, _windows.Count + 1));
            _evidence = _evidence.Observe(profile, RecentFrames.Merge([_windows[^1]], profile), 100, Limits);
            var answer = DriftDecision.Decide(profile, RecentFrames.Merge(RecentFrames.Newest(_windows, Limits.RecentFrames), profile), _evidence, _memory, Limits);
            _memory = answer.Memory;
            return answer;
        }
    }
}
