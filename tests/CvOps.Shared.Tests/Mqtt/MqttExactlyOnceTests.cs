using System.Globalization;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>QoS 2 against a real mosquitto, through connections that break in the middle of it.</summary>
public sealed class MqttExactlyOnceTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MqttProtocolVersion.V500, 5)]
    [InlineData(MqttProtocolVersion.V311, 20)] // which 3.1.1 has no word for
    public async Task Every_message_arrives_once_and_in_order(MqttProtocolVersion version, int window)
    {
        await using var broker = await TestBroker.StartAsync($"max_inflight_messages {window}", Token);
        using var publisher = await MqttBrokerTests.ConnectAsync(broker, version);
        using var subscriber = await MqttBrokerTests.ConnectAsync(broker, version);
        var received = MqttBrokerTests.Collect(subscriber);
        await subscriber.SubscribeAsync("t", MqttQualityOfServiceLevel.ExactlyOnce, Token);
        var results = await Task.WhenAll(Enumerable.Range(0, 500).Select(index => publisher.PublishStringAsync("t", Text(index), MqttQualityOfServiceLevel.ExactlyOnce, false, Token)));
        Assert.All(results, result => Assert.True(result.IsSuccess));
        await Eventually.Async(() => received.Count >= 500, Deadline, () => $"{received.Count}", Token);
        Assert.Equal(Enumerable.Range(0, 500).Select(Text), received.Select(message => message.ConvertPayloadToString()!));
        Assert.All(received, message => Assert.Equal(MqttQualityOfServiceLevel.ExactlyOnce, message.QualityOfServiceLevel));
    }

    [Fact]
    public async Task A_subscriber_whose_line_breaks_again_and_again_gets_no_message_twice_and_misses_none()
    {
        const int Messages = 400;
        await using var broker = await TestBroker.StartAsync("max_inflight_messages 10", Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        using var publisher = await MqttBrokerTests.ConnectAsync(broker);
        using var subscriber = new MqttClientFactory().CreateMqttClient();
        var received = MqttBrokerTests.Collect(subscriber);
        var options = new MqttClientOptionsBuilder().WithTcpServer(proxy.Host, proxy.Port).WithClientId("sub").WithCleanStart(false).WithSessionExpiryInterval(60).Build();
        await subscriber.ConnectAsync(options, Token);
        await subscriber.SubscribeAsync("t", MqttQualityOfServiceLevel.ExactlyOnce, Token);
        var publishing = Task.WhenAll(Enumerable.Range(0, Messages).Select(index => publisher.PublishStringAsync("t", Text(index), MqttQualityOfServiceLevel.ExactlyOnce, false, Token)));
        for (var seen = 0; received.Count < Messages; seen = received.Count)
        {
            await Eventually.Async(() => received.Count >= Math.Min(Messages, seen + 40), Deadline, () => $"{received.Count}", Token);
            proxy.Break();
            await Eventually.Async(() => !subscriber.IsConnected, Deadline, () => "still connected", Token);
            Assert.True((await subscriber.ConnectAsync(options, Token)).IsSessionPresent);
        }
        await publishing;
        await subscriber.PingAsync(Token);
        Assert.Equal(Enumerable.Range(0, Messages).Select(Text), received.Select(message => message.ConvertPayloadToString()!));
    }

    [Fact]
    public async Task A_publisher_whose_line_broke_in_the_middle_leaves_no_identifier_that_would_swallow_the_next_message()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        using var subscriber = await MqttBrokerTests.ConnectAsync(broker);
        var received = MqttBrokerTests.Collect(subscriber);
        await subscriber.SubscribeAsync("t", MqttQualityOfServiceLevel.ExactlyOnce, Token);
        using var publisher = new MqttClientFactory().CreateMqttClient();
        var options = new MqttClientOptionsBuilder().WithTcpServer(proxy.Host, proxy.Port).WithClientId("pub").WithCleanStart(false).WithSessionExpiryInterval(60).Build();
        await publisher.ConnectAsync(options, Token);

        // PUBLISH passes, PUBREC does not come back: the broker holds the message and waits for its release.
        proxy.StallAnswers();
        var before = proxy.BytesForwarded;
        var doubtful = publisher.PublishStringAsync("t", "first", MqttQualityOfServiceLevel.ExactlyOnce, false, Token);
        await Eventually.Async(() => proxy.BytesForwarded > before, Deadline, () => "nothing was sent", Token);
        // The broker has read it when it has answered somebody who asked later.
        await subscriber.PingAsync(Token);
        await subscriber.PingAsync(Token);
        proxy.Break();
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => doubtful.WaitAsync(Deadline, Token));
        proxy.Restore();
        await Eventually.Async(() => !publisher.IsConnected, Deadline, () => "still connected", Token);
        await publisher.ConnectAsync(options, Token);
        foreach (var text in new[] { "second", "third" }) Assert.True((await publisher.PublishStringAsync("t", text, MqttQualityOfServiceLevel.ExactlyOnce, false, Token)).IsSuccess);
        await Eventually.Async(() => received.Count >= 3, Deadline, () => $"{string.Join(',', received.Select(message => message.ConvertPayloadToString()))}\n{broker.Log}", Token);
        Assert.Equal(["first", "second", "third"], received.Select(message => message.ConvertPayloadToString()!));
    }

    [Fact]
    public async Task An_answer_that_was_not_asked_for_ends_the_connection()
    {
        // CONNACK; PUBLISH id 1 with QoS 1 is answered by PUBCOMP.
        await using var server = new ScriptedServer([0x20, 3, 0, 0, 0], [0x70, 2, 0, 1]) { AnswersAfterEachPacket = true };
        using var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("localhost", server.Port).Build(), Token);
        var failed = await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => client.PublishStringAsync("t", "x", MqttQualityOfServiceLevel.AtLeastOnce, false, Token).WaitAsync(Deadline, Token));
        Assert.Contains("asked for another answer", failed.Message, StringComparison.Ordinal);
    }

    private static string Text(int index) => index.ToString(CultureInfo.InvariantCulture);
}
