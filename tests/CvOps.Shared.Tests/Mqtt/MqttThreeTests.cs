using CvOps.Testing;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>MQTT 3.1.1 against a real mosquitto: what a cloud that speaks nothing newer needs.</summary>
public sealed class MqttThreeTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_user_with_the_right_password_passes_and_a_wrong_one_is_told()
    {
        await using var broker = await TestBroker.StartWithAsync((port, folder) =>
        {
            // mosquitto hashes plain passwords by its own tool, as its manual says.
            var file = Path.Combine(folder, "passwords");
            if (!File.Exists(file)) TestProcess.Start("mosquitto_passwd", ["-c", "-b", file, "cam-1", "secret"]).WaitForExitAsync(Deadline, Token).GetAwaiter().GetResult();
            return $"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {file}\n";
        }, Token);
        foreach (var version in new[] { MqttProtocolVersion.V311, MqttProtocolVersion.V500 })
        {
            using var client = new MqttClientFactory().CreateMqttClient();
            var right = await client.ConnectAsync(Options(broker, version).WithCredentials("cam-1", "secret").Build(), Token);
            Assert.Equal(MqttClientConnectResultCode.Success, right.ResultCode);
            await client.DisconnectAsync(cancellationToken: Token);
            // 3.1.1 has no other word for it than "not authorised"; mosquitto says the same in 5.0.
            foreach (var options in new[] { Options(broker, version).WithCredentials("cam-1", "wrong"), Options(broker, version) })
                Assert.Equal(MqttClientConnectResultCode.NotAuthorized, (await client.ConnectAsync(options.Build(), Token)).ResultCode);
            Assert.False(client.IsConnected);
        }
    }

    [Theory]
    [InlineData(1, MqttClientConnectResultCode.UnsupportedProtocolVersion)]
    [InlineData(2, MqttClientConnectResultCode.ClientIdentifierNotValid)]
    [InlineData(3, MqttClientConnectResultCode.ServerUnavailable)]
    [InlineData(4, MqttClientConnectResultCode.BadUserNameOrPassword)]
    [InlineData(5, MqttClientConnectResultCode.NotAuthorized)]
    [InlineData(99, MqttClientConnectResultCode.UnspecifiedError)]
    public async Task A_refusal_has_the_code_of_MQTT_5(byte code, MqttClientConnectResultCode expected)
    {
        await using var server = new ScriptedServer([0x20, 2, 0, code]);
        using var client = new MqttClientFactory().CreateMqttClient();
        var result = await client.ConnectAsync(new MqttClientOptionsBuilder().WithProtocolVersion(MqttProtocolVersion.V311).WithTcpServer("localhost", server.Port).Build(), Token);
        Assert.Equal(expected, result.ResultCode);
    }

    [Fact]
    public async Task A_session_that_is_not_clean_keeps_its_subscription_and_what_came_meanwhile()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var publisher = await MqttBrokerTests.ConnectAsync(broker, MqttProtocolVersion.V311);
        using var device = new MqttClientFactory().CreateMqttClient();
        var received = MqttBrokerTests.Collect(device);
        var options = Options(broker, MqttProtocolVersion.V311).WithClientId("cam-1").WithCleanSession(false).Build();
        Assert.False((await device.ConnectAsync(options, Token)).IsSessionPresent);
        var granted = await device.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter("q0", MqttQualityOfServiceLevel.AtMostOnce).WithTopicFilter("q1", MqttQualityOfServiceLevel.AtLeastOnce).Build(), Token);
        Assert.Equal([MqttClientSubscribeResultCode.GrantedQoS0, MqttClientSubscribeResultCode.GrantedQoS1], granted.Items.Select(item => item.ResultCode));
        await device.DisconnectAsync(cancellationToken: Token);
        await publisher.PublishStringAsync("q1", "kept", MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        Assert.True((await device.ConnectAsync(options, Token)).IsSessionPresent);
        await Eventually.Async(() => received.Count == 1, Deadline, () => broker.Log, Token);
        await publisher.PublishStringAsync("q0", "now", MqttQualityOfServiceLevel.AtMostOnce, false, Token);
        await Eventually.Async(() => received.Count == 2, Deadline, () => broker.Log, Token);
        Assert.Equal(["kept", "now"], received.Select(message => message.ConvertPayloadToString()!));
    }

    [Fact]
    public async Task What_only_MQTT_5_can_carry_is_refused_before_it_is_sent()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        using var client = await MqttBrokerTests.ConnectAsync(broker, MqttProtocolVersion.V311);
        foreach (var message in new[]
        {
            new MqttApplicationMessageBuilder().WithTopic("t").WithContentType("application/json").Build(),
            new MqttApplicationMessageBuilder().WithTopic("t").WithUserProperty("a", new ReadOnlyMemory<byte>("b"u8.ToArray())).Build(),
            new MqttApplicationMessageBuilder().WithTopic("t").WithResponseTopic("r").Build(),
        })
        {
            var refused = await Assert.ThrowsAsync<NotSupportedException>(() => client.PublishAsync(message, Token));
            Assert.Contains("5.0.0", refused.Message, StringComparison.Ordinal);
        }
        Assert.True(client.IsConnected);
    }

    private static MqttClientOptionsBuilder Options(TestBroker broker, MqttProtocolVersion version) =>
        new MqttClientOptionsBuilder().WithProtocolVersion(version).WithTcpServer(broker.Host, broker.Port);
}
