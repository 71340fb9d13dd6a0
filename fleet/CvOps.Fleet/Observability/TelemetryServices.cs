using System.Diagnostics;
using CvOps.Observability.Export;
using CvOps.Observability.Metrics;
using OpenTelemetry.Trace;
using Orleans.Hosting;

namespace CvOps.Fleet.Observability;

internal static class TelemetryServices
{
    /// <summary>What Orleans calls the source of its grains' spans.</summary>
    private const string GrainSource = "Microsoft.Orleans.Application";

    /// <summary>Metrics, traces and the log to a collector, where one is named.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder, FleetOptions options)
    {
        builder.Services.AddSingleton(_ => new ActivitySource(IngestTraces.Source, ObservabilityServices.Version)).AddSingleton<IngestTraces>();
        if (options.OtlpEndpoint is not { } endpoint) return;
        var target = new OtlpTarget(new Uri(endpoint), "cvops-fleet", ObservabilityServices.Version, options.ClientId, new Dictionary<string, object>()) { Interval = options.OtlpInterval };
        OtlpExport.AddLogs(builder.Logging, target);
        builder.Services.AddHostedService(provider =>
        {
            _ = provider.GetRequiredService<MetricMeter>();
            // What a device traces is traced here; the fleet begins no traces of its own.
            return new OtlpExport(target, [FleetMetrics.Meter, "Microsoft.Orleans"], [IngestTraces.Source, GrainSource], new ParentBasedSampler(new AlwaysOffSampler()));
        });
        builder.Services.AddHostedService<GaugeLoop>();
    }

    /// <summary>Each call of a grain has a span at its caller and one at the grain, where somebody is to see them.</summary>
    public static ISiloBuilder Traced(this ISiloBuilder silo, FleetOptions options) => options.OtlpEndpoint is null ? silo : silo.AddActivityPropagation();
}
