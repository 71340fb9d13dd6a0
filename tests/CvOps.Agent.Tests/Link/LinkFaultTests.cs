using CvOps.Agent.Link;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Link;

/// <summary>The link through a network that misbehaves: everything arrives, and what is wrong is said.</summary>
public sealed class LinkFaultTests
{
    private const int Messages = 600;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Late_bytes_cost_time_and_no_message() => CarriesAsync(proxy => proxy.Latency = TimeSpan.FromMilliseconds(20));

    [Fact]
    public Task Lost_packets_cost_time_and_no_message() => CarriesAsync(proxy => proxy.Loss = 0.1);

    [Fact]
    public Task A_slow_reader_holds_the_link_up_and_costs_no_message() => CarriesAsync(proxy => proxy.ReadBytesPerSecond = 100_000, pad: 400);

    [Fact]
    public Task A_reset_in_the_middle_of_a_packet_costs_no_message() => CarriesAsync(proxy => proxy.ResetAfter(10_007), connections: 2);

    [Fact]
    public Task A_half_open_connection_is_found_out_and_costs_no_message() => CarriesAsync(proxy => proxy.HalfOpen(), connections: 2, keepAlive: TimeSpan.FromSeconds(1));

    [Fact]
    public async Task A_broker_that_does_not_answer_is_given_up_after_the_timeout_and_told()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        proxy.Stall();
        await using var rig = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", proxy.Port)) with { Timeout = TimeSpan.FromSeconds(1) });
        await rig.ProblemAsync("no answer within 1 s");
        proxy.Restore();
        await rig.ConnectedAsync();
        Assert.Null(rig.Link.Problem);
    }

    [Fact]
    public async Task Every_address_is_tried_in_turn_and_the_first_again_after_a_loss()
    {
        await using var first = await TestBroker.StartAsync(cancellationToken: Token);
        await using var second = await TestBroker.StartAsync(cancellationToken: Token);
        await using var one = FaultProxy.Start(first.Host, first.Port);
        await using var two = FaultProxy.Start(second.Host, second.Port);
        one.Cut();
        await using var rig = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", one.Port), LinkRig.Address("mqtt", two.Port)));
        await rig.ConnectedAsync();
        Assert.Equal((0, 1), (one.Connections, two.Connections));

        // The first is back; the second is left only when its line breaks.
        one.Restore();
        two.Break();
        await Eventually.Async(() => one.Connections == 1 && rig.Link.State == LinkState.Connected, LinkRig.Deadline, () => $"{one.Connections} and {two.Connections}, {rig.Link.Problem}", Token);
        Assert.Equal(1, two.Connections);

        // Now the first is gone again: the next one serves.
        one.Cut();
        await Eventually.Async(() => two.Connections == 2 && rig.Link.State == LinkState.Connected, LinkRig.Deadline, () => $"{one.Connections} and {two.Connections}, {rig.Link.Problem}", Token);
    }

    [Fact]
    public async Task A_broker_that_is_left_again_takes_no_later_connection_with_it()
    {
        await using var weak = await TestBroker.StartWithAsync((port, _) => $"listener {port} 127.0.0.1\nallow_anonymous true\nmax_qos 0\n", Token);
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        for (var life = 1; life <= 30; life++)
        {
            await using var rig = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", weak.Port), LinkRig.Address("mqtt", proxy.Port)));
            await rig.ConnectedAsync();
            await rig.SendAsync(0, 20);
            Assert.Equal((LinkState.Connected, 2), (rig.Link.State, rig.Link.Attempts));
            Assert.Equal(life, proxy.Connections);
        }
    }

    [Theory]
    [InlineData("max_qos 0", "no messages of QoS 1")]
    [InlineData("retain_available false", "retain_available")]
    [InlineData("allow_anonymous false", "does not let this device in")]
    public async Task A_broker_that_can_not_serve_us_is_told_in_a_sentence(string setting, string words)
    {
        await using var broker = await TestBroker.StartWithAsync((port, _) => $"listener {port} 127.0.0.1\nallow_anonymous true\n{setting}\n", Token);
        await using var rig = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", broker.Port)));
        await rig.ProblemAsync("No connection to mqtt://127.0.0.1", words);
        Assert.NotEqual(LinkState.Connected, rig.Link.State);
    }

    [Fact]
    public async Task A_broker_that_is_not_there_is_told_in_a_sentence()
    {
        await using var refused = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", TestProcess.FreePort())));
        await refused.ProblemAsync("nothing listens at port");
        await using var unknown = new LinkRig(LinkRig.Plain("mqtt://no-such-broker.invalid"));
        await unknown.ProblemAsync("the name 'no-such-broker.invalid' is not known");
    }

    [Fact]
    public async Task Topics_that_come_again_go_out_as_aliases_and_a_new_connection_begins_anew()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        var (client, heard) = await LinkRig.ListenAsync(broker);
        using var _ = client;
        await using var rig = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", proxy.Port)));
        await rig.ConnectedAsync();
        // Longer than any other part of the packet.
        var topic = LinkRig.Own.Inspection(new CameraId(new string('c', 60)));
        for (var round = 0; round < 2; round++)
        {
            await rig.SendAsync(round * 100, 3, topic);
            var before = proxy.BytesForwarded;
            await rig.SendAsync(round * 100 + 3, 50, topic);
            // PUBLISH with its properties, without its topic of 90 bytes, and PUBACK.
            Assert.InRange(proxy.BytesForwarded - before, 1, 50 * 320);
            proxy.Break();
            await Eventually.Async(() => proxy.Connections == round + 2 && rig.Link.State == LinkState.Connected, LinkRig.Deadline, () => $"{proxy.Connections}, {rig.Link.Problem}", Token);
        }
        await Eventually.Async(() => heard.Distinct().Count() == 106, LinkRig.Deadline, () => $"{heard.Distinct().Count()}", Token);
    }

    private static async Task CarriesAsync(Action<FaultProxy> fault, int connections = 1, int pad = 0, TimeSpan? keepAlive = null)
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        var (client, heard) = await LinkRig.ListenAsync(broker);
        using var _ = client;
        await using var rig = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", proxy.Port)) with { KeepAlive = keepAlive ?? TimeSpan.FromSeconds(20) });
        await rig.ConnectedAsync();
        await rig.SendAsync(0, 50, pad: pad);
        fault(proxy);
        await rig.SendAsync(50, Messages, pad: pad);
        await Eventually.Async(() => heard.Distinct().Count() == Messages + 50, LinkRig.Deadline, () => $"{heard.Distinct().Count()} heard, {rig.Link.Problem}", Token);
        Assert.Equal(connections, proxy.Connections);
    }
}
