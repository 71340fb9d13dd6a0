using CvOps.Agent.Update.Fetch.Neighbours;

namespace CvOps.Agent.Tests.Update.Fetch;

public sealed class ShareRuleTests
{
    private const int Chunks = 1000;

    [Theory, InlineData(1), InlineData(2), InlineData(10)]
    public void Every_chunk_is_fetched_from_the_server_by_exactly_one_device(int devices)
    {
        string[] names = [.. Enumerable.Range(0, devices).Select(i => $"line-{i}")];
        var fetched = new int[Chunks];
        var parts = new int[devices];
        for (var me = 0; me < devices; me++)
        {
            var have = new bool[Chunks];
            SharePeer[] peers = [.. names.Where((_, i) => i != me).Select(name => new SharePeer(name, true, _ => false))];
            while (ShareRule.Next(names[me], Chunks, chunk => !have[chunk], _ => 1000, peers, patient: true) is { Run: { } run } plan)
            {
                Assert.Null(plan.Peer);
                for (var chunk = run.First; chunk <= run.Last; chunk++) (have[chunk], fetched[chunk], parts[me]) = (true, fetched[chunk] + 1, parts[me] + 1);
            }
        }
        Assert.All(fetched, times => Assert.Equal(1, times));
        Assert.All(parts, part => Assert.InRange(part, 0, (Chunks / devices * 3) + 1));
    }

    [Fact]
    public void What_a_peer_has_is_taken_from_it_first()
    {
        SharePeer[] peers = [new("a", true, _ => false), new("b", false, chunk => chunk is 500 or 501)];
        var plan = ShareRule.Next("me", Chunks, _ => true, _ => 1, peers, patient: true);
        Assert.Equal((500, 501, 1), (plan.Run!.Value.First, plan.Run.Value.Last, plan.Peer));
    }

    [Fact]
    public void What_belongs_to_others_is_waited_for_only_in_patience()
    {
        // All that is left belongs to the other device.
        SharePeer[] peers = [new("other", true, _ => false)];
        var have = new bool[Chunks];
        while (ShareRule.Next("me", Chunks, chunk => !have[chunk], _ => 1, peers, patient: true).Run is { } run) Array.Fill(have, true, run.First, run.Last - run.First + 1);
        Assert.Contains(false, have);
        Assert.Null(ShareRule.Next("me", Chunks, chunk => !have[chunk], _ => 1, peers, patient: true).Run);
        var impatient = ShareRule.Next("me", Chunks, chunk => !have[chunk], _ => 1, peers, patient: false);
        Assert.NotNull(impatient.Run);
        Assert.Null(impatient.Peer);
        // A peer that does not get on owns nothing.
        Assert.NotNull(ShareRule.Next("me", Chunks, chunk => !have[chunk], _ => 1, [peers[0] with { Owns = false }], patient: true).Run);
    }

    [Fact]
    public void Many_givers_share_the_askers()
    {
        SharePeer[] peers = [.. Enumerable.Range(0, 5).Select(i => new SharePeer($"giver-{i}", false, _ => true))];
        var asked = Enumerable.Range(0, 100).Select(i => ShareRule.Next($"asker-{i}", Chunks, _ => true, _ => 1, peers, patient: true).Peer ?? -1).CountBy(peer => peer).ToArray();
        Assert.Equal(5, asked.Length);
        Assert.All(asked, giver => Assert.InRange(giver.Value, 5, 50));
    }
}
