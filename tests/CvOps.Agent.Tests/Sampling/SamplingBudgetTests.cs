using CvOps.Agent.Sampling;
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
                if (new SamplingBudget(options, folder.Path, time).TrySpend((SamplingPurse)(i % 3))) spent.Add(time.GetUtcNow());
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
    public void A_budget_of_nothing_grants_nothing() => Assert.Equal(0, Spend(Budget(0), SamplingPurse.Disagreement));

    public void Dispose() => _folder.Dispose();

    private SamplingBudget Budget(int perHour) => new(new SamplingOptions { FramesPerHour = perHour }, _folder.Path, _time);

    private static int Spend(SamplingBudget budget, SamplingPurse purse)
    {
        var spent = 0;
        while (budget.TrySpend(purse)) spent++;
        return spent;
    }
}
