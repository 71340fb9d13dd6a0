using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CvOps.Observability.Export;

/// <summary>
/// Sends a program's metrics and traces to an OpenTelemetry collector while it runs, by OTLP over HTTP in protobuf. A collector that is away costs what would have been sent and
/// nothing else. Headers and certificates are those of OpenTelemetry's own environment variables (<c>OTEL_EXPORTER_OTLP_HEADERS</c>, ...).
/// </summary>
/// <param name="meters">Names of the meters.</param>
/// <param name="sources">Names of the activity sources; * stands for the rest of a name.</param>
/// <param name="sampler">Which spans are kept.</param>
public sealed class OtlpExport(OtlpTarget target, string[] meters, string[] sources, Sampler sampler) : IHostedService, IDisposable
{
    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _metrics = Sdk.CreateMeterProviderBuilder().ConfigureResource(resource => Describe(resource, target)).AddMeter(meters).AddOtlpExporter((exporter, reader) =>
        {
            Send(exporter, target, "metrics");
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)target.Interval.TotalMilliseconds;
        }).Build();
        _traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(resource => Describe(resource, target)).AddSource(sources).SetSampler(sampler).AddOtlpExporter(exporter => Send(exporter, target, "traces")).Build();
        return Task.CompletedTask;
    }

    /// <summary>What is gathered still goes out, if the collector takes it within seconds.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(Dispose, cancellationToken);

    public void Dispose()
    {
        Interlocked.Exchange(ref _traces, null)?.Dispose();
        Interlocked.Exchange(ref _metrics, null)?.Dispose();
    }

    /// <summary>The log goes there too, beside wherever else it goes.</summary>
    public static void AddLogs(ILoggingBuilder logging, OtlpTarget target) => logging.AddOpenTelemetry(options =>
    {
        options.IncludeFormattedMessage = true;
        options.SetResourceBuilder(Describe(ResourceBuilder.CreateDefault(), target)).AddOtlpExporter(exporter => Send(exporter, target, "logs"));
    });

    private static void Send(OtlpExporterOptions exporter, OtlpTarget target, string signal)
    {
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = target.Of(signal);
    }

    private static ResourceBuilder Describe(ResourceBuilder resource, OtlpTarget target) =>
        resource.AddService(target.Service, serviceVersion: target.Version, serviceInstanceId: target.Instance).AddAttributes(target.Attributes);
}
