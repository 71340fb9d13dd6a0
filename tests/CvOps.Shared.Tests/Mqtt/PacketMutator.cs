using System.Buffers;
using System.Text;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Wire;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>A server's packets, true ones and such as no server should send: fields changed, cut, repeated, exchanged, lengths that lie, plain noise.</summary>
internal sealed class PacketMutator(int seed)
{
    private readonly Random _chance = new(seed);
    private readonly List<byte[]> _true = [.. True()];

    /// <summary>One or a few packets in a row, mostly damaged.</summary>
    public byte[] Next()
    {
        var made = new List<byte>();
        for (var count = _chance.Next(1, 5); count > 0; count--) made.AddRange(One());
        return [.. made];
    }

    private byte[] One()
    {
        if (_chance.Next(12) == 0) return Noise(_chance.Next(1, 400));
        var packet = _true[_chance.Next(_true.Count)].ToList();
        for (var changes = _chance.Next(4); changes > 0 && packet.Count > 0; changes--) Change(packet);
        // A body that was changed in length, under a header that is true again: the decoder is to see it, not only the intake.
        return _chance.Next(4) == 0 || packet.Count < 2 ? [.. packet] : Framed(packet[0], packet.Skip(1 + LengthBytes(packet)).ToArray());
    }

    private void Change(List<byte> packet)
    {
        var at = _chance.Next(packet.Count);
        switch (_chance.Next(7))
        {
            case 0: packet[at] ^= (byte)(1 << _chance.Next(8)); break;
            case 1: packet[at] = (byte)_chance.Next(256); break;
            case 2: packet.RemoveRange(at, Math.Min(packet.Count - at, _chance.Next(1, 20))); break;
            case 3: packet.InsertRange(at, Noise(_chance.Next(1, 20))); break;
            case 4: packet.InsertRange(at, packet.GetRange(at, Math.Min(packet.Count - at, _chance.Next(1, 30)))); break;
            // Lengths and counts like to be extreme.
            case 5: packet[at] = (byte)(_chance.Next(2) == 0 ? 0xFF : 0x00); break;
            default:
                var other = _true[_chance.Next(_true.Count)];
                var from = _chance.Next(other.Length);
                packet.InsertRange(at, other.Skip(from).Take(_chance.Next(1, 40)));
                break;
        }
    }

    private byte[] Noise(int bytes)
    {
        var noise = new byte[bytes];
        _chance.NextBytes(noise);
        return noise;
    }

    private static byte[] Framed(byte first, byte[] body)
    {
        var framed = new List<byte> { first };
        var length = body.Length;
        do
        {
            framed.Add((byte)(length > 127 ? (length & 0x7F) | 0x80 : length));
            length >>= 7;
        }
        while (length > 0);
        return [.. framed, .. body];
    }

    private static int LengthBytes(List<byte> packet)
    {
        var bytes = 1;
        while (bytes < 4 && bytes < packet.Count && (packet[bytes] & 0x80) != 0) bytes++;
        return bytes;
    }

    private static IEnumerable<byte[]> True()
    {
        foreach (var version in new[] { MqttProtocolVersion.V500, MqttProtocolVersion.V311 })
        {
            var encoder = new PacketEncoder(version);
            foreach (var quality in new[] { 0, 1, 2 })
            {
                var message = new MqttApplicationMessage
                {
                    Topic = "cvops/v1/plant/cam-1/command/ping", Payload = new ReadOnlySequence<byte>("{\"id\":\"1\"}"u8.ToArray()), QualityOfServiceLevel = (MqttQualityOfServiceLevel)quality, Retain = quality == 1,
                };
                if (version == MqttProtocolVersion.V500)
                {
                    (message.ContentType, message.ResponseTopic, message.CorrelationData, message.MessageExpiryInterval, message.TopicAlias) = ("application/json", "a/b", [1, 2, 3], 60, (ushort)(quality + 1));
                    message.UserProperties = [.. Enumerable.Range(0, 5).Select(index => new MqttUserProperty($"name{index}", Encoding.UTF8.GetBytes(new string('v', index))))];
                }
                yield return encoder.Publish(message, (ushort)(quality == 0 ? 0 : 7)).ToArray();
            }
            foreach (var type in new[] { PacketType.PubAck, PacketType.PubRec, PacketType.PubRel, PacketType.PubComp })
                yield return encoder.Answer(type, 7, MqttApplicationMessageReceivedReasonCode.NotAuthorized).ToArray();
        }
        yield return Framed(PacketType.ConnAck, [1, 0, 24, 17, 0, 0, 0, 60, 33, 0, 20, 36, 1, 37, 1, 39, 0, 1, 0, 0, 34, 0, 10, 19, 0, 30]);
        yield return Framed(PacketType.ConnAck, [0, 0x87, 12, 31, 0, 9, .. "forbidden"u8]);
        yield return Framed(PacketType.ConnAck, [0, 5]);
        yield return Framed(PacketType.SubAck, [0, 1, 0, 1, 0x87, 2]);
        yield return Framed(PacketType.UnsubAck, [0, 1, 0, 0, 17]);
        yield return Framed(PacketType.PubAck, [0, 7, 0x97, 20, 31, 0, 5, .. "quota"u8, 38, 0, 3, .. "why"u8, 0, 4, .. "full"u8]);
        yield return Framed(PacketType.PingResp, []);
        yield return Framed(PacketType.Disconnect, [0x8B, 8, 31, 0, 5, .. "later"u8]);
        yield return Framed(PacketType.Disconnect, [0x9D, 10, 28, 0, 7, .. "other:1"u8]);
    }
}
