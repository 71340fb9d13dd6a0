using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Tokens;
using CvOps.Fleet.Rollouts;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class FourEyesRuleTests
{
    private static readonly RolloutPlan Plan = new() { Name = "p", Model = "m", Rings = [new RolloutRing("canary", 1)], FourEyes = true };

    [Fact]
    public void Who_wrote_the_plan_says_go_to_no_plan_that_asks_for_four_eyes()
    {
        Assert.Contains("early wrote it, so somebody else", Refusal(Person("early", Role.Admin)), StringComparison.Ordinal);
        Assert.Null(Refusal(Person("late", Role.Approver)));
        Assert.NotNull(FourEyesRule.Refusal(["early", "late"], "wrote it", Person("late", Role.Approver)));
        Assert.Equal((true, false, true), (FourEyesRule.Asked(Plan, false), FourEyesRule.Asked(Plan with { FourEyes = false }, false), FourEyesRule.Asked(Plan with { FourEyes = false }, true)));
    }

    [Fact]
    public void The_second_pair_of_eyes_is_a_person_s_with_the_right_to_approve()
    {
        Assert.Contains("right to approve", Refusal(Person("late", Role.Operator)), StringComparison.Ordinal);
        Assert.Contains("is none", Refusal(LocalToken.Principal), StringComparison.Ordinal);
        Assert.Contains("is none", Refusal(new Principal("cvops_1", PrincipalKind.Token, null, [new Grant(Permission.Approve, null)])), StringComparison.Ordinal);
        // A program that may speak in late's name is not late.
        var acting = Person("late", Role.Approver) with { Grants = [new Grant(Permission.Approve | Permission.ActFor, null)] };
        Assert.NotNull(Refusal(acting));
    }

    [Fact]
    public void A_plan_that_would_ask_nobody_does_not_begin()
    {
        Assert.NotNull(FourEyesRule.Unasked(Plan, false, false));
        Assert.Null(FourEyesRule.Unasked(Plan, draft: true, false));
        Assert.Null(FourEyesRule.Unasked(Plan with { Rings = [new RolloutRing("canary", 1) { Approval = true }] }, false, false));
        Assert.NotNull(FourEyesRule.Unasked(Plan with { FourEyes = false }, false, always: true));
    }

    private static string? Refusal(Principal who) => FourEyesRule.Refusal(["early"], "wrote it", who);

    private static Principal Person(string name, Role role) => new(name, PrincipalKind.Account, name, [new Grant(Roles.Of(role), null)]);
}
