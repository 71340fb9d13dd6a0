using CvOps.Agent.Sampling;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Sampling;

public sealed class FrameSamplerTests : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly TestFolder _folder = new();
    private readonly InspectionRig _rig = new();

    [Fact]
    public void The_frames_of_a_window_that_rules_want_most_win_and_not_the_first()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 1080, AuditProbability = 0, AuditShare = 0, DisagreementShare = 0, Focus = 16 });
        foreach (var margin in new[] { 0.5, 0.9, 0.4, 0.1, 0.8, 0.3, 0.2 }) _rig.Show(sampler, margin);
        Assert.Empty(Taken(sampler));

        _rig.Time.Advance(Window);
        sampler.Tick();

        // 1080 an hour are 3 in 10 seconds.
        var taken = Taken(sampler);
        Assert.Equal([0.1, 0.2, 0.3], taken.Select(c => c.Prediction.Margin).Order());
        Assert.All(taken, c => Assert.InRange(c.Inclusion!.Value, 0.01, 1));
    }

    [Fact]
    public void A_frame_that_is_certain_or_has_no_prediction_never_competes()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 3600, AuditProbability = 0, LeastUncertainty = 0.2 });
        _rig.Show(sampler, margin: 0.85);
        _rig.Show(sampler, margin: 0.1, error: "The output is NaN.");
        _rig.Time.Advance(Window);
        sampler.Tick();
        Assert.Empty(Taken(sampler));
    }

    [Fact]
    public void Of_a_part_seen_several_times_only_the_least_certain_view_is_kept()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 3600, AuditProbability = 0 });
        foreach (var (part, margin) in new[] { ("p1", 0.4), ("p1", 0.2), ("p1", 0.3), ("p2", 0.5) }) _rig.Show(sampler, margin, part: part);
        _rig.Time.Advance(Window);
        sampler.Tick();
        Assert.Equal([("p1", 0.2), ("p2", 0.5)], Taken(sampler).Select(c => (c.Part, c.Prediction.Margin)).Order());
    }

    [Fact]
    public void A_budget_below_one_frame_a_window_makes_the_window_longer()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 60, AuditProbability = 0, AuditShare = 0, DisagreementShare = 0 });
        for (var second = 0; second < 180; second++)
        {
            _rig.Show(sampler, margin: 0.1 + (second % 60 * 0.01));
            _rig.Time.Advance(TimeSpan.FromSeconds(1));
        }

        sampler.Tick();
        Assert.Equal([0L, 1, 2], Taken(sampler).Select(c => c.Number / 60));
    }

    [Fact]
    public void Kept_pixels_are_a_copy()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 3600, AuditProbability = 0 });
        _rig.Show(sampler, margin: 0.1, luma: 77);
        _rig.Show(sampler, margin: 0.9, luma: 200);
        _rig.Time.Advance(Window);
        sampler.Tick();
        Assert.True(sampler.Kept.TryRead(out var first));
        using (first) Assert.Equal(77, first.Picture.Data[0]);
    }

    [Fact]
    public void Frames_in_disagreement_are_drawn_by_lot_and_say_so_only_then()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 1440, AuditProbability = 0, AuditShare = 0, DisagreementShare = 0.25 });
        for (var i = 0; i < 40; i++) _rig.Show(sampler, margin: 0.9 - i * 0.01, shadow: i % 2 == 0 ? "blue" : "red");
        _rig.Time.Advance(Window);
        sampler.Tick();

        var drawn = Assert.Single(Taken(sampler), c => c.Reasons.Any(reason => reason.Rule == DisagreementRule.Name));
        Assert.Equal("blue", drawn.Shadow!.Prediction.Class);

        // One of twenty by the lot, or by its score.
        Assert.InRange(drawn.Inclusion!.Value, 1 / 20.0, 1);
    }

    [Fact]
    public void The_audit_takes_frames_at_its_probability_and_records_it()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 36_000, AuditProbability = 0.05, AuditShare = 0.5, LeastUncertainty = 1 });
        var audited = 0;
        for (var i = 0; i < 4000; i++)
        {
            _rig.Show(sampler, margin: 0.9);
            _rig.Time.Advance(TimeSpan.FromSeconds(0.1));
            foreach (var candidate in Taken(sampler))
            {
                audited++;
                Assert.Equal(AuditRule.Name, Assert.Single(candidate.Reasons).Rule);
                Assert.Equal(0.05, candidate.Inclusion!.Value, 1e-12);
            }
        }

        // 200 expected, standard deviation 13.8.
        Assert.InRange(audited, 145, 255);
    }

    [Fact]
    public void A_frame_that_two_draws_picked_goes_once_with_the_probability_of_either()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 36_000, AuditProbability = 1, AuditShare = 0.5 });
        _rig.Show(sampler, margin: 0.1, shadow: "blue");
        _rig.Time.Advance(Window);
        sampler.Tick();
        var candidate = Assert.Single(Taken(sampler));
        Assert.Equal([AuditRule.Name, DisagreementRule.Name, MarginRule.Name, LeastConfidenceRule.Name], candidate.Reasons.Select(reason => reason.Rule));
        Assert.Equal(1, candidate.Inclusion);
    }

    [Fact]
    public void What_was_sent_or_seen_already_does_not_compete_and_keeps_its_chance_by_the_audit()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 3600, AuditProbability = 0, AuditShare = 0, DisagreementShare = 0 });
        foreach (var window in Enumerable.Range(0, 3))
        {
            for (var i = 0; i < 5; i++) _rig.Show(sampler, margin: 0.1, embedding: [1, 0, i * 0.001f]);
            _rig.Show(sampler, margin: 0.1, embedding: [0, 1, 0]);
            _rig.Time.Advance(Window);
            sampler.Tick();
            Assert.Equal(window == 0 ? 2 : 0, Taken(sampler).Count);
        }

        Assert.Equal(4 + 6 + 6, sampler.Duplicates);

        // What is old counts no more.
        _rig.Time.Advance(TimeSpan.FromHours(1.1));
        _rig.Show(sampler, margin: 0.1, embedding: [1, 0, 0]);
        _rig.Time.Advance(Window);
        sampler.Tick();
        Assert.Single(Taken(sampler));
    }

    [Fact]
    public void Constant_pictures_with_one_answer_are_one_picture()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 3600, AuditProbability = 0 });
        for (var i = 0; i < 50; i++) _rig.Show(sampler, margin: 0.1, luma: (byte)(100 + i));
        _rig.Time.Advance(Window);
        sampler.Tick();
        Assert.Single(Taken(sampler));
    }

    [Fact]
    public void A_reference_of_nothing_and_an_embedding_that_is_no_number_are_as_if_they_were_not_there()
    {
        _rig.Model.Dispose();
        _rig.Model = TinyModel.Load(profile: InspectionRig.Profile([100], [0.5]));
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 3600, AuditProbability = 0 });
        _rig.Show(sampler, margin: 0.5, statistics: new CvOps.Vision.FrameStatistics { Brightness = 250 }, embedding: [float.NaN, 1]);
        _rig.Show(sampler, margin: 0.3, statistics: new CvOps.Vision.FrameStatistics { Brightness = double.NaN }, embedding: [0, 0]);
        _rig.Time.Advance(Window);
        sampler.Tick();
        var taken = Taken(sampler);
        Assert.Equal(2, taken.Count);
        Assert.All(taken, c => Assert.Equal([MarginRule.Name, LeastConfidenceRule.Name], c.Reasons.Select(reason => reason.Rule)));
    }

    [Fact]
    public void A_class_that_had_its_share_makes_room_for_others()
    {
        var limits = new SamplingLimit[] { new() { Per = LimitPeriod.Hour, Of = LimitScope.Class, Frames = 2 } };
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 3600, AuditProbability = 0, Limits = limits });
        List<string> sent = [];
        for (var window = 0; window < 5; window++)
        {
            for (var i = 0; i < 10; i++) _rig.Show(sampler, margin: 0.1 + 0.05 * i + 0.001 * window, cls: i < 8 ? "red" : "green");
            _rig.Time.Advance(Window);
            sampler.Tick();
            sent.AddRange(Taken(sampler).Select(c => c.Prediction.Class!));
        }

        Assert.Equal((2, 2), (sent.Count(c => c == "red"), sent.Count(c => c == "green")));
    }

    [Fact]
    public void A_frame_that_is_not_kept_allocates_nothing()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 3600, AuditProbability = 0, LeastUncertainty = 0.05 });
        var embedding = new float[512];
        var detections = new List<CvOps.Contracts.Telemetry.Detection>();
        void Show(int i)
        {
            embedding[i % 512] = 1;
            _rig.Show(sampler, margin: 0.9, embedding: embedding, detections: detections);
        }

        for (var i = 0; i < 2000; i++) Show(i);
        var counted = new AllocationSink(sampler);
        for (var i = 0; i < 1000; i++) _rig.Show(counted, margin: 0.9, embedding: embedding, detections: detections);
        Assert.Equal(0, counted.Bytes);
    }

    public void Dispose()
    {
        _rig.Dispose();
        _folder.Dispose();
    }

    private FrameSampler Sampler(SamplingOptions options) =>
        new(options with { Window = Window }, new SamplingBudget(options, _folder.Path, _rig.Time), _rig.Time, new Random(1));

    private static List<Candidate> Taken(FrameSampler sampler)
    {
        List<Candidate> taken = [];
        while (sampler.Kept.TryRead(out var candidate))
        {
            candidate.Dispose();
            taken.Add(candidate);
        }

        return taken;
    }

    private sealed class AllocationSink(CvOps.Agent.Inference.IInspectedFrameSink inner) : CvOps.Agent.Inference.IInspectedFrameSink
    {
        public long Bytes { get; private set; }

        public void Inspected(in CvOps.Agent.Inference.InspectedFrame inspected)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            inner.Inspected(inspected);
            Bytes += GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
