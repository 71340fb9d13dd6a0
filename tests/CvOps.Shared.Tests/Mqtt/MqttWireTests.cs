using System.Buffers;
using CvOps.Testing;
using FsCheck;
using FsCheck.Fluent;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using MQTTnet.Wire;

namespace CvOps.Shared.Tests.Mqtt;

public sealed class MqttWireTests
{
    [Fact]
    public void What_is_published_reads_back_the_same() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(NonEmptyString Topic, byte[] Payload, string? Type, uint Expiry, bool Retain, ushort Identifier)>(), it =>
        {
            var topic = it.Topic.Get.Replace('#', 'x').Replace('+', 'x').Replace('\0', 'x');
            if (topic.Any(char.IsSurrogate)) return true;
            var type = it.Type?.Any(letter => char.IsSurrogate(letter) || letter == 0) == true ? null : it.Type;
            var message = new MqttApplicationMessage
            {
                Topic = topic, Payload = new ReadOnlySequence<byte>(it.Payload), ContentType = type, MessageExpiryInterval = it.Expiry, Retain = it.Retain,
                QualityOfServiceLevel = it.Identifier == 0 ? MqttQualityOfServiceLevel.AtMostOnce : MqttQualityOfServiceLevel.AtLeastOnce,
            };
            var sequence = new ReadOnlySequence<byte>(new PacketEncoder(MqttProtocolVersion.V500).Publish(message, it.Identifier));
            Assert.True(PacketReader.TryTake(ref sequence, int.MaxValue, out var first, out var body));
            var (read, identifier) = new PacketDecoder(MqttProtocolVersion.V500).Publish(first, body.FirstSpan);
            Assert.Equal((topic, it.Identifier, type, it.Expiry, it.Retain), (read.Topic, identifier, read.ContentType, read.MessageExpiryInterval, read.Retain));
            Assert.Equal(it.Payload, read.Payload.ToArray());
            return sequence.IsEmpty;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_bytes_are_a_packet_or_malformed_and_nothing_else() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            var decoder = new PacketDecoder(MqttProtocolVersion.V500);
            foreach (Action read in new Action[] { () => decoder.Publish(0x32, bytes), () => decoder.ConnAck(bytes), () => decoder.Answer(bytes), () => decoder.FilterAck(bytes), () => decoder.Disconnect(bytes) })
            {
                try
                {
                    read();
                }
                catch (MalformedPacketException)
                {
                }
            }
            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_packet_is_taken_only_when_it_is_whole()
    {
        var packet = new PacketEncoder(MqttProtocolVersion.V500).Publish(new MqttApplicationMessage { Topic = "a", Payload = new ReadOnlySequence<byte>(new byte[200]) }, 0).ToArray();
        for (var length = 0; length < packet.Length; length++)
        {
            var part = new ReadOnlySequence<byte>(packet, 0, length);
            Assert.False(PacketReader.TryTake(ref part, 1000, out _, out _));
        }
        var whole = new ReadOnlySequence<byte>(packet);
        Assert.True(PacketReader.TryTake(ref whole, 1000, out _, out _));
    }

    [Fact]
    public void Packets_written_one_behind_the_other_come_out_whole_however_they_arrive() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(PositiveInt[] Sizes, int Seed)>(), it =>
        {
            var chance = new System.Random(it.Seed);
            var encoder = new PacketEncoder(MqttProtocolVersion.V500);
            // Around the lengths at which a packet's header grows, too.
            var payloads = it.Sizes.Take(20).Select(size => new byte[size.Get % 4 * 8000 + size.Get % 300]).ToList();
            foreach (var payload in payloads)
            {
                chance.NextBytes(payload);
                encoder.Publish(new MqttApplicationMessage { Topic = "t", Payload = new ReadOnlySequence<byte>(payload) }, 0);
                var whole = encoder.Written.Length;
                encoder.Publish(new MqttApplicationMessage { Topic = "forgotten" }, 0);
                encoder.CutTo(whole);
            }
            var intake = new PacketIntake(1 << 20);
            var decoder = new PacketDecoder(MqttProtocolVersion.V500);
            var read = new List<byte[]>();
            for (var rest = encoder.Written; !rest.IsEmpty;)
            {
                var room = intake.Room();
                var piece = rest[..Math.Min(Math.Min(rest.Length, room.Length), chance.Next(1, 5000))];
                piece.CopyTo(room);
                intake.Add(piece.Length);
                rest = rest[piece.Length..];
                while (intake.TryTake(out var first, out var body)) read.Add(decoder.Publish(first, body).Message.Payload.ToArray());
            }
            Assert.Equal(payloads, read);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_identifier_is_not_taken_again_before_its_answer()
    {
        var waiting = new InFlight();
        var taken = Enumerable.Range(0, ushort.MaxValue).Select(index => waiting.Take($"{index}")).ToList();
        Assert.Equal(ushort.MaxValue, taken.Distinct().Count());
        Assert.DoesNotContain((ushort)0, taken);
        Assert.Throws<MqttCommunicationException>(() => waiting.Take("one too many"));
        Assert.Equal("7", waiting.Release(taken[7]));
        Assert.Null(waiting.Release(taken[7]));
        Assert.Null(waiting.Release(0));
        Assert.Equal(taken[7], waiting.Take("next"));
    }

    [Fact]
    public async Task A_malformed_packet_ends_the_connection_with_its_reason()
    {
        // CONNACK, then PUBLISH with an empty topic.
        await using var server = new ScriptedServer([0x20, 3, 0, 0, 0], [0x30, 3, 0, 0, 0]);
        using var client = new MqttClientFactory().CreateMqttClient();
        var ended = new TaskCompletionSource<MqttClientDisconnectedEventArgs>();
        client.DisconnectedAsync += args =>
        {
            ended.TrySetResult(args);
            return Task.CompletedTask;
        };
        await client.ConnectAsync(Options(server.Port), TestContext.Current.CancellationToken);
        var args = await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(MqttClientDisconnectReason.MalformedPacket, args.Reason);
        Assert.False(client.IsConnected);
    }

    [Fact]
    public async Task A_packet_above_the_limit_is_not_read()
    {
        await using var server = new ScriptedServer([0x20, 3, 0, 0, 0], [0x30, 0xFF, 0xFF, 0xFF, 0x7F]);
        using var client = new MqttClientFactory().CreateMqttClient();
        var ended = new TaskCompletionSource<MqttClientDisconnectedEventArgs>();
        client.DisconnectedAsync += args =>
        {
            ended.TrySetResult(args);
            return Task.CompletedTask;
        };
        await client.ConnectAsync(Options(server.Port), TestContext.Current.CancellationToken);
        Assert.Equal(MqttClientDisconnectReason.PacketTooLarge, (await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Reason);
    }

    [Fact]
    public async Task A_refused_connect_is_a_result_with_its_code()
    {
        await using var server = new ScriptedServer([0x20, 3, 0, 0x87, 0]);
        using var client = new MqttClientFactory().CreateMqttClient();
        var result = await client.ConnectAsync(Options(server.Port), TestContext.Current.CancellationToken);
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, result.ResultCode);
        Assert.False(client.IsConnected);
        await Assert.ThrowsAsync<MqttClientNotConnectedException>(() => client.PublishStringAsync("a", "b", cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_peer_that_is_no_broker_and_one_that_is_absent_are_told_apart()
    {
        await using var server = new ScriptedServer("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        using var client = new MqttClientFactory().CreateMqttClient();
        await Assert.ThrowsAsync<MqttConnectingFailedException>(() => client.ConnectAsync(Options(server.Port), TestContext.Current.CancellationToken));
        var absent = await Assert.ThrowsAsync<MqttCommunicationException>(() => client.ConnectAsync(Options(TestProcess.FreePort()), TestContext.Current.CancellationToken));
        Assert.Contains("No connection to localhost:", absent.Message, StringComparison.Ordinal);
    }

    private static MqttClientOptions Options(int port) => new MqttClientOptionsBuilder().WithTcpServer("localhost", port).WithTimeout(TimeSpan.FromSeconds(10)).Build();
}
