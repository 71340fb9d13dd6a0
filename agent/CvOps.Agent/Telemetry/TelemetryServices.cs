using System.Diagnostics;
using CvOps.Agent.Configuration;
using CvOps.Agent.Reports;
using CvOps.Observability.Export;
using CvOps.Observability.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Trace;

namespace CvOps.Agent.Telemetry;

internal static class TelemetryServices
{
    /// <summary>First: what sends must be there before the first frame, and be the last to stop.</summary>
    public static void AddTelemetry(this HostApplicationBuilder builder, AgentOptions options)
    {
        var telemetry = options.Telemetry;
        builder.Services.AddSingleton(_ => new ActivitySource(FrameTracer.Source, AgentVersion.Text));
        builder.Services.AddSingleton(provider => new FrameTracer(
            provider.GetRequiredService<ActivitySource>(), telemetry.OtlpEndpoint is null ? 0 : telemetry.TraceRatio, provider.GetRequiredService<Random>(), provider.GetRequiredService<TimeProvider>()));
        if (telemetry.OtlpEndpoint is not { } endpoint) return;
        var target = new OtlpTarget(new Uri(endpoint), "cvops-agent", AgentVersion.Text, options.Device.Value,
            new Dictionary<string, object> { ["cvops.site"] = options.Site.Value, ["cvops.device"] = options.Device.Value }) { Interval = telemetry.Interval };
        OtlpExport.AddLogs(builder.Logging, target);
        // Whoever decides what is traced is the tracer: what it begins is kept.
        builder.Services.AddHostedService(provider =>
        {
            _ = provider.GetRequiredService<MetricMeter>();
            return new OtlpExport(target, [AgentMetrics.Meter], [FrameTracer.Source], new AlwaysOnSampler());
        });
    }
}
