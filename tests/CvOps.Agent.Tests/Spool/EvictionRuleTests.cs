using CvOps.Agent.Spool;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Tests.Spool;

public sealed class EvictionRuleTests
{
    private const int Most = 0, Middle = 1, Least = 2, Nobody = -1;

    [Theory]
    [InlineData("10 10 10", "", 30, Nobody, false)]
    [InlineData("10 10 11", "", 30, Least, false)]
    [InlineData("40 0 0", "", 30, Most, false)] // the last resort
    [InlineData("20 20 0", "", 30, Middle, false)]
    [InlineData("20 20 20", "m", 30, Most, true)] // past its time, whatever it was worth
    [InlineData("20 20 20", "ml", 30, Least, true)]
    [InlineData("60 1 1", "", 1000, Most, false)] // over its own budget of 50
    [InlineData("60 1 1", "l", 1000, Most, false)] // pays for that itself
    [InlineData("60 1 1", "m", 1000, Most, true)]
    [InlineData("10 10 10", "ml", 30, Nobody, false)] // with room enough even the expired may stay
    public void The_expired_go_first_and_then_the_oldest_of_the_least_valuable(string bytes, string expired, long budget, int whose, bool over)
    {
        var use = bytes.Split(' ').Select((text, index) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture) is var size
            ? new ClassUse(size, 50, size > 0, expired.Contains("m?l"[index], StringComparison.Ordinal)) : default).ToArray();
        var (found, reason) = EvictionRule.Next(use, budget);
        Assert.Equal(whose, found);
        if (whose != Nobody) Assert.Equal(over ? SpoolLossReason.Expired : SpoolLossReason.Budget, reason);
    }
}
