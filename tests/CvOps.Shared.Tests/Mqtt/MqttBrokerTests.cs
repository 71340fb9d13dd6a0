using System.Collections.Concurrent;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>Against a real mosquitto.</summary>
public sealed class MqttBrokerTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MqttProtocolVersion.V500, MqttQualityOfServiceLevel.AtLeastOnce)]
    [InlineData(MqttProtocolVersion.V500, MqttQualityOfServiceLevel.AtMostOnce)]
    [InlineData(MqttProtocolVersion.V311, MqttQualityOfServiceLevel.AtLeastOnce)]
    public async Task Messages_arrive_whole_and_in_order(MqttProtocolVersion version, MqttQualityOfServiceLevel quality)
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var publisher = await ConnectAsync(broker, version);
        using var subscriber = await ConnectAsync(broker, version);
        var received = Collect(subscriber);
        await subscriber.SubscribeAsync("t/#", quality, Token);

        var payloads = Enumerable.Range(0, 300).Select(index => new string((char)('a' + index % 26), index * 37)).ToList();
        var results = await Task.WhenAll(payloads.Select((payload, index) => publisher.PublishStringAsync($"t/{index}", payload, quality, false, Token)));

        Assert.All(results, result => Assert.True(result.IsSuccess));
        await Eventually.Async(() => received.Count == payloads.Count, Deadline, () => $"{received.Count} messages", Token);
        Assert.Equal(payloads, received.Select(message => message.ConvertPayloadToString() ?? ""));
        Assert.Equal(Enumerable.Range(0, payloads.Count).Select(index => $"t/{index}"), received.Select(message => message.Topic));
    }

    [Fact]
    public async Task A_large_message_and_its_properties_survive_the_way()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var client = await ConnectAsync(broker);
        var received = Collect(client);
        await client.SubscribeAsync("big", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        var payload = new byte[3_000_000];
        new Random(1).NextBytes(payload);
        await client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic("big").WithPayload(payload).WithContentType("image/jpeg").WithUserProperty("part", new ReadOnlyMemory<byte>("A-17"u8.ToArray()))
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), Token);
        await Eventually.Async(() => received.Count == 1, Deadline, () => broker.Log, Token);
        Assert.True(received.TryPeek(out var message));
        Assert.Equal(payload, message!.Payload.First.ToArray());
        Assert.Equal("image/jpeg", message.ContentType);
        Assert.Equal("part = A-17", Assert.Single(message.UserProperties!).ToString());
    }

    [Fact]
    public async Task A_retained_message_waits_for_the_subscriber()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var client = await ConnectAsync(broker);
        await client.PublishStringAsync("twin", "v1", MqttQualityOfServiceLevel.AtLeastOnce, true, Token);
        var received = Collect(client);
        await client.SubscribeAsync("twin", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        await Eventually.Async(() => received.Count == 1, Deadline, () => broker.Log, Token);
        Assert.True(received.Single().Retain);
        await client.UnsubscribeAsync("twin", Token);
        await client.PublishStringAsync("twin", "v2", MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        await client.PingAsync(Token);
        Assert.Single(received);
    }

    [Fact]
    public async Task The_will_is_sent_when_a_client_vanishes_and_not_when_it_says_goodbye()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var watcher = await ConnectAsync(broker);
        var received = Collect(watcher);
        await watcher.SubscribeAsync("will/#", MqttQualityOfServiceLevel.AtLeastOnce, Token);

        using var polite = await ConnectAsync(broker, configure: options => options.WithWillTopic("will/polite").WithWillPayload("gone"));
        await polite.DisconnectAsync(cancellationToken: Token);
        var vanishing = await ConnectAsync(broker, configure: options => options.WithWillTopic("will/vanished").WithWillPayload("gone").WithWillRetain());
        vanishing.Dispose();

        await Eventually.Async(() => !received.IsEmpty, Deadline, () => broker.Log, Token);
        Assert.Equal("will/vanished", Assert.Single(received).Topic);
    }

    [Fact]
    public async Task What_was_not_acknowledged_comes_again_in_the_kept_session()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var publisher = await ConnectAsync(broker);
        var got = new ConcurrentQueue<(string? Text, bool Dup)>();
        using (var first = await SessionAsync(acknowledge: false))
        {
            await first.SubscribeAsync("work", MqttQualityOfServiceLevel.AtLeastOnce, Token);
            await publisher.PublishStringAsync("work", "one", MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
            await Eventually.Async(() => got.Count == 1, Deadline, () => broker.Log, Token);
        }
        using var second = await SessionAsync(acknowledge: true);
        await Eventually.Async(() => got.Count == 2, Deadline, () => broker.Log, Token);
        Assert.Equal([("one", false), ("one", true)], got);

        async Task<IMqttClient> SessionAsync(bool acknowledge)
        {
            var client = new MqttClientFactory().CreateMqttClient();
            client.ApplicationMessageReceivedAsync += async args =>
            {
                args.AutoAcknowledge = false;
                got.Enqueue((args.ApplicationMessage.ConvertPayloadToString(), args.ApplicationMessage.Dup));
                if (acknowledge) await args.AcknowledgeAsync(Token);
            };
            await client.ConnectAsync(Options(broker).WithClientId("worker").WithCleanStart(false).WithSessionExpiryInterval(60).Build(), Token);
            return client;
        }
    }

    [Fact]
    public async Task A_shared_subscription_splits_the_messages()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var one = await ConnectAsync(broker);
        using var two = await ConnectAsync(broker);
        var (first, second) = (Collect(one), Collect(two));
        foreach (var client in new[] { one, two }) await client.SubscribeAsync("$share/fleet/s/#", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        for (var index = 0; index < 20; index++) await one.PublishStringAsync($"s/{index}", "", MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        await Eventually.Async(() => first.Count + second.Count == 20, Deadline, () => $"{first.Count} + {second.Count}", Token);
        Assert.Equal(10, first.Count);
    }

    [Fact]
    public async Task A_killed_broker_fails_what_waits_and_a_reconnect_goes_on()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        using var client = new MqttClientFactory().CreateMqttClient();
        var lost = new TaskCompletionSource();
        client.DisconnectedAsync += _ =>
        {
            lost.TrySetResult();
            return Task.CompletedTask;
        };
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(proxy.Host, proxy.Port).Build(), Token);
        proxy.Stall();
        var waiting = client.PublishStringAsync("a", "b", MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        await broker.KillAsync();
        proxy.Break();
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => waiting);
        await lost.Task.WaitAsync(Deadline, Token);
        Assert.False(client.IsConnected);

        await broker.RestartAsync(Token);
        proxy.Restore();
        await client.ReconnectAsync(Token);
        Assert.True((await client.PublishStringAsync("a", "b", MqttQualityOfServiceLevel.AtLeastOnce, false, Token)).IsSuccess);
    }

    [Fact]
    public async Task A_peer_that_swallows_everything_is_found_out()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        using var client = new MqttClientFactory().CreateMqttClient();
        await LostAsync(client, proxy);
        Assert.False(client.IsConnected);
    }

    /// <returns>The reason for which the client gives up a peer that still takes everything and says nothing.</returns>
    internal static async Task<MqttClientDisconnectReason> LostAsync(IMqttClient client, FaultProxy proxy)
    {
        var lost = new TaskCompletionSource<MqttClientDisconnectReason>();
        client.DisconnectedAsync += args =>
        {
            lost.TrySetResult(args.Reason);
            return Task.CompletedTask;
        };
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(proxy.Host, proxy.Port).WithKeepAlivePeriod(TimeSpan.FromSeconds(1)).Build(), Token);
        proxy.Stall();
        return await lost.Task.WaitAsync(Deadline, Token);
    }

    [Fact]
    public async Task A_handler_may_publish_and_one_that_throws_does_not_stop_the_others()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var client = await ConnectAsync(broker);
        var answers = new ConcurrentQueue<string>();
        client.ApplicationMessageReceivedAsync += async args =>
        {
            if (args.ApplicationMessage.Topic == "ask")
            {
                await client.PublishStringAsync("answer", args.ApplicationMessage.ConvertPayloadToString(), MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
                throw new InvalidOperationException("after answering");
            }
            answers.Enqueue(args.ApplicationMessage.ConvertPayloadToString()!);
        };
        await client.SubscribeAsync("ask", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        await client.SubscribeAsync("answer", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        foreach (var text in new[] { "1", "2", "3" }) await client.PublishStringAsync("ask", text, MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        await Eventually.Async(() => answers.Count == 3, Deadline, () => string.Join(',', answers), Token);
        Assert.Equal(["1", "2", "3"], answers);
    }

    internal static ConcurrentQueue<MqttApplicationMessage> Collect(IMqttClient client)
    {
        var received = new ConcurrentQueue<MqttApplicationMessage>();
        client.ApplicationMessageReceivedAsync += args =>
        {
            received.Enqueue(args.ApplicationMessage);
            return Task.CompletedTask;
        };
        return received;
    }

    private static MqttClientOptionsBuilder Options(TestBroker broker) => new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port);

    internal static async Task<IMqttClient> ConnectAsync(
        TestBroker broker, MqttProtocolVersion version = MqttProtocolVersion.V500, Action<MqttClientOptionsBuilder>? configure = null)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        var options = Options(broker).WithProtocolVersion(version);
        configure?.Invoke(options);
        var result = await client.ConnectAsync(options.Build(), Token);
        Assert.Equal(MqttClientConnectResultCode.Success, result.ResultCode);
        return client;
    }
}
