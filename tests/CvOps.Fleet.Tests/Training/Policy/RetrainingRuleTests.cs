using CvOps.Contracts.Api;
using CvOps.Fleet.Training.Policy;

namespace CvOps.Fleet.Tests.Training.Policy;

public sealed class RetrainingRuleTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RetrainingPolicy Policy = new() { Model = "steel", By = "op", Labels = 60, EveryHours = 168 };
    private static readonly RetrainingEvidence Drift = new(RetrainingTrigger.Drift, Now, "camera 1: ageing-lamp");
    private static readonly RetrainingEvidence Person = new(RetrainingTrigger.Person, Now, "op: new supplier");

    [Fact]
    public void Nothing_starts_by_itself_before_its_trigger_and_the_policy_says_what_it_waits_for()
    {
        var decision = Decide(Facts(labels: 23));
        Assert.False(decision.Starts);
        Assert.Equal("waits for 37 more labels, or for an alarm of drift, or until 2026-11-08 00:00:00Z", decision.Says);
    }

    [Fact]
    public void Labels_a_schedule_and_drift_start_a_training_each()
    {
        Assert.Equal(RetrainingTrigger.Labels, Assert.Single(Decide(Facts(labels: 60)).Evidence).Trigger);
        Assert.Equal(RetrainingTrigger.Drift, Assert.Single(Decide(Facts(labels: 20, Drift)).Evidence).Trigger);
        Assert.Equal(RetrainingTrigger.Schedule, Assert.Single(Decide(Facts(labels: 20) with { Since = Now.AddDays(-8) }).Evidence).Trigger);
    }

    [Fact]
    public void Triggers_coalesce_while_a_training_runs_or_cools_down_and_one_training_answers_all()
    {
        var facts = Facts(labels: 70, Drift, Drift with { Says = "camera 2: knocked-mount" }) with { LastStarted = Now.AddHours(-1), IsRunning = true };
        Assert.Contains("a training is running; the next one answers: camera 1", Decide(facts).Says, StringComparison.Ordinal);
        Assert.Contains("cools down until 2026-11-01 17:00:00Z", Decide(facts with { IsRunning = false }).Says, StringComparison.Ordinal);
        Assert.Equal(3, Decide(facts with { IsRunning = false, LastStarted = Now.AddHours(-7) }).Evidence.Count);
    }

    [Fact]
    public void Without_new_labels_nothing_is_trained_as_the_same_labels_give_the_same_model()
    {
        var waits = Decide(Facts(labels: 3, Drift));
        Assert.False(waits.Starts);
        Assert.StartsWith("3 new labels, at least 20 are needed to answer: camera 1: ageing-lamp", waits.Says, StringComparison.Ordinal);
        Assert.False(Decide(Facts(labels: 0, Person)).Starts);
    }

    [Fact]
    public void A_person_waits_for_no_cool_down_and_needs_one_new_label()
    {
        var facts = Facts(labels: 1, Person) with { LastStarted = Now.AddMinutes(-5) };
        Assert.True(Decide(facts).Starts);
        Assert.True(RetrainingRule.Decide(Policy with { Enabled = false }, facts, Now).Starts);
        Assert.False(Decide(facts with { IsRunning = true }).Starts);
    }

    [Fact]
    public void A_policy_that_is_switched_off_keeps_its_evidence()
    {
        var off = RetrainingRule.Decide(Policy with { Enabled = false }, Facts(labels: 100, Drift), Now);
        Assert.False(off.Starts);
        Assert.Equal("switched off; it would answer: camera 1: ageing-lamp", off.Says);
    }

    [Fact]
    public void Every_mistake_of_a_policy_is_named_at_once()
    {
        var mistakes = RetrainingRule.Check(Policy with { By = " ", Labels = 0, EveryHours = double.NaN, CooldownHours = -1, LeastLabels = 0, Start = true });
        Assert.Equal(6, mistakes.Count);
        Assert.Contains(mistakes, mistake => mistake.Contains("'everyHours' is NaN", StringComparison.Ordinal));
        Assert.Empty(RetrainingRule.Check(Policy));
    }

    [Fact]
    public void The_time_for_a_label_is_the_median_between_two_of_one_person_without_pauses()
    {
        (string, DateTimeOffset)[] labels = [("ann", Now), ("ann", Now.AddSeconds(4)), ("bob", Now.AddSeconds(5)), ("ann", Now.AddSeconds(10)), ("ann", Now.AddMinutes(30)), ("ann", Now.AddMinutes(30).AddSeconds(8))];
        Assert.Equal(6, LabelTime.Seconds(labels));
        Assert.Null(LabelTime.Seconds([("ann", Now), ("bob", Now.AddSeconds(1))]));
    }

    private static RetrainingDecision Decide(RetrainingFacts facts) => RetrainingRule.Decide(Policy, facts, Now);

    private static RetrainingFacts Facts(int labels, params RetrainingEvidence[] pending) => new(pending, labels, null, Now.AddHours(-12), IsRunning: false);
}
