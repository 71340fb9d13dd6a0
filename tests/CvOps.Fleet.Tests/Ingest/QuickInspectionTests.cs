using System.Buffers;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Ingest;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Ingest;

public sealed class QuickInspectionTests
{
    private static readonly ParsedTopic Topic = Topics.TryParse("cvops/v1/plant/line-1/inspection/cam", out var parsed) ? parsed : throw new InvalidOperationException();

    [Fact]
    public void What_an_agent_writes_is_read_without_the_serializer_and_means_the_same()
    {
        foreach (var report in Reports())
        {
            var bytes = Written(report);
            Assert.True(QuickInspection.TryRead(Topic, bytes, new NamePool(), out var quick), Encoding.UTF8.GetString(bytes));
            Same(Slow(bytes)!, quick);
        }
    }

    [Fact]
    public void An_inspection_with_more_values_than_a_message_may_have_is_refused_however_it_is_read()
    {
        var report = Reports().First() with { Prediction = new Prediction { Class = "ok", Confidence = 0.9, Margin = 0.5, Detections = [.. Enumerable.Repeat(new Detection("scratch", 0.9, 1, 2, 3, 4), 20_000)] } };
        var bytes = Written(report);
        Assert.InRange(bytes.Length, Limits.MessageTokens, Limits.MessageBytes);
        Assert.Contains("JSON values", new MessageReader().Read("cvops/v1/plant/line-1/inspection/cam", new ReadOnlySequence<byte>(bytes)).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 40_000)]
    [InlineData(2, 40_000)]
    public void Whatever_it_reads_of_damaged_reports_the_serializer_reads_too_and_the_same(int seed, int count) => Compare(seed, count);

    [Fact, Trait("tier", "slow")]
    public void Whatever_it_reads_of_three_million_damaged_reports_the_serializer_reads_too_and_the_same() => Compare(3, 3_000_000);

    private static void Compare(int seed, int count)
    {
        var random = new Random(seed);
        var reports = Reports().Select(Written).ToArray();
        var names = new NamePool();
        var read = 0;
        for (var i = 0; i < count; i++)
        {
            var bytes = JsonMutation.Of(reports[random.Next(reports.Length)], random);
            if (!QuickInspection.TryRead(Topic, bytes, names, out var quick)) continue;
            read++;
            Same(Slow(bytes) ?? throw new Xunit.Sdk.XunitException($"Only the quick reader takes {Encoding.UTF8.GetString(bytes)}"), quick);
        }
        // Otherwise it would have proved nothing.
        Assert.InRange(read, count / 100, count);
    }

    private static IEnumerable<InspectionReport> Reports()
    {
        var plain = new InspectionReport
        {
            Origin = new Origin(new DeviceId("line-1"), 3, 41, 2), Camera = new CameraId("cam"), Frame = 7, Connection = 1, Part = "P-17", CapturedAt = new DateTimeOffset(2026, 11, 21, 6, 0, 0, TimeSpan.Zero).AddTicks(1_230_000),
            TimeSource = TimeSource.Rtcp, TimeUncertaintyMs = 1.5, Model = new ModelRef("line", "1.0", new string('a', 64)), Timings = new FrameTimings(0.1, 1e-9, 12, 1e300),
            Prediction = new Prediction { Class = "ok", Confidence = 0.87123453617, Margin = 0.5, Entropy = 0.25 },
        };
        Detection box = new("scratch", 0.9, 1.5, -0.0, 3, 1e-7);
        yield return plain;
        yield return plain with { Origin = plain.Origin with { Stream = 0 }, Part = null, CapturedAt = DateTimeOffset.UnixEpoch, TimeSource = TimeSource.Host };
        yield return plain with { Prediction = new Prediction { Class = "", Detections = [box, box with { Track = 12, Angle = -0.5 }], Reject = true }, TimeSource = TimeSource.Container };
        yield return plain with { Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
        yield return plain with { Timings = new FrameTimings(0.125, 2.5, 11.75, 0.3) };
        yield return plain with { Prediction = new Prediction(), Error = "The output holds numbers that are none.", CapturedAt = plain.CapturedAt.AddTicks(4_567) };
        yield return plain with { Shadow = new ShadowPrediction(new ModelRef("line", "2", new string('b', 64)), new Prediction { Class = "dent", Confidence = 1, Detections = [box] }) };
    }

    private static byte[] Written(InspectionReport report)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        InspectionWriter.Write(json, report);
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>As the fleet reads what the quick reader leaves: null when it is refused.</summary>
    private static Inspection? Slow(byte[] bytes)
    {
        try
        {
            var report = JsonSerializer.Deserialize(bytes, ContractsJson.Default.InspectionReport)!;
            return MessageRule.Refuse(Topic, report) is null ? Inspection.Of(report) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Same(Inspection expected, Inspection actual)
    {
        Assert.Equal((expected.Origin, expected.Trace), (actual.Origin, actual.Trace));
        Assert.Equal((expected.Camera, expected.Frame, expected.Connection, expected.Part, expected.CapturedAt), (actual.Camera, actual.Frame, actual.Connection, actual.Part, actual.CapturedAt));
        Assert.Equal((expected.Model, expected.Class, expected.Confidence, expected.Shadow, expected.Error), (actual.Model, actual.Class, actual.Confidence, actual.Shadow, actual.Error));
        Assert.Equal((expected.Reject, expected.LatencyUs), (actual.Reject, actual.LatencyUs));
        Assert.Equal(Boxes(expected), Boxes(actual));
    }

    // The quick reader keeps the numbers as they were written.
    private static string Boxes(Inspection inspection) => inspection.Detections.IsEmpty ? ""
        : JsonSerializer.Serialize(JsonSerializer.Deserialize(inspection.Detections.Span, ContractsJson.Default.IReadOnlyListDetection)!, ContractsJson.Default.IReadOnlyListDetection);
}
