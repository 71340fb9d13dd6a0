using System.Buffers;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Shared.Tests.Contracts;

public sealed class InspectionWriterTests
{
    [Fact]
    public void It_writes_what_the_serializer_writes()
    {
        var full = JsonSerializer.Deserialize(WireSamples.All[nameof(InspectionReport)].Write(), ContractsJson.Default.InspectionReport)!;
        var rich = JsonSerializer.Deserialize(WireSamples.All[nameof(SampledFrame)].Write(), ContractsJson.Default.SampledFrame)!.Prediction;
        List<InspectionReport> reports =
        [
            full,
            full with { Part = null, Shadow = null, Error = null, Origin = full.Origin with { Stream = 2 } },
            full with { Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
            full with { Prediction = rich, TimeSource = TimeSource.Host },
            full with { TimeSource = TimeSource.Container, Prediction = new Prediction { Class = "Ä \"quoted\" <b> 日本", Confidence = double.NaN, Margin = double.PositiveInfinity, Entropy = -0.0 } },
            full with { Prediction = new Prediction(), Timings = new FrameTimings(1e-9, 1e300, 0.1, 12345.6789), CapturedAt = DateTimeOffset.UnixEpoch.AddTicks(1) },
        ];
        foreach (var report in reports)
        {
            Assert.Equal(JsonSerializer.Serialize(report, ContractsJson.Default.InspectionReport), Written(report));
        }
    }

    [Fact]
    public void It_allocates_nothing()
    {
        var report = JsonSerializer.Deserialize(WireSamples.All[nameof(InspectionReport)].Write(), ContractsJson.Default.InspectionReport)!;
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(buffer);
        void Once()
        {
            buffer.ResetWrittenCount();
            json.Reset();
            InspectionWriter.Write(json, report);
            json.Flush();
        }

        for (var i = 0; i < 100; i++) Once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Once();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Written(InspectionReport report)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        InspectionWriter.Write(json, report);
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
