using CvOps.Agent.Inference;

namespace CvOps.Agent.Tests.Inference;

public sealed class ShadowBudgetTests
{
    [Fact]
    public void With_time_to_spare_the_challenger_is_asked_about_every_frame() => Assert.Equal(1.0, Asked(championMs: 10, challengerMs: 12, periodMs: 40), 0.01);

    [Fact]
    public void Under_load_the_challenger_gets_the_time_that_is_left_and_no_more()
    {
        var asked = Asked(championMs: 30, challengerMs: 30, periodMs: 40);
        // 0.95 of the clock, less the champion's three quarters, over the challenger's three quarters.
        Assert.Equal((0.95 - 0.75) / 0.75, asked, 0.03);
    }

    [Fact]
    public void With_no_time_left_it_is_not_asked_at_all() => Assert.Equal(0, Asked(championMs: 40, challengerMs: 30, periodMs: 40), 0.02);

    [Fact]
    public void Cameras_that_wait_for_us_lose_nothing_so_every_frame_is_asked() => Assert.Equal(1.0, Asked(championMs: 40, challengerMs: 30, periodMs: 70, live: false), 1e-9);

    [Fact]
    public void A_frame_that_is_late_already_is_not_made_later()
    {
        var budget = new ShadowBudget(TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < 100; i++)
        {
            budget.ChampionRan(10, 100);
            budget.ChallengerRan(10);
        }
        Assert.True(budget.MayAsk(live: true, ageMs: 70));
        Assert.False(budget.MayAsk(live: true, ageMs: 90));
    }

    private static double Asked(double championMs, double challengerMs, double periodMs, bool live = true)
    {
        var budget = new ShadowBudget(TimeSpan.FromMilliseconds(500));
        var asked = 0;
        const int frames = 2000;
        const int learning = 200;
        for (var frame = 0; frame < frames; frame++)
        {
            budget.ChampionRan(championMs, periodMs);
            if (!budget.MayAsk(live, championMs)) continue;
            if (frame >= learning) asked++;
            budget.ChallengerRan(challengerMs);
        }
        return asked / (double)(frames - learning);
    }
}
