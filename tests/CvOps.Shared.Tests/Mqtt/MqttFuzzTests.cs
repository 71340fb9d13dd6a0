using System.Diagnostics;
using MQTTnet.Formatter;
using MQTTnet.Wire;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>
/// Whatever a server sends is a packet or <see cref="MalformedPacketException"/>, soon, and at little more memory than it is long: a device can't be
/// crashed, held up or filled from the other side of its link.
/// </summary>
public sealed class MqttFuzzTests
{
    /// <summary>Of decoding, for each byte received: a user property of five bytes is an object, two references and its place in a list.</summary>
    private const int AllocatedPerByte = 40;

    /// <summary>Of decoding, for each packet: its message, its properties, or the exception with its text.</summary>
    private const int AllocatedPerPacket = 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(MqttProtocolVersion.V500)]
    [InlineData(MqttProtocolVersion.V311)]
    public void A_hundred_thousand_inputs_are_packets_or_malformed(MqttProtocolVersion version) => Fuzz(version, 1, 100_000);

    [Theory]
    [Trait("tier", "slow")]
    [InlineData(MqttProtocolVersion.V500)]
    [InlineData(MqttProtocolVersion.V311)]
    public void Five_million_inputs_are_packets_or_malformed(MqttProtocolVersion version) => Fuzz(version, Environment.TickCount, 5_000_000);

    [Fact]
    public void The_worst_packet_of_user_properties_stays_within_the_stated_memory()
    {
        // Nothing is smaller on the wire and larger in memory.
        var properties = Enumerable.Repeat(new byte[] { 38, 0, 0, 0, 0 }, 100_000).SelectMany(it => it).ToArray();
        byte[] body = [0, 1, (byte)'t', 0xA0, 0xC2, 0x1E, .. properties];
        var decoder = new PacketDecoder(MqttProtocolVersion.V500);
        decoder.Publish(PacketType.Publish, body);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (message, _) = decoder.Publish(PacketType.Publish, body);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(100_000, message.UserProperties!.Count);
        Assert.True(allocated <= AllocatedPerPacket + (long)AllocatedPerByte * body.Length, $"{allocated} bytes for {body.Length}");
    }

    private static void Fuzz(MqttProtocolVersion version, int seed, int inputs)
    {
        var mutator = new PacketMutator(seed);
        var (packets, malformed) = (0, 0);
        for (var input = 0; input < inputs; input++)
        {
            var bytes = mutator.Next();
            var began = Stopwatch.GetTimestamp();
            var before = GC.GetAllocatedBytesForCurrentThread();
            int taken;
            try
            {
                taken = Receive(version, bytes, out var ended);
                packets += taken;
                if (ended) malformed++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}, input {input}: {Convert.ToHexString(bytes)}", e);
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            // The intake's first buffer and the decoder are made anew for each input.
            var limit = 32 * 1024 + AllocatedPerPacket * (taken + 1) + (long)AllocatedPerByte * bytes.Length;
            Assert.True(allocated <= limit, $"seed {seed}, input {input}: {allocated} bytes allocated for {bytes.Length}: {Convert.ToHexString(bytes)}");
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"seed {seed}, input {input} took {Stopwatch.GetElapsedTime(began)}: {Convert.ToHexString(bytes)}");
        }
        // A fuzzer whose inputs all fail at once, or never, tests nothing.
        Assert.InRange(packets, inputs / 4, inputs * 5);
        Assert.InRange(malformed, inputs / 4, inputs);
    }

    /// <summary>As the client does, in pieces as a network brings them.</summary>
    /// <param name="ended">It was malformed.</param>
    /// <returns>Packets taken.</returns>
    private static int Receive(MqttProtocolVersion version, byte[] bytes, out bool ended)
    {
        var intake = new PacketIntake(PacketReader.DefaultLimit);
        var decoder = new PacketDecoder(version, 5);
        var taken = 0;
        ended = false;
        try
        {
            for (var rest = bytes.AsSpan(); ;)
            {
                while (intake.TryTake(out var first, out var body))
                {
                    Decode(decoder, first, body);
                    taken++;
                }
                if (rest.IsEmpty) return taken;
                var piece = rest[..Math.Min(rest.Length, 1 + bytes.Length / 3)];
                piece.CopyTo(intake.Room().Span);
                intake.Add(piece.Length);
                rest = rest[piece.Length..];
            }
        }
        catch (MalformedPacketException)
        {
            ended = true;
            return taken;
        }
    }

    private static void Decode(PacketDecoder decoder, byte first, ReadOnlySpan<byte> body)
    {
        switch (first & 0xF0)
        {
            case PacketType.Publish: decoder.Publish(first, body); break;
            case PacketType.ConnAck: decoder.ConnAck(body); break;
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubRel & 0xF0 or PacketType.PubComp: decoder.Answer(body); break;
            case PacketType.SubAck or PacketType.UnsubAck: decoder.FilterAck(body); break;
            case PacketType.Disconnect: decoder.Disconnect(body); break;
        }
    }
}
