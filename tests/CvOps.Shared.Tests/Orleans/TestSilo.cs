using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Serialization;

namespace CvOps.Shared.Tests.Orleans;

/// <summary>A real host that is a silo, with its state in memory or in the given SQLite file.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private readonly IHost _host;

    private TestSilo(IHost host) => _host = host;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public Silo Silo => _host.Services.GetRequiredService<Silo>();

    public static async Task<TestSilo> Start(string? database = null, Action<ISiloBuilder>? configure = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering();
            if (database is null)
            {
                silo.AddMemoryGrainStorageAsDefault().UseInMemoryReminderService();
            }
            else
            {
                silo.AddAdoNetGrainStorageAsDefault(o =>
                {
                    o.Invariant = "System.Data.SQLite";
                    o.ConnectionString = $"Data Source={database}";
                }).UseAdoNetReminderService(o =>
                {
                    o.Invariant = "System.Data.SQLite";
                    o.ConnectionString = $"Data Source={database}";
                });
            }

            silo.Services.AddSerializer(serializer => serializer.AddJsonSerializer(type => type.Name.StartsWith("Json", StringComparison.Ordinal)));
            configure?.Invoke(silo);
        });
        var silo = new TestSilo(builder.Build());
        await silo._host.StartAsync();
        return silo;
    }

    public T Grain<T>(string key = "one") where T : IGrainWithStringKey => Grains.GetGrain<T>(key);

    public Task Stop() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
