using System.Reflection;
using CvOps.Fleet.Observability.Gauges;
using CvOps.Fleet.Storage;
using CvOps.Observability.Metrics;

namespace CvOps.Fleet.Observability;

internal static class ObservabilityServices
{
    /// <summary>Meter, page and gauges; and the database, of which each transaction is timed.</summary>
    public static IServiceCollection AddObservability(this IServiceCollection services, FleetOptions options) => services
        // What takes the page needs the counters, and they the meter: it asks when somebody collects.
        .AddSingleton(provider => new MetricMeter(FleetMetrics.Meter, Version, FleetMetrics.All, () => provider.GetRequiredService<FleetPage>().Newest ?? new MetricPage(), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<FleetCounters>().AddSingleton<FleetPage>().AddSingleton<MetricsToken>()
        .AddSingleton<IFleetGauges, ProgramGauges>().AddSingleton<IFleetGauges, DeviceGauges>().AddSingleton<IFleetGauges, WorkGauges>()
        .AddSingleton<Database>(provider => new MeteredDatabase(SiloWiring.OpenDatabase(options), provider.GetRequiredService<FleetCounters>()));

    /// <summary>The version this fleet was built as.</summary>
    public static string Version { get; } =
        typeof(ObservabilityServices).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static void MapMetrics(this WebApplication app) =>
        app.MapGet(MetricsToken.Path, async (FleetPage page, CancellationToken cancel) => Results.Text((await page.TakeAsync(cancel)).Text(), MetricPage.ContentType));
}
