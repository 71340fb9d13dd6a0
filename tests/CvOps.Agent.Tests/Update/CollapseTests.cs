using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Agent.Tests.Sampling;
using CvOps.Agent.Update;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Tests.Update;

/// <summary>Lines are played: what a model says of each frame, by a Markov chain, since a part shows in several frames and faults come in batches.</summary>
public sealed class CollapseTests
{
    private const int Before = 3000;
    private const int Soak = 600;
    private static readonly UpdateOptions Options = new() { SoakFrames = Soak, Soak = TimeSpan.Zero };

    /// <param name="Fault">Chance that a good part's frame is followed by a bad one's.</param>
    /// <param name="Recover">Chance that a bad part's frame is followed by a good one's.</param>
    private sealed record Line(double Fault, double Recover, string Good = "red", string Bad = "green");

    // The last one rejects one frame in three, in long batches.
    public static TheoryData<double, double> Lines => new() { { 0, 1 }, { 0.001, 0.2 }, { 0.01, 0.2 }, { 0.1, 0.3 }, { 0.5, 0.5 }, { 0.01, 0.02 } };

    [Theory, MemberData(nameof(Lines))]
    public void A_healthy_model_is_rolled_back_no_more_often_than_stated(double fault, double recover)
    {
        const int updates = 400;
        var (options, chance) = (Options with { SoakCollapseChance = 0.05 }, new Random(11));
        var failed = 0;
        for (var update = 0; update < updates; update++)
        {
            if (Fails(new Line(fault, recover), new Line(fault, recover), chance, options) is not null) failed++;
        }
        // That is 20 of them; four standard deviations more would be no chance.
        Assert.True(failed <= 20 + 18, $"{failed} of {updates} healthy models were rolled back");
    }

    [Fact]
    public void A_model_that_is_only_less_nervous_stays()
    {
        var chance = new Random(12);
        for (var update = 0; update < 50; update++) Assert.Null(Fails(new Line(0.2, 0.6), new Line(0.05, 0.6), chance, Options));
    }

    [Fact]
    public void On_a_line_that_makes_only_good_parts_a_model_may_say_so_for_ever()
    {
        var meter = new PlayedMeter();
        meter.Play("old", 100_000, _ => "red");
        meter.Begin("new");
        meter.Play("new", 100_000, _ => "red");
        Assert.Null(SoakGate.Problem(meter.Evidence(), Options, null));
    }

    // Before: a line with faults. Since: one answer.
    [Theory]
    [InlineData("green")]
    [InlineData("blue")]
    [InlineData(null)]
    public void A_model_that_says_one_thing_only_where_the_old_one_hardly_ever_did_is_rolled_back(string? only)
    {
        var meter = new PlayedMeter();
        meter.Play("old", Before, i => i % 600 < 2 ? "green" : "red");
        meter.Begin("new");
        meter.Play("new", 300, _ => only);
        Assert.Contains(only is null ? "said nothing" : $"said '{only}'", SoakGate.Problem(meter.Evidence(), Options, null), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_says_good_only_where_the_old_one_found_faults_is_rolled_back()
    {
        var chance = new Random(13);
        var meter = new PlayedMeter();
        meter.Play("old", Before, Answers(new Line(0.1, 0.3), chance));
        meter.Begin("new");
        meter.Play("new", Soak, _ => "red");
        Assert.Contains("said 'red' 600 frames on end on camera cam-1", SoakGate.Problem(meter.Evidence(), Options, null), StringComparison.Ordinal);
    }

    [Fact]
    public void One_frame_of_another_answer_does_not_hide_a_collapse()
    {
        var chance = new Random(14);
        var meter = new PlayedMeter();
        meter.Play("old", Before, Answers(new Line(0.1, 0.3), chance));
        meter.Begin("new");
        meter.Play("new", 700, i => i is 3 or 650 ? "green" : "red");
        Assert.Contains("said 'red' 646 frames on end", SoakGate.Problem(meter.Evidence(), Options, null), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_camera_is_held_against_itself()
    {
        var meter = new PlayedMeter();
        meter.Play("old", Before, _ => "red", camera: 0);
        meter.Play("old", Before, _ => "blue", camera: 1);
        meter.Begin("new");
        meter.Play("new", Before, _ => "red", camera: 0);
        meter.Play("new", Before, _ => "blue", camera: 1);
        Assert.Null(SoakGate.Problem(meter.Evidence(), Options, null));
        meter.Begin("mixed up");
        meter.Play("mixed up", Soak, _ => "blue", camera: 0);
        Assert.Contains("on camera cam-1", SoakGate.Problem(meter.Evidence(), Options, null), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_model_before_nothing_is_compared()
    {
        var meter = new PlayedMeter();
        meter.Begin("first");
        meter.Play("first", 5000, _ => "green");
        Assert.Null(meter.Evidence().SameAnswer);
    }

    [Fact]
    public void A_class_the_old_model_did_not_know_counts_only_as_never_changing()
    {
        var meter = new PlayedMeter();
        meter.Play("old", Before, _ => "red");
        meter.Begin("new");
        meter.Play("new", Soak, _ => "violet");
        Assert.Null(SoakGate.Problem(meter.Evidence(), Options, null));
    }

    [Fact]
    public void A_model_that_was_rolled_back_is_not_what_the_next_one_is_held_against()
    {
        var meter = new PlayedMeter();
        meter.Play("old", Before, i => i % 600 < 2 ? "green" : "red");
        meter.Begin("bad");
        meter.Play("bad", 300, _ => "green");
        meter.Play("old", 300, _ => "red");
        meter.Begin("worse");
        meter.Play("worse", 300, _ => "green");
        var evidence = meter.Evidence();
        Assert.Equal(Before + 300, evidence.SameAnswer?.Before.Frames);
        Assert.Contains("said 'green'", SoakGate.Problem(evidence, Options, null), StringComparison.Ordinal);
    }

    [Fact]
    public void A_challenger_is_held_against_the_champion_on_the_same_frames()
    {
        var chance = new Random(15);
        var meter = new PlayedMeter();
        meter.Begin("new");
        meter.Play("old", Before, Answers(new Line(0.1, 0.3), chance), challenger: "new", says: _ => "red");
        var evidence = meter.Evidence();
        Assert.Equal((Before, Before), (evidence.Frames, evidence.LatencyBefore.Frames));
        Assert.Contains("said 'red'", SoakGate.Problem(evidence, Options, null), StringComparison.Ordinal);
    }

    private static string? Fails(Line old, Line now, Random chance, UpdateOptions options)
    {
        var meter = new PlayedMeter();
        var answers = Answers(old, chance);
        meter.Play("old", Before, answers);
        meter.Begin("new");
        // The line goes on where it was.
        meter.Play("new", Soak, old == now ? answers : Answers(now, chance));
        return SoakGate.Problem(meter.Evidence(), options, null);
    }

    private static Func<int, string> Answers(Line line, Random chance)
    {
        var bad = chance.NextDouble() < line.Fault / (line.Fault + line.Recover);
        return _ =>
        {
            bad = bad ? chance.NextDouble() >= line.Recover : chance.NextDouble() < line.Fault;
            return bad ? line.Bad : line.Good;
        };
    }

    /// <summary>A meter that is told answers, without pictures or runs.</summary>
    private sealed class PlayedMeter
    {
        private static readonly FramePool Pool = new();
        private static readonly Dictionary<string, LoadedModel> Models = [];
        private static readonly CameraLane[] Lanes = [.. Enumerable.Range(1, 2).Select(i => new CameraLane(new CameraOptions { Id = new CameraId($"cam-{i}"), Url = "played" }, TimeProvider.System))];

        private readonly SoakMeter _meter = new(TimeProvider.System);

        public SoakEvidence Evidence() => _meter.Evidence();

        public void Begin(string model) => _meter.Begin(Model(model).Ref.Digest);

        public void Play(string model, int frames, Func<int, string?> answer, int camera = 0, string? challenger = null, Func<int, string?>? says = null)
        {
            var (loaded, other) = (Model(model), challenger is null ? null : Model(challenger));
            using var frame = Pool.Rent(8, 8, "played");
            frame.Stamp(Lanes[camera], 1, 1, DateTimeOffset.UnixEpoch, 0, 0);
            var timings = new FrameTimings(0, 0, 1, 0);
            for (var i = 0; i < frames; i++)
            {
                var shadow = other is null ? null : new ShadowPrediction(other.Ref, new Prediction { Class = says!(i) });
                _meter.Inspected(new InspectedFrame(frame, loaded, new Prediction { Class = answer(i) }, shadow, default, timings, null, null)
                {
                    Challenger = other is null ? null : new ModelAttempt(other, 1, null, false),
                });
            }
        }

        private static LoadedModel Model(string version)
        {
            lock (Models)
            {
                if (!Models.TryGetValue(version, out var model)) Models[version] = model = TinyModel.Load(version);
                return model;
            }
        }
    }
}
