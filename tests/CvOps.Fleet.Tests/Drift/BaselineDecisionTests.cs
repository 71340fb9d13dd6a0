using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Drift;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Drift;

/// <summary>A model made under two lights, 130 and 70, and cameras that each have one light.</summary>
public sealed class BaselineDecisionTests
{
    private static readonly DriftLimits Limits = new();

    private readonly Random _chance = new(20_261_121);
    private readonly ReferenceProfile _profile;

    public BaselineDecisionTests() => _profile = Windows.Profile([.. Drawn(300), .. Drawn(200, -60)]);

    [Theory]
    [InlineData(0)]
    [InlineData(-60)]
    public void A_camera_that_shows_one_of_the_models_lights_learns_its_own_baseline_and_is_quiet(double light)
    {
        var camera = new Camera(_profile);
        Assert.Equal("Learning Learning Learning Learning Learning Learning Learning Learning Learning Learning", camera.States(10, () => Drawn(50, light)));
        Assert.DoesNotContain("Watch", camera.States(40, () => Drawn(50, light)), StringComparison.Ordinal);
        Assert.Equal(500, camera.Own!.Frames);
    }

    [Fact]
    public void What_its_own_baseline_does_not_know_is_drift_though_the_model_knows_it()
    {
        var camera = new Camera(_profile);
        camera.States(12, () => Drawn(50));
        Assert.EndsWith("Alarm Alarm", camera.States(4, () => Drawn(50, -60)), StringComparison.Ordinal);
        Assert.Contains(camera.Last.Covariates, c => c is { Covariate: Covariates.Brightness, Moved: true, ReferenceMean: > 125 and < 135 });
    }

    [Fact]
    public void A_camera_that_begins_darker_than_anything_the_model_was_made_for_is_drift_from_its_first_frames()
    {
        var camera = new Camera(_profile);
        Assert.Equal("Learning Watch Alarm Alarm", camera.States(4, () => Drawn(50, -110)));
        Assert.Null(camera.Own);
    }

    [Fact]
    public void A_lamp_that_fails_while_the_baseline_is_learned_is_seen_and_not_learned()
    {
        var camera = new Camera(_profile);
        camera.States(4, () => Drawn(50));
        var before = camera.Own!.Frames;
        Assert.Contains("Alarm", camera.States(6, () => Drawn(50, -125)), StringComparison.Ordinal);
        Assert.Equal(before, camera.Own!.Frames);
        Assert.EndsWith("Learning", camera.States(8, () => Drawn(50)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_camera_that_once_looked_like_the_model_s_reference_keeps_it()
    {
        var camera = new Camera(Windows.Profile([.. Drawn(300), .. Drawn(200, -60)]));
        Assert.EndsWith("Stable", camera.States(4, () => [.. Drawn(30), .. Drawn(20, -60)]), StringComparison.Ordinal);
        Assert.EndsWith("Alarm", camera.States(6, () => Drawn(50, -60)), StringComparison.Ordinal);
        Assert.Null(camera.Own);
    }

    [Fact]
    public void A_profile_that_does_not_say_its_range_vouches_for_nothing()
    {
        var silent = _profile with { Histograms = _profile.Histograms.ToDictionary(h => h.Key, h => h.Value with { Least = null, Greatest = null }) };
        Assert.EndsWith("Alarm", new Camera(silent).States(8, () => Drawn(50)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_balanced_training_set_does_not_make_a_line_of_good_parts_alarm()
    {
        List<RunnerResult> Good() => [.. Drawn(30).Concat(Drawn(20, -60)).Select(frame => frame with { Prediction = frame.Prediction with { Class = "ok" } })];
        var camera = new Camera(_profile);
        Assert.DoesNotContain("Alarm", camera.States(30, Good), StringComparison.Ordinal);
        Assert.EndsWith("Alarm", camera.States(4, () => [.. Good().Select((frame, i) => i % 2 == 0 ? frame with { Prediction = frame.Prediction with { Class = "dent" } } : frame)]), StringComparison.Ordinal);
    }

    private List<RunnerResult> Drawn(int frames, double brightness = 0) => [.. Enumerable.Range(0, frames).Select(_ => Windows.Draw(_chance, brightness))];

    private sealed class Camera(ReferenceProfile profile)
    {
        private readonly List<DriftWindow> _windows = [];
        private DriftMemory _memory = DriftMemory.Fresh(DateTimeOffset.UnixEpoch);
        private bool _settled;
        private CameraEvidence _evidence = Windows.NoEvidence();

        public CameraBaseline? Own { get; private set; }

        public DriftAnswer Last { get; private set; } = null!;

        public string States(int windows, Func<List<RunnerResult>> frames) => string.Join(' ', Enumerable.Range(0, windows).Select(_ => See(frames())));

        private DriftState See(List<RunnerResult> frames)
        {
            _windows.Add(Windows.Count(frames, profile, _windows.Count + 1));
            var recent = RecentFrames.Merge(RecentFrames.Newest(_windows, Limits.RecentFrames), profile);
            var answer = BaselineDecision.Decide(profile, Own, _settled, recent, RecentFrames.Merge([_windows[^1]], profile), _evidence, 100, _memory, Limits);
            (Last, Own, _settled, _memory, _evidence) = (answer.Drift, answer.Own, answer.Settled, answer.Drift.Memory, answer.Evidence);
            return _memory.State;
        }
    }
}
