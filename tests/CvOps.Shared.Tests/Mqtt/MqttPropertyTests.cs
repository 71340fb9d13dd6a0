using System.Buffers;
using System.Text;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>What MQTT 5 carries beside a payload, against a real mosquitto.</summary>
public sealed class MqttPropertyTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_property_of_a_message_survives_the_way()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var client = await MqttBrokerTests.ConnectAsync(broker);
        var received = MqttBrokerTests.Collect(client);
        await client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithSubscriptionIdentifier(77).WithTopicFilter("p/#", MqttQualityOfServiceLevel.AtLeastOnce).Build(), Token);
        await client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic("p/1").WithPayload("{}").WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .WithContentType("application/json").WithPayloadFormatIndicator(MqttPayloadFormatIndicator.CharacterData).WithMessageExpiryInterval(600)
            .WithResponseTopic("p/answer").WithCorrelationData([1, 0, 255])
            .WithUserProperty("id", Bytes("é-1")).WithUserProperty("id", Bytes("again")).Build(), Token);
        await Eventually.Async(() => received.Count == 1, Deadline, () => broker.Log, Token);
        var message = received.Single();
        Assert.Equal(("application/json", MqttPayloadFormatIndicator.CharacterData, "p/answer"), (message.ContentType, message.PayloadFormatIndicator, message.ResponseTopic));
        Assert.InRange(message.MessageExpiryInterval, 590u, 600u);
        Assert.Equal([1, 0, 255], message.CorrelationData!);
        Assert.Equal(["id = é-1", "id = again"], message.UserProperties!.Select(property => property.ToString()));
        Assert.Equal([77u], message.SubscriptionIdentifiers!);
    }

    [Fact]
    public async Task A_message_that_has_expired_is_not_delivered()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var publisher = await MqttBrokerTests.ConnectAsync(broker);
        var options = new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port).WithClientId("late").WithCleanStart(false).WithSessionExpiryInterval(60).Build();
        using var late = new MqttClientFactory().CreateMqttClient();
        var received = MqttBrokerTests.Collect(late);
        await late.ConnectAsync(options, Token);
        await late.SubscribeAsync("e", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        await late.DisconnectAsync(MqttClientDisconnectOptionsReason.NormalDisconnection, sessionExpiryInterval: 60, cancellationToken: Token);
        foreach (var (text, expiry) in new[] { ("short", 1u), ("long", 600u) })
        {
            await publisher.PublishAsync(new MqttApplicationMessageBuilder().WithTopic("e").WithPayload(text).WithMessageExpiryInterval(expiry)
                .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), Token);
        }
        await Task.Delay(TimeSpan.FromSeconds(2.2), Token); // the broker's clock, which is nobody's to move
        await late.ConnectAsync(options, Token);
        await Eventually.Async(() => !received.IsEmpty, Deadline, () => broker.Log, Token);
        Assert.Equal("long", received.Single().ConvertPayloadToString());
    }

    [Fact]
    public async Task A_topic_is_said_once_and_its_alias_afterwards()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        using var subscriber = await MqttBrokerTests.ConnectAsync(broker);
        var received = MqttBrokerTests.Collect(subscriber);
        await subscriber.SubscribeAsync("plant/#", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        using var publisher = new MqttClientFactory().CreateMqttClient();
        var connected = await publisher.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(proxy.Host, proxy.Port).Build(), Token);
        Assert.InRange(connected.TopicAliasMaximum, 1, ushort.MaxValue);
        var topic = "plant/" + new string('x', 1000);
        await Publish(topic, 1);
        var before = proxy.BytesForwarded;
        for (var index = 0; index < 50; index++) await Publish("", 1);
        await Eventually.Async(() => received.Count == 51, Deadline, () => $"{received.Count}", Token);
        Assert.All(received, message => Assert.Equal(topic, message.Topic));
        Assert.InRange(proxy.BytesForwarded - before, 1, 50 * 100);

        var beyond = await Assert.ThrowsAsync<MqttProtocolViolationException>(() => Publish(topic, (ushort)(connected.TopicAliasMaximum + 1)));
        Assert.Contains("aliases up to", beyond.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<MqttProtocolViolationException>(() => Publish("", 0));

        Task<MqttClientPublishResult> Publish(string name, ushort alias) => publisher.PublishAsync(
            new MqttApplicationMessage { Topic = name, TopicAlias = alias, QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce, Payload = new ReadOnlySequence<byte>("x"u8.ToArray()) }, Token);
    }

    [Fact]
    public async Task A_servers_topic_alias_is_resolved_and_an_unknown_one_ends_the_connection()
    {
        // PUBLISH with topic 'ab' and alias 1, then by the alias alone, then by one nobody explained.
        byte[] first = [0x30, 9, 0, 2, (byte)'a', (byte)'b', 3, 35, 0, 1, (byte)'x'], second = [0x30, 7, 0, 0, 3, 35, 0, 1, (byte)'y'], unknown = [0x30, 7, 0, 0, 3, 35, 0, 2, (byte)'z'];
        await using var server = new ScriptedServer([0x20, 3, 0, 0, 0], first, second, unknown);
        using var client = new MqttClientFactory().CreateMqttClient();
        var received = MqttBrokerTests.Collect(client);
        var ended = new TaskCompletionSource<MqttClientDisconnectReason>();
        client.DisconnectedAsync += args =>
        {
            ended.TrySetResult(args.Reason);
            return Task.CompletedTask;
        };
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("localhost", server.Port).WithTopicAliasMaximum(5).Build(), Token);
        Assert.Equal(MqttClientDisconnectReason.ProtocolError, await ended.Task.WaitAsync(Deadline, Token));
        await Eventually.Async(() => received.Count == 2, Deadline, () => $"{received.Count}", Token);
        Assert.Equal([("ab", "x"), ("ab", "y")], received.Select(message => (message.Topic, message.ConvertPayloadToString()!)));
    }

    [Fact]
    public async Task A_will_waits_for_its_delay_and_carries_its_properties()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var watcher = await MqttBrokerTests.ConnectAsync(broker);
        var received = MqttBrokerTests.Collect(watcher);
        await watcher.SubscribeAsync("will", MqttQualityOfServiceLevel.ExactlyOnce, Token);
        var dying = await MqttBrokerTests.ConnectAsync(broker, configure: options => options.WithClientId("dying").WithCleanStart(false).WithSessionExpiryInterval(60)
            .WithWillTopic("will").WithWillPayload("gone").WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.ExactlyOnce).WithWillRetain().WithWillDelayInterval(2)
            .WithWillContentType("text/plain").WithWillResponseTopic("back").WithWillCorrelationData([9]).WithWillPayloadFormatIndicator(MqttPayloadFormatIndicator.CharacterData)
            .WithWillUserProperty("site", Bytes("plant")));
        dying.Dispose();
        // Whoever dies without a delay afterwards is heard of first.
        (await MqttBrokerTests.ConnectAsync(broker, configure: options => options.WithWillTopic("will").WithWillPayload("first"))).Dispose();
        await Eventually.Async(() => received.Count == 2, Deadline, () => $"{received.Count}", Token);
        Assert.Equal("first", received.First().ConvertPayloadToString());
        var will = received.Last();
        Assert.Equal(("gone", "text/plain", "back", MqttPayloadFormatIndicator.CharacterData), (will.ConvertPayloadToString(), will.ContentType, will.ResponseTopic, will.PayloadFormatIndicator));
        Assert.Equal([9], will.CorrelationData!);
        Assert.Equal("site = plant", Assert.Single(will.UserProperties!).ToString());
    }

    [Fact]
    public async Task A_will_whose_client_is_back_in_time_is_not_sent()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var watcher = await MqttBrokerTests.ConnectAsync(broker);
        var received = MqttBrokerTests.Collect(watcher);
        await watcher.SubscribeAsync("will/#", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        foreach (var _ in new[] { 1, 2 })
        {
            var client = await MqttBrokerTests.ConnectAsync(broker, configure: options =>
                options.WithClientId("back").WithCleanStart(false).WithSessionExpiryInterval(60).WithWillTopic("will/back").WithWillDelayInterval(600));
            client.Dispose();
        }
        // Whoever dies without a delay afterwards is heard of first.
        (await MqttBrokerTests.ConnectAsync(broker, configure: options => options.WithWillTopic("will/other"))).Dispose();
        await Eventually.Async(() => !received.IsEmpty, Deadline, () => broker.Log, Token);
        Assert.Equal("will/other", received.Single().Topic);
    }

    [Theory]
    [InlineData("max_qos 0", MqttQualityOfServiceLevel.AtLeastOnce, false, "up to QoS 0")]
    [InlineData("max_qos 1", MqttQualityOfServiceLevel.ExactlyOnce, false, "up to QoS 1")]
    [InlineData("retain_available false", MqttQualityOfServiceLevel.AtMostOnce, true, "no retained messages")]
    public async Task What_the_server_said_it_does_not_take_is_refused_here_in_words(string setting, MqttQualityOfServiceLevel quality, bool retain, string words)
    {
        await using var broker = await TestBroker.StartAsync(setting, Token);
        using var client = await MqttBrokerTests.ConnectAsync(broker);
        var refused = await Assert.ThrowsAsync<MqttProtocolViolationException>(() => client.PublishStringAsync("t", "x", quality, retain, Token));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.True((await client.PublishStringAsync("t", "x", MqttQualityOfServiceLevel.AtMostOnce, false, Token)).IsSuccess);
    }

    [Fact]
    public async Task A_server_that_sends_more_than_we_said_we_take_is_borne_with()
    {
        byte[] message = [0x32, 7, 0, 1, (byte)'t', 0, 0, 0, (byte)'x'];
        var messages = Enumerable.Range(1, 4).Select(identifier =>
        {
            var copy = message.ToArray();
            copy[6] = (byte)identifier;
            return copy;
        });
        await using var server = new ScriptedServer([[0x20, 3, 0, 0, 0], .. messages]);
        using var client = new MqttClientFactory().CreateMqttClient();
        var all = new TaskCompletionSource();
        var taken = 0;
        client.ApplicationMessageReceivedAsync += args =>
        {
            args.AutoAcknowledge = false;
            if (++taken == 4) all.SetResult();
            return Task.CompletedTask;
        };
        // mosquitto 2.0.11 does so whenever acknowledgements come in parts.
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("localhost", server.Port).WithReceiveMaximum(3).Build(), Token);
        await all.Task.WaitAsync(Deadline, Token);
        Assert.True(client.IsConnected);
    }

    [Fact]
    public async Task The_servers_keep_alive_holds()
    {
        // CONNACK with a server keep-alive of one second, then PINGRESP to whatever comes.
        await using var server = new ScriptedServer([0x20, 6, 0, 0, 3, 19, 0, 1], [0xD0, 0], [0xD0, 0], [0xD0, 0]) { AnswersAfterEachPacket = true };
        using var client = new MqttClientFactory().CreateMqttClient();
        var result = await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("localhost", server.Port).WithKeepAlivePeriod(TimeSpan.FromSeconds(600)).Build(), Token);
        Assert.Equal(1, result.ServerKeepAlive);
        await server.Answered.WaitAsync(Deadline, Token);
        Assert.True(client.IsConnected);
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
