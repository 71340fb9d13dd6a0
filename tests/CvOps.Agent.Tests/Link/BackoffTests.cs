using CvOps.Agent.Link;

namespace CvOps.Agent.Tests.Link;

public sealed class BackoffTests
{
    [Fact]
    public void Pauses_double_up_to_the_longest_and_begin_anew()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), () => 0.999999);
        Assert.Equal([1, 2, 4, 5, 5], Enumerable.Range(0, 5).Select(_ => Math.Round(backoff.Next().TotalSeconds)));
        backoff.Reset();
        Assert.Equal(1, Math.Round(backoff.Next().TotalSeconds));
    }

    [Fact]
    public void A_pause_is_at_least_half_its_bound() =>
        Assert.Equal(TimeSpan.FromSeconds(0.5), new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), () => 0).Next());
}
