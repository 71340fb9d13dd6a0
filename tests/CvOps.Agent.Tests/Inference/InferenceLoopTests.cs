using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Agent.Update;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Inference;

public sealed class InferenceLoopTests
{
    [Fact]
    public async Task A_shadow_that_the_line_has_no_time_for_is_skipped_and_counted_and_every_frame_has_its_answer()
    {
        var tally = new ShadowTally(TimeProvider.System);
        await using var rig = new InferenceRig(tally) { Options = new InferenceOptions { ShadowLatency = TimeSpan.Zero } };
        var line = new CameraLane(new CameraOptions { Id = new CameraId("live"), Url = "none" }, TimeProvider.System);
        rig.Queue.Add(line);
        rig.Slots.Activate(InferenceRig.Model("1", 0, "a", "b"));
        var challenger = InferenceRig.Model("2", 1, "a", "b");
        rig.Slots.SetShadow(challenger);
        rig.Slots.AskShadow = true;
        tally.Begin(new DesiredModel(challenger.Ref, "rollout-1", new Uri("http://fleet/x"), 1, false) { Stage = ModelStage.Shadow });
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 20; i++)
        {
            var frame = rig.Pool.Rent(InferenceRig.Width, InferenceRig.Height, "test");
            frame.Pixels.Fill(128);
            frame.Stamp(line, 1, i, TimeProvider.System.GetUtcNow(), 1, TimeProvider.System.GetTimestamp());
            rig.Queue.Put(frame, TestContext.Current.CancellationToken);
            await rig.UntilSeen(i + 1);
        }
        Assert.Equal((0, 0, 0, 20), (tally.Now()!.Frames, tally.Now()!.Discordant, tally.Now()!.Failures, tally.Now()!.Skipped));
        Assert.Equal(20, rig.Loop.ShadowsShed);
        Assert.All(rig.Sink.Seen, seen => Assert.Equal(("a", null), (seen.Prediction.Class, seen.Error)));

        // Cameras that wait for us have all the time there is.
        rig.Queue.Remove(line);
        for (var i = 0; i < 5; i++) rig.Put(i);
        await rig.UntilSeen(25);
        Assert.Equal((5, 5, 0, 20), (tally.Now()!.Frames, tally.Now()!.Discordant, tally.Now()!.Failures, tally.Now()!.Skipped));
    }

    [Fact]
    public async Task Models_swapped_under_load_lose_and_repeat_no_frame()
    {
        // A swap falls among each hundred frames, most of which still wait: however slowly this machine swaps, every swap has its frames.
        const int frames = 2000, each = 100;
        using var swapped = new SemaphoreSlim(0);
        await using var rig = new InferenceRig();
        List<LoadedModel> models = [InferenceRig.Model("0", 0, "a", "b")];
        rig.Slots.Activate(models[0]);
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        var feed = Task.Run(() =>
        {
            for (var i = 0; i < frames; i++)
            {
                if (i > 0 && i % each == 0) swapped.Wait(TestContext.Current.CancellationToken);
                rig.Put(i);
            }
        }, TestContext.Current.CancellationToken);
        for (var swap = 1; swap < frames / each; swap++)
        {
            await rig.UntilSeen((swap - 1) * each + 20);
            if (swap % 3 == 0) Assert.True(rig.Slots.SwapBack());
            else
            {
                var next = InferenceRig.Model($"{swap}", swap % 2, "a", "b");
                models.Add(next);
                rig.Slots.AskShadow = swap % 4 < 2;
                rig.Slots.Activate(next);
            }
            swapped.Release();
        }
        await feed;
        await rig.UntilSeen(frames);
        var seen = rig.Sink.Seen;
        Assert.Equal(Enumerable.Range(0, frames).Select(i => (long)i), seen.Select(s => s.Number));
        Assert.All(seen, s => Assert.Equal((null, int.Parse(s.Model.Version, System.Globalization.CultureInfo.InvariantCulture) % 2 == 0 ? "a" : "b"), (s.Error, s.Prediction.Class)));
        Assert.True(seen.Select(s => s.Model.Version).Distinct().Count() > 3, "the swaps took no effect");
        Assert.Contains(seen, s => s.Shadow is not null);
        Assert.All(seen.Where(s => s.Shadow is not null), s => Assert.NotEqual(s.Model, s.Shadow!.Model));
        Assert.Equal(frames, rig.Lane.Meter.FramesInspected);
        await rig.Slots.Retired;
        foreach (var left in models.Except([rig.Slots.Active, rig.Slots.Shadow])) Assert.Throws<ObjectDisposedException>(() => left!.Session.Run());
    }

    [Fact]
    public async Task What_the_line_waits_for_hears_of_each_frame_once_and_never_after_the_challenger()
    {
        const int frames = 200;
        var ejector = new PromptSink();
        await using var rig = new InferenceRig(ejector);
        ejector.After = rig.Sink;
        rig.Slots.Activate(InferenceRig.Model("1", 0, "a", "b"));
        rig.Slots.SetShadow(InferenceRig.Model("2", 1, "a", "b"));
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < frames; i++)
        {
            if (i == frames / 2) rig.Slots.AskShadow = true;
            rig.Put(i);
        }
        await rig.UntilSeen(frames);
        Assert.Equal(Enumerable.Range(0, frames).Select(i => (long)i), ejector.Heard);
        Assert.Equal(0, ejector.Late);
        Assert.Equal(Enumerable.Range(0, frames).Select(i => (long)i), rig.Sink.Seen.Select(s => s.Number));
        Assert.Equal("b", rig.Sink.Seen[^1].Shadow?.Prediction.Class);
        Assert.Equal(frames, rig.Lane.Meter.FramesInspected);
    }

    private sealed class PromptSink : IInspectedFrameSink
    {
        public List<long> Heard { get; } = [];

        public RecordingSink? After { get; set; }

        public int Late { get; private set; }

        public bool BeforeChallenger => true;

        public void Inspected(in InspectedFrame inspected)
        {
            if (inspected.Challenger is not null || After!.Seen.Count != Heard.Count && inspected.Batch == 1) Late++;
            Heard.Add(inspected.Frame.Number);
        }
    }

    [Fact]
    public async Task Without_a_model_frames_are_taken_and_counted_and_the_first_model_takes_over()
    {
        await using var rig = new InferenceRig();
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 20; i++) rig.Put(i);
        await Eventually.Async(() => rig.Lane.Meter.FramesDropped == 20, InferenceRig.Deadline, () => $"{rig.Lane.Meter.FramesDropped} dropped", TestContext.Current.CancellationToken);
        Assert.Empty(rig.Sink.Seen);
        rig.Slots.Activate(InferenceRig.Model("1", 1, "a", "b"));
        rig.Put(20);
        await rig.UntilSeen(1);
        Assert.Equal((20, "b"), (rig.Sink.Seen[0].Number, rig.Sink.Seen[0].Prediction.Class));
    }

    [Fact]
    public async Task A_frame_that_gives_nan_is_reported_with_its_error_and_the_next_is_inspected()
    {
        await using var rig = new InferenceRig();
        var brittle = new TinyOnnx().Input("images", 1, 3, 8, 8).Constant("cut", [0.5f], 1)
            .Node("GlobalAveragePool", ["images"], "pooled").Node("Flatten", ["pooled"], "flat", ("axis", 1)).Node("Sub", ["flat", "cut"], "moved").Node("Log", ["moved"], "logits")
            .Output("logits", 1, 3).Build();
        rig.Slots.Activate(InferenceRig.Load("1", brittle, "a", "b", "c"));
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        rig.Put(0, luma: 60);
        rig.Put(1, luma: 220);
        await rig.UntilSeen(2);
        var (bad, good) = (rig.Sink.Seen[0], rig.Sink.Seen[1]);
        Assert.Contains("is NaN", bad.Error, StringComparison.Ordinal);
        Assert.Null(bad.Prediction.Class);
        Assert.Null(good.Error);
        Assert.NotNull(good.Prediction.Class);
        Assert.Equal((1, 1), (rig.Lane.Meter.InferenceErrors, rig.Lane.Meter.FramesInspected));
    }

    [Fact]
    public async Task A_sink_that_throws_costs_the_others_nothing()
    {
        await using var rig = new InferenceRig(new ThrowingSink());
        rig.Slots.Activate(InferenceRig.Model("1", 0, "a", "b"));
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 5; i++) rig.Put(i);
        await rig.UntilSeen(5);
    }

    [Fact]
    public async Task A_challenger_that_can_make_nothing_of_a_picture_costs_the_champion_nothing()
    {
        await using var rig = new InferenceRig();
        rig.Slots.Activate(InferenceRig.Model("1", 0, "a", "b"));
        var narrow = InferenceRig.Model("2", 1, "a", "b").Manifest;
        var onnx = TinyOnnx.MeanColourClassifier(8, 8, new float[6], [0, 4]);
        var session = ModelSession.Open(onnx, narrow with { Input = narrow.Input with { Resize = ResizeMode.CentreCrop, ShortSide = 4 } }, new SessionSettings(AllowGpu: false));
        rig.Slots.SetShadow(new LoadedModel(new ModelRef("tiny", "2", new string('2', 64)), session, null));
        rig.Slots.AskShadow = true;
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 5; i++) rig.Put(i);
        await rig.UntilSeen(5);
        Assert.All(rig.Sink.Seen, seen => Assert.Equal((null, "a", null), (seen.Error, seen.Prediction.Class, seen.Shadow)));
    }

    [Fact]
    public async Task A_frame_the_new_model_stumbles_on_is_answered_by_the_warm_one_in_its_place()
    {
        const int frames = 60;
        var attempts = new AttemptSink();
        await using var rig = new InferenceRig(attempts);
        rig.Slots.Activate(InferenceRig.Model("1", 1, "a", "b"));
        // Negative for a dark picture; the logarithm is NaN then.
        var brittle = new TinyOnnx().Input("images", -1, 3, 8, 8).Constant("cut", [0.5f], 1).Constant("weights", [1, 0, 0, 0, 1, 0], 3, 2)
            .Node("GlobalAveragePool", ["images"], "pooled").Node("Flatten", ["pooled"], "flat", ("axis", 1)).Node("Sub", ["flat", "cut"], "moved").Node("Log", ["moved"], "logs")
            .Node("MatMul", ["logs", "weights"], "logits").Output("logits", -1, 2).Build();
        rig.Slots.Activate(InferenceRig.Load("2", brittle, "a", "b"));
        rig.Slots.ShadowStandsIn = true;
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < frames; i++) rig.Put(i, luma: i % 3 == 0 ? (byte)60 : (byte)220);
        await rig.UntilSeen(frames);
        var seen = rig.Sink.Seen;
        Assert.Equal(Enumerable.Range(0, frames).Select(i => (long)i), seen.Select(s => s.Number));
        Assert.All(seen, s => Assert.Equal((s.Number % 3 == 0 ? "1" : "2", null), (s.Model.Version, s.Error)));
        Assert.All(seen.Where(s => s.Number % 3 == 0), s => Assert.Equal("b", s.Prediction.Class));
        Assert.Equal((0, frames), (rig.Lane.Meter.InferenceErrors, rig.Lane.Meter.FramesInspected));
        Assert.Equal(frames / 3, attempts.Failed.Count);
        Assert.All(attempts.Failed, failed => Assert.True(failed is { NotFinite: true, Model.Ref.Version: "2" } && failed.Error!.Contains("NaN", StringComparison.Ordinal)));

        // The model that stumbles does not stand in for the one that was rolled back to.
        rig.Slots.SwapBack();
        Assert.False(rig.Slots.ShadowStandsIn);
    }

    [Theory]
    [InlineData(114.0, true)]
    [InlineData(0.0, false)]
    public async Task A_challenger_sees_the_same_picture_whether_it_shares_the_tensor_or_not(double pad, bool shares)
    {
        const int frames = 40;
        await using var rig = new InferenceRig();
        LoadedModel Model(string version, double padding)
        {
            var manifest = InferenceRig.Model(version, 0, "dark", "light").Manifest;
            var onnx = TinyOnnx.MeanColourClassifier(8, 8, [-4, 4, 0, 0, 0, 0], [2, -2]);
            var session = ModelSession.Open(onnx, manifest with { Input = manifest.Input with { Resize = ResizeMode.LetterboxCentre, Pad = padding } }, new SessionSettings(AllowGpu: false));
            return new LoadedModel(new ModelRef("tiny", version, new string(version[0], 64)), session, null);
        }
        var (champion, challenger) = (Model("1", 114), Model("2", pad));
        Assert.Equal(shares, champion.TakesSameTensor(challenger));
        rig.Slots.Activate(champion);
        rig.Slots.SetShadow(challenger);
        rig.Slots.AskShadow = true;
        await rig.Loop.StartAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < frames; i++) rig.Put(i, luma: (byte)(16 + 5 * i));
        await rig.UntilSeen(frames);
        Assert.All(rig.Sink.Seen, seen => Assert.NotNull(seen.Shadow));
        Assert.Equal(2, rig.Sink.Seen.Select(seen => seen.Shadow!.Prediction.Class).Distinct().Count());
        if (shares) Assert.All(rig.Sink.Seen, seen => Assert.Equal(seen.Prediction.Confidence, seen.Shadow!.Prediction.Confidence));
        else Assert.Contains(rig.Sink.Seen, seen => seen.Prediction.Confidence != seen.Shadow!.Prediction.Confidence);
    }

    private sealed class AttemptSink : IInspectedFrameSink
    {
        public List<ModelAttempt> Failed { get; } = [];

        public void Inspected(in InspectedFrame inspected)
        {
            if (inspected.Failed is { } failed) Failed.Add(failed);
        }
    }

    private sealed class ThrowingSink : IInspectedFrameSink
    {
        public void Inspected(in InspectedFrame inspected) => throw new IOException("disk full");
    }
}
