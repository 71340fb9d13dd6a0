using CvOps.Agent.Spool;

namespace CvOps.Agent.Tests.Spool;

public sealed class FairShareTests
{
    [Fact]
    public void Those_that_wait_get_bytes_by_their_shares_and_a_pause_earns_no_credit()
    {
        var turns = new FairShare([16, 8, 1]);
        var sent = new long[3];
        Run([true, true, true], 20_000);
        Assert.InRange(sent[0] / (double)sent[1], 1.9, 2.1);
        Assert.InRange(sent[1] / (double)sent[2], 7, 9);

        Array.Clear(sent);
        Run([false, true, true], 20_000);
        Assert.InRange(sent[1] / (double)sent[2], 7, 9);
        // The first was away for long; now it gets its share and not what it missed.
        Array.Clear(sent);
        Run([true, true, true], 5_000);
        Assert.InRange(sent[0] / (double)sent[1], 1.8, 2.2);
        Assert.Equal(-1, turns.Next([false, false, false]));

        void Run(bool[] ready, int messages)
        {
            for (var index = 0; index < messages; index++)
            {
                var next = turns.Next(ready);
                // Pictures are a hundred times as large as results.
                var bytes = next == 2 ? 40_000 : 400;
                turns.Charge(next, bytes);
                sent[next] += bytes;
            }
        }
    }
}
