using System.Collections.Concurrent;
using System.Globalization;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>Many messages on their way at once, with QoS 1, against a real mosquitto.</summary>
public sealed class MqttPublishTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task A_small_window_sends_all_in_the_order_of_the_calls(int window)
    {
        await using var broker = await TestBroker.StartAsync($"max_inflight_messages {window}", Token);
        using var publisher = await MqttBrokerTests.ConnectAsync(broker);
        using var subscriber = await MqttBrokerTests.ConnectAsync(broker);
        var received = MqttBrokerTests.Collect(subscriber);
        // With QoS 0: the broker keeps to its own small window for what it passes on with QoS 1, and lets QoS 0 overtake that.
        await subscriber.SubscribeAsync("t", MqttQualityOfServiceLevel.AtMostOnce, Token);
        // Both kinds, and some larger than what gathers before a publisher has to wait.
        var texts = Enumerable.Range(0, 400).Select(index => index.ToString(CultureInfo.InvariantCulture).PadRight(index % 100 == 0 ? 300_000 : 20)).ToList();
        var results = await Task.WhenAll(texts.Select((text, index) =>
            publisher.PublishStringAsync("t", text, (MqttQualityOfServiceLevel)(index % 3 == 0 ? 0 : 1), false, Token))).WaitAsync(Deadline, Token);
        Assert.All(results, result => Assert.True(result.IsSuccess));
        await Eventually.Async(() => received.Count == texts.Count, Deadline, () => $"{received.Count} messages", Token);
        Assert.Equal(texts, received.Select(message => message.ConvertPayloadToString()!));
        Assert.True(publisher.IsConnected);
    }

    [Fact]
    public async Task When_the_connection_is_lost_everything_in_the_window_and_behind_it_fails()
    {
        await using var broker = await TestBroker.StartAsync("max_inflight_messages 3", Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        using var client = await ConnectAsync(proxy);
        proxy.Stall();
        var waiting = Enumerable.Range(0, 50).Select(_ => client.PublishStringAsync("t", "x", MqttQualityOfServiceLevel.AtLeastOnce, false, Token)).ToList();
        proxy.Break();
        foreach (var publish in waiting) await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => publish.WaitAsync(Deadline, Token));
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => client.PublishStringAsync("t", "x", MqttQualityOfServiceLevel.AtLeastOnce, false, Token));
        proxy.Restore();
        await Eventually.Async(() => !client.IsConnected, Deadline, () => "still connected", Token);
        await client.ReconnectAsync(Token);
        Assert.True((await client.PublishStringAsync("t", "x", MqttQualityOfServiceLevel.AtLeastOnce, false, Token)).IsSuccess);
    }

    [Fact]
    public async Task Who_gives_up_waiting_is_let_go_at_once_and_harms_no_other()
    {
        await using var broker = await TestBroker.StartAsync("max_inflight_messages 3", Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        using var client = await ConnectAsync(proxy);
        using var subscriber = await MqttBrokerTests.ConnectAsync(broker);
        var received = MqttBrokerTests.Collect(subscriber);
        await subscriber.SubscribeAsync("t", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        using var impatience = new CancellationTokenSource();

        proxy.Stall();
        int[] givenUp = [1, 7];
        var publishes = Enumerable.Range(0, 10).Select(index => client.PublishStringAsync(
            "t", index.ToString(CultureInfo.InvariantCulture), MqttQualityOfServiceLevel.AtLeastOnce, false, givenUp.Contains(index) ? impatience.Token : Token)).ToList();
        await impatience.CancelAsync();
        foreach (var index in givenUp) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishes[index].WaitAsync(Deadline, Token));
        Assert.All(givenUp, index => Assert.True(publishes[index].IsCanceled));
        Assert.Equal(8, publishes.Count(publish => !publish.IsCompleted));

        proxy.Restore();
        foreach (var index in Enumerable.Range(0, 10).Except(givenUp)) Assert.True((await publishes[index].WaitAsync(Deadline, Token)).IsSuccess);
        // The first was on its way already; the other had not been sent, and is not.
        await Eventually.Async(() => received.Count == 9, Deadline, () => $"{received.Count}", Token);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "8", "9"], received.Select(message => message.ConvertPayloadToString()!));

        using var before = new CancellationTokenSource();
        await before.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.PublishStringAsync("t", "x", MqttQualityOfServiceLevel.AtLeastOnce, false, before.Token));
        Assert.True((await client.PublishStringAsync("u", "y", MqttQualityOfServiceLevel.AtLeastOnce, false, Token)).IsSuccess);
        Assert.Equal(9, received.Count);
    }

    [Fact]
    public async Task Ten_thousand_messages_stay_in_order_while_another_thread_publishes_too()
    {
        const int Messages = 10_000;
        // Without a disk: it would be written to for each message that waits for the subscriber.
        await using var broker = await TestBroker.StartAsync("max_inflight_messages 50\nmax_queued_messages 0\npersistence false\n# no persistence_location\nlog_dest none", Token);
        using var publisher = await MqttBrokerTests.ConnectAsync(broker);
        using var subscriber = await MqttBrokerTests.ConnectAsync(broker);
        var received = new ConcurrentDictionary<string, List<int>>();
        var count = 0;
        subscriber.ApplicationMessageReceivedAsync += args =>
        {
            received.GetOrAdd(args.ApplicationMessage.Topic, _ => []).Add(int.Parse(args.ApplicationMessage.ConvertPayloadToString()!, CultureInfo.InvariantCulture));
            Interlocked.Increment(ref count);
            return Task.CompletedTask;
        };
        await subscriber.SubscribeAsync("t/#", MqttQualityOfServiceLevel.AtLeastOnce, Token);

        await Task.WhenAll(Task.Run(() => PublishAsync("t/one", 60), Token), Task.Run(() => PublishAsync("t/two", 5), Token));
        await Eventually.Async(() => Volatile.Read(ref count) == 2 * Messages, Deadline, () => $"{count} messages", Token);
        Assert.Equal(Enumerable.Range(0, Messages), received["t/one"]);
        Assert.Equal(Enumerable.Range(0, Messages), received["t/two"]);

        async Task PublishAsync(string topic, int atOnce)
        {
            var onTheWay = new Queue<Task<MqttClientPublishResult>>();
            for (var index = 0; index < Messages; index++)
            {
                onTheWay.Enqueue(publisher.PublishStringAsync(topic, index.ToString(CultureInfo.InvariantCulture), MqttQualityOfServiceLevel.AtLeastOnce, false, Token));
                if (onTheWay.Count > atOnce) Assert.True((await onTheWay.Dequeue()).IsSuccess);
            }
            foreach (var publish in onTheWay) Assert.True((await publish).IsSuccess);
        }
    }

    [Fact]
    public async Task A_continuation_that_blocks_holds_nobody_else_up()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var client = await MqttBrokerTests.ConnectAsync(broker);
        var first = client.PublishStringAsync("t", "1", MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        var second = first.ContinueWith(_ => client.PublishStringAsync("t", "2", MqttQualityOfServiceLevel.AtLeastOnce, false, Token).Wait(Deadline),
            Token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Assert.True(await second.WaitAsync(Deadline, Token));
    }

    private static async Task<IMqttClient> ConnectAsync(FaultProxy proxy)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(proxy.Host, proxy.Port).Build(), Token);
        return client;
    }
}
