using System.Text;
using CvOps.Agent.Configuration;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Agent.Telemetry;
using CvOps.Contracts;
using CvOps.Observability.Tracing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Drift;

internal static class DriftServices
{
    public static IServiceCollection AddDrift(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton<Setting<DriftOptions>>(options.Drift)
        .AddSingleton(provider =>
        {
            var (spool, topics, tracer) = (provider.GetRequiredService<SpoolLog>(), provider.GetRequiredService<Topics>(), provider.GetService<FrameTracer>());
            var traceBytes = options.Telemetry is { OtlpEndpoint: not null, TraceRatio: > 0 } ? TraceText.Length + "\"trace\":\"\",".Length : 0;
            return new DriftWindows(provider.GetRequiredService<Setting<DriftOptions>>(),
                make =>
                {
                    var window = make(OriginStamp.None);
                    if (tracer?.Take(window.Camera) is { } trace) window = window with { Trace = trace };
                    spool.Append(topics.Drift(window.Camera), window, ContractsJson.Default.DriftWindow);
                }, provider.GetRequiredService<TimeProvider>(),
                // The stamped origin names the device.
                camera => Encoding.UTF8.GetByteCount(topics.Drift(camera)) + options.Device.Value.Length + traceBytes,
                new DriftMemory(options.Data, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<DriftMemory>>()));
        })
        .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<DriftWindows>())
        .AddHostedService<DriftLoop>();
}
