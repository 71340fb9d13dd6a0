using System.Buffers;
using System.Diagnostics;
using System.Text;
using CvOps.Contracts;
using CvOps.Fleet.Ingest;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Ingest;

/// <summary>Whatever comes is a message or a reason, soon, and for no more memory than is stated.</summary>
public sealed class MessageFuzzTests
{
    /// <summary>What reading a message may allocate: so much however short it is (a refusal's sentence, its stack), and so much for each byte of it.</summary>
    private const long BytesAMessage = 128 * 1024, BytesAByte = 24;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private static readonly (string Topic, byte[] Payload)[] Sound =
    [
        .. new[]
        {
            ("inspection/cam-1", "InspectionReport"), ("inspection/cam-1", "InspectionReportOfAStream"), ("health", "DeviceHealth"), ("health", "DeviceHealthWithClasses"), ("status", "DeviceStatus"),
            ("drift/cam-1", "DriftWindow"), ("drift/cam-1", "DriftWindowWithSketches"), ("zone/cam-1", "ZoneReport"), ("frame/cam-1/f-1", "SampledFrame"), ("twin/reported", "TwinReported"),
            ("twin/reported", "TwinReportedWithWait"), ("response/c-1", "CommandResponse"),
        }.Select(it => ($"cvops/v1/plant/press-1/{it.Item1}", File.ReadAllBytes(TestData.InRepository("tests", "data", "golden", it.Item2 + ".json")))),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Damaged_messages_are_read_or_set_aside(int seed) => Read(seed, 60_000);

    [Fact, Trait("tier", "slow")]
    public void Three_million_damaged_messages_are_read_or_set_aside() => Read(3, 3_000_000);

    [Theory]
    [InlineData("health", "[", "]", "")]
    [InlineData("health", "{\"a\":", "}", "1")]
    [InlineData("zone/cam-1", "{\"zones\":[", "]}", "{},")]
    [InlineData("health", "{\"cameras\":[", "]}", "{},")]
    [InlineData("status", "{", "}", "\"device\":\"press-1\",")]
    [InlineData("inspection/cam-1", "{\"prediction\":{\"detections\":[", "]}}", "{\"class\":\"\"},")]
    [InlineData("drift/cam-1", "{\"classes\":{", "}}", "\"\":1,")]
    [InlineData("drift/cam-1", "{\"frames\":", "}", "9")]
    [InlineData("twin/reported", "{\"x\":\"", "\"}", "\\u0000")]
    public void The_largest_message_there_is_made_of_one_thing_again_and_again_costs_no_more(string leaf, string before, string after, string again)
    {
        var unit = Encoding.UTF8.GetBytes(again.Length > 0 ? again : before);
        var payload = new byte[Limits.MessageBytes];
        Encoding.UTF8.GetBytes(before).CopyTo(payload, 0);
        for (var at = before.Length; at < payload.Length; at += unit.Length) unit.AsSpan(0, Math.Min(unit.Length, payload.Length - at)).CopyTo(payload.AsSpan(at));
        Encoding.UTF8.GetBytes(after).CopyTo(payload, payload.Length - after.Length);
        Assert.NotNull(Take(new MessageReader(), $"cvops/v1/plant/press-1/{leaf}", payload).Reason);
    }

    [Fact]
    public void Topics_of_any_kind_are_taken_apart_or_refused()
    {
        var random = new Random(4);
        for (var i = 0; i < 200_000; i++)
        {
            var topic = Encoding.Latin1.GetString(JsonMutation.Of(Encoding.UTF8.GetBytes(Sound[random.Next(Sound.Length)].Topic), random));
            if (Topics.TryParse(topic, out var parsed)) Assert.StartsWith($"{Topics.Root}/{parsed.Site}/{parsed.Device}/", topic, StringComparison.Ordinal);
        }
        Assert.False(Topics.TryParse(new string('/', 65_535), out _));
        Assert.False(Topics.TryParse("cvops/v1/plant/press-1/inspection/cam\0", out _));
    }

    private static void Read(int seed, int count)
    {
        var random = new Random(seed);
        var reader = new MessageReader();
        var (read, refused) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var (topic, sound) = Sound[random.Next(Sound.Length)];
            // Sometimes another kind's document, sometimes noise.
            var payload = random.Next(20) switch
            {
                0 => Sound[random.Next(Sound.Length)].Payload,
                1 => Noise(random),
                _ => JsonMutation.Of(sound, random),
            };
            if (Take(reader, topic, payload).Reason is null) read++;
            else refused++;
        }
        Assert.InRange(read, count / 100, count);
        Assert.InRange(refused, count / 100, count);
    }

    private static Message Take(MessageReader reader, string topic, byte[] payload)
    {
        var most = BytesAMessage + (BytesAByte * payload.Length);
        var (message, bytes, time) = Measure(reader, topic, payload);
        // Whatever is used for the first time costs the runtime something, too, once.
        if (bytes > most) (message, bytes, time) = Measure(reader, topic, payload);
        Assert.True(bytes <= most, $"{bytes} bytes for a message of {payload.Length}: {Start(payload)}");
        Assert.True(time < Longest, $"{time} for a message of {payload.Length} bytes: {Start(payload)}");
        Assert.True(message.Reason is not null || message.Body is not null || payload.Length == 0, Start(payload));
        return message;
    }

    private static (Message Message, long Bytes, TimeSpan Time) Measure(MessageReader reader, string topic, byte[] payload)
    {
        var (before, started) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
        var message = reader.Read(topic, new ReadOnlySequence<byte>(payload));
        return (message, GC.GetAllocatedBytesForCurrentThread() - before, Stopwatch.GetElapsedTime(started));
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(1, 300)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string Start(byte[] payload) => Encoding.Latin1.GetString(payload, 0, Math.Min(payload.Length, 2_000));
}
