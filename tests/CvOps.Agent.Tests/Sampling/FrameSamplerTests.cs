using CvOps.Agent.Sampling;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Sampling;

public sealed class FrameSamplerTests : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly TestFolder _folder = new();
    private readonly InspectionRig _rig = new();

    [Fact]
    public void The_least_certain_frames_of_a_window_win_and_not_the_first()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 1080, AuditProbability = 0, AuditShare = 0, DisagreementShare = 0 });
        foreach (var margin in new[] { 0.5, 0.9, 0.4, 0.1, 0.8, 0.3, 0.2 }) _rig.Show(sampler, margin);
        Assert.Empty(Taken(sampler));

        _rig.Time.Advance(Window);
        sampler.Tick();

        // 1080 an hour are 3 in 10 seconds.
        Assert.Equal([0.1, 0.2, 0.3], Taken(sampler).Select(c => c.Prediction.Margin).Order());
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
        Assert.Equal([0.1, 0.1, 0.1], Taken(sampler).Select(c => c.Prediction.Margin));
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
        for (var i = 0; i < 40; i++) _rig.Show(sampler, margin: 0.9, shadow: i % 2 == 0 ? "blue" : "red");
        _rig.Time.Advance(Window);
        sampler.Tick();

        var byRule = Taken(sampler).ToLookup(c => c.Reason.Rule);
        Assert.Single(byRule[DisagreementRule.Name]);
        Assert.All(byRule[DisagreementRule.Name], c => Assert.Equal("blue", c.Shadow!.Prediction.Class));
        Assert.All(byRule[LeastConfidenceRule.Name], c => Assert.Equal("red", c.Shadow!.Prediction.Class));
    }

    [Fact]
    public void The_lot_gives_every_frame_the_same_chance()
    {
        var random = new Random(4);
        var kept = new int[10];
        for (var run = 0; run < 4000; run++)
        {
            var window = new CandidateWindow(places: 1);
            var last = -1;
            for (var i = 0; i < kept.Length; i++)
            {
                if (!window.LeadsByLot(random, out var place)) continue;
                window.Put(place, Copy());
                last = i;
            }

            kept[last]++;
            foreach (var candidate in window.Close()) candidate.Dispose();
        }

        // 400 each; four standard deviations are 76.
        Assert.All(kept, count => Assert.InRange(count, 324, 476));
    }

    [Fact]
    public void The_audit_takes_frames_at_its_probability_and_records_it()
    {
        using var sampler = Sampler(new SamplingOptions { FramesPerHour = 36_000, AuditProbability = 0.05, AuditShare = 0.5, LeastUncertainty = 1 });
        var audited = 0;
        for (var i = 0; i < 4000; i++)
        {
            _rig.Show(sampler, margin: 0.9);
            foreach (var candidate in Taken(sampler))
            {
                audited++;
                Assert.Equal((AuditRule.Name, 0.05), (candidate.Reason.Rule, candidate.Inclusion));
            }
        }

        // 200 expected, standard deviation 13.8.
        Assert.InRange(audited, 145, 255);
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

    private Candidate Copy()
    {
        var sink = new CopySink();
        _rig.Show(sink);
        return sink.Copy!;
    }

    private sealed class CopySink : CvOps.Agent.Inference.IInspectedFrameSink
    {
        public Candidate? Copy { get; private set; }

        public void Inspected(in CvOps.Agent.Inference.InspectedFrame inspected) =>
            Copy = new Candidate(inspected, SamplingPurse.Common, new(LeastConfidenceRule.Name, 0.5), null);
    }
}
