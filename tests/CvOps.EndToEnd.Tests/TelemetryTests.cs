using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

/// <summary>Agent, broker and fleet as processes of their own, and a collector that hears all of them.</summary>
[Trait("tier", "integration")]
public sealed class TelemetryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_frame_is_one_trace_from_the_camera_over_the_broker_into_a_grain_and_metrics_and_logs_of_both_sides_arrive()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        using var folder = new TestFolder();
        await using var up = Cvops.Start("up", "--lines", "1", "--data", folder["stack"], "--http-port", $"{TestProcess.FreePort()}", "--broker-port", $"{TestProcess.FreePort()}",
            "--simulator-port", $"{TestProcess.FreePort()}", "--otlp-endpoint", collector.Url, "--trace-ratio", "1");

        ReceivedSpan[] trace = [];
        string[] wanted = ["frame", "wait", "preprocess", "inference", "decode", "spool", "ingest inspection", "ingest drift", "tell drift"];
        await Eventually.Async(() =>
        {
            if (up.HasExited) throw new InvalidOperationException(up.Output);
            // One of a frame that a drift window carries on, whose grain has answered.
            trace = collector.Spans.GroupBy(span => span.Trace).Select(spans => spans.ToArray())
                .FirstOrDefault(spans => wanted.All(name => spans.Any(span => span.Name == name)) && spans.Any(IsGrain) && spans.Any(span => span.Name.Contains("/inspection/", StringComparison.Ordinal))) ?? [];
            return trace.Length > 0;
        }, RunningStack.Patience, () => $"{collector.Spans.Count} spans: {string.Join(", ", collector.Spans.Select(span => $"{span.Service} {span.Name}").Distinct())}\n{up.Output}", Ct);

        var frame = Assert.Single(trace, span => span.Name == "frame");
        Assert.Equal(("cvops-agent", ""), (frame.Service, frame.Parent));
        Assert.All(trace.Where(span => span.Service == "cvops-agent" && span != frame), span => Assert.Equal(frame.Span, span.Parent));
        Assert.All(trace.Where(span => span.Name.StartsWith("ingest ", StringComparison.Ordinal) || span.Name == "tell drift"), span => Assert.Equal(("cvops-fleet", frame.Span), (span.Service, span.Parent)));
        var tell = trace.First(span => span.Name == "tell drift");
        Assert.Contains(trace, span => IsGrain(span) && span.Service == "cvops-fleet" && span.Parent == tell.Span);
        Assert.All(trace, span => Assert.True(span.EndNanoseconds >= span.StartNanoseconds, $"{span.Name} ends before it begins."));
        // Both programs run on one clock here.
        Assert.True(trace.Single(span => span.Name == "ingest inspection").EndNanoseconds > frame.StartNanoseconds);

        await Eventually.Async(
            () => collector.Metrics.ContainsKey(("cvops-agent", "cvops_agent_frames_inspected_total")) && collector.Metrics.ContainsKey(("cvops-agent", "cvops_agent_inference_seconds"))
                && collector.Metrics.ContainsKey(("cvops-fleet", "cvops_fleet_inspections_total")) && collector.Metrics.ContainsKey(("cvops-fleet", "cvops_fleet_ingest_lag_seconds")),
            RunningStack.Patience, () => string.Join(' ', collector.Metrics.Keys), Ct);
        await Eventually.Async(() => collector.Logs.Any(line => line.Service == "cvops-agent" && line.Body.Contains("Camera", StringComparison.Ordinal)) && collector.Logs.Any(line => line.Service == "cvops-fleet" && line.Body.Contains("Connected to mqtts", StringComparison.Ordinal)),
            RunningStack.Patience, () => string.Join('\n', collector.Logs), Ct);
    }

    private static bool IsGrain(ReceivedSpan span) => span.Name.Contains("DriftGrain/Add", StringComparison.Ordinal);
}
