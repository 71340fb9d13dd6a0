using CvOps.Agent.Sampling;
using CvOps.Contracts;
using CvOps.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CvOps.Agent.Tests.Sampling;

public sealed class SamplingBudgetTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ManualTime _time = new();

    [Fact]
    public void No_rolling_hour_ever_sees_more_than_the_budget() => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(4).WithQuietOnSuccess(true),
        Prop.ForAll(Gen.Choose(1, 400).Select(s => (double)s).ArrayOf(40).ToArbitrary(), gaps =>
        {
            using var folder = new TestFolder();
            var (time, options) = (new ManualTime(), new SamplingOptions { FramesPerHour = 10 });
            List<DateTimeOffset> spent = [];
            foreach (var (gap, i) in gaps.Select((gap, i) => (gap, i)))
            {
                time.Advance(TimeSpan.FromSeconds(gap));

                // A new one each time: every step is a restart.
                if (Pay(new SamplingBudget(options, folder.Path, time), (SamplingPurse)(i % 3))) spent.Add(time.GetUtcNow());
            }

            return spent.Count > 0 && spent.All(at => spent.Count(other => other >= at && other < at + TimeSpan.FromHours(1)) <= 10);
        }));

    [Fact]
    public void Each_purse_has_its_own_and_disagreement_may_take_of_the_common_one()
    {
        var budget = Budget(20);
        Assert.Equal((13, 2, 5), (budget.PerHour(SamplingPurse.Common), budget.PerHour(SamplingPurse.Audit), budget.PerHour(SamplingPurse.Disagreement)));

        Assert.Equal(18, Spend(budget, SamplingPurse.Disagreement));
        Assert.Equal(0, Spend(budget, SamplingPurse.Common));
        Assert.Equal(2, Spend(budget, SamplingPurse.Audit));
    }

    [Fact]
    public void The_least_certain_frames_leave_the_others_theirs()
    {
        var budget = Budget(20);
        Assert.Equal(13, Spend(budget, SamplingPurse.Common));
        Assert.Equal((5, 2), (budget.Left(SamplingPurse.Disagreement), budget.Left(SamplingPurse.Audit)));
    }

    [Fact]
    public void A_restart_gives_no_new_budget_and_an_hour_does()
    {
        Assert.Equal(13, Spend(Budget(20), SamplingPurse.Common));
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(0, Spend(Budget(20), SamplingPurse.Common));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(13, Spend(Budget(20), SamplingPurse.Common));
    }

    [Fact]
    public void A_clock_that_went_back_gives_no_new_budget()
    {
        Assert.Equal(13, Spend(Budget(20), SamplingPurse.Common));
        var earlier = new ManualTime(_time.GetUtcNow().AddHours(-5));
        var budget = new SamplingBudget(new SamplingOptions { FramesPerHour = 20 }, _folder.Path, earlier);
        Assert.Equal(0, budget.Left(SamplingPurse.Common));
        earlier.Advance(TimeSpan.FromMinutes(62));
        Assert.Equal(13, budget.Left(SamplingPurse.Common));
    }

    [Theory]
    [InlineData("{\"minutes\":[{")]
    [InlineData("")]
    [InlineData("null")]
    public void A_damaged_ledger_counts_as_spent(string text)
    {
        File.WriteAllText(_folder["sampling-budget.json"], text);
        var budget = Budget(20);
        Assert.Equal(0, Spend(budget, SamplingPurse.Common));
        _time.Advance(TimeSpan.FromMinutes(62));
        Assert.Equal(13, Spend(budget, SamplingPurse.Common));
    }

    [Fact]
    public void Every_limit_holds_in_every_rolling_period_over_restarts()
    {
        SamplingLimit[] limits =
        [
            new() { Per = LimitPeriod.Minute, Frames = 3 }, new() { Per = LimitPeriod.Day, Frames = 60, Kilobytes = 70 },
            new() { Per = LimitPeriod.Hour, Of = LimitScope.Camera, Frames = 6 }, new() { Per = LimitPeriod.Hour, Of = LimitScope.Class, Frames = 4, Kilobytes = 5 },
        ];
        var options = new SamplingOptions { FramesPerHour = 100, AuditShare = 0.5, Limits = limits };
        var random = new Random(3);
        List<(double At, SamplingPurse Purse, string Camera, string Class, long Bytes)> sent = [];
        var budget = new SamplingBudget(options, _folder.Path, _time, "boot");
        for (var step = 0; step < 2500; step++)
        {
            _time.Advance(TimeSpan.FromSeconds(random.Next(1, 80)));
            if (random.Next(20) == 0) budget = new SamplingBudget(options, _folder.Path, _time, "boot");
            var (purse, camera, cls, bytes) = ((SamplingPurse)random.Next(3), $"cam-{random.Next(3)}", random.Next(2) == 0 ? "red" : "green", (long)random.Next(500, 2500));
            if (Pay(budget, purse, camera, cls, bytes)) sent.Add(((_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds, purse, camera, cls, bytes));
        }

        Assert.True(sent.Count > 60);
        foreach (var limit in limits)
        {
            var period = limit.Per switch { LimitPeriod.Minute => 60, LimitPeriod.Hour => 3600, _ => 86_400 };
            foreach (var end in sent)
            {
                var counted = sent.Where(it => it.At > end.At - period && it.At <= end.At && (limit.Of != LimitScope.Camera || it.Camera == end.Camera)
                    && (limit.Of != LimitScope.Class || (it.Class == end.Class && it.Purse != SamplingPurse.Audit))).ToList();
                Assert.True(!(counted.Count > limit.Frames), $"{counted.Count} frames a {limit.Per} of {limit.Of}");
                Assert.True(!(counted.Sum(it => it.Bytes) > limit.Kilobytes * 1024L), $"{counted.Sum(it => it.Bytes)} bytes a {limit.Per} of {limit.Of}");
            }
        }
    }

    [Fact]
    public void A_clock_put_forward_gives_no_new_budget_within_a_boot()
    {
        var clocks = new TwoClocks();
        var options = new SamplingOptions { FramesPerHour = 20 };
        var budget = new SamplingBudget(options, _folder.Path, clocks, "boot");
        Assert.Equal(13, Spend(budget, SamplingPurse.Common));
        clocks.Wall = TimeSpan.FromDays(30);
        Assert.Equal(0, budget.Left(SamplingPurse.Common));
        Assert.Equal(0, new SamplingBudget(options, _folder.Path, clocks, "boot").Left(SamplingPurse.Common));
        clocks.Real.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(13, new SamplingBudget(options, _folder.Path, clocks, "boot").Left(SamplingPurse.Common));
    }

    [Fact]
    public void After_a_reboot_the_wall_clock_says_how_long_it_took_and_one_that_went_back_says_nothing()
    {
        var clocks = new TwoClocks();
        var options = new SamplingOptions { FramesPerHour = 20 };
        Assert.Equal(13, Spend(new SamplingBudget(options, _folder.Path, clocks, "first"), SamplingPurse.Common));
        clocks.Wall = TimeSpan.FromHours(-3);
        Assert.Equal(0, new SamplingBudget(options, _folder.Path, clocks, "second").Left(SamplingPurse.Common));
        clocks.Wall = TimeSpan.FromHours(2);
        Assert.Equal(13, new SamplingBudget(options, _folder.Path, clocks, "third").Left(SamplingPurse.Common));
    }

    [Fact]
    public void The_ledger_of_an_earlier_agent_still_counts()
    {
        var minute = _time.GetUtcNow().ToUnixTimeSeconds() / 60;
        File.WriteAllText(_folder["sampling-budget.json"], $$"""{"minutes":[{"minute":{{minute}},"common":13,"audit":1,"disagreement":0}]}""");
        var budget = Budget(20);
        Assert.Equal((0, 1, 5), (budget.Left(SamplingPurse.Common), budget.Left(SamplingPurse.Audit), budget.Left(SamplingPurse.Disagreement)));
    }

    [Fact]
    public void What_was_granted_and_never_sent_is_not_sent_again_but_a_frame_too_large_for_what_is_left_is_refused()
    {
        var options = new SamplingOptions { FramesPerHour = 20, Limits = [new() { Per = LimitPeriod.Day, Kilobytes = 3 }] };
        var budget = new SamplingBudget(options, _folder.Path, _time);
        var grant = budget.Take(SamplingPurse.Common, new CameraId("cam"), "red")!;
        Assert.Equal(3 * 1024, budget.BytesLeft(grant));
        Assert.False(budget.Settle(grant, 3 * 1024 + 1));
        Assert.True(budget.Settle(grant, 3 * 1024));
        Assert.Equal(0, budget.Left(SamplingPurse.Common));
    }

    [Fact]
    public void A_budget_of_nothing_grants_nothing() => Assert.Equal(0, Spend(Budget(0), SamplingPurse.Disagreement));

    public void Dispose() => _folder.Dispose();

    private SamplingBudget Budget(int perHour) => new(new SamplingOptions { FramesPerHour = perHour }, _folder.Path, _time);

    private static bool Pay(SamplingBudget budget, SamplingPurse purse, string camera = "cam", string cls = "red", long bytes = 1000) =>
        budget.Take(purse, new CameraId(camera), cls) is { } grant && budget.Settle(grant, bytes);

    private static int Spend(SamplingBudget budget, SamplingPurse purse)
    {
        var spent = 0;
        while (Pay(budget, purse)) spent++;
        return spent;
    }

    /// <summary>A wall clock that somebody moves beside one that nobody can.</summary>
    private sealed class TwoClocks : TimeProvider
    {
        public ManualTime Real { get; } = new();

        public TimeSpan Wall { get; set; }

        public override long TimestampFrequency => Real.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => Real.GetUtcNow() + Wall;

        public override long GetTimestamp() => Real.GetTimestamp();
    }
}
