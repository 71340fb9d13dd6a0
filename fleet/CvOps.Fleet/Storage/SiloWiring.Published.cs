using System.Net;
using CvOps.Fleet.Observability;
using CvOps.Fleet.Storage;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Serialization;
using Orleans.Storage;

namespace CvOps.Fleet;

/// <summary>The silo as a member of an Orleans cluster over PostgreSQL, the read models beside it in the same database.</summary>
internal static class SiloWiring
{
    private const string Invariant = "Npgsql";

    /// <returns>Why there can be no such silo; null when it can be.</returns>
    public static string? Mistake(FleetOptions options) => options.Cluster is not null ? null
        : "Fleet:Cluster is missing: the connection string of the PostgreSQL database that holds the Orleans cluster, in appsettings.json or as Fleet__Cluster in the environment.";

    /// <exception cref="Npgsql.NpgsqlException">The database cannot be reached.</exception>
    public static Database OpenDatabase(FleetOptions options) => new PostgresDatabase(options.Cluster!);

    public static void AddSilo(this WebApplicationBuilder builder, FleetOptions options)
    {
        var connection = options.Cluster ?? throw new ArgumentException(Mistake(options), nameof(options));
        // To take in what is there and to hand grains over needs its time.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(60));
        builder.Services.AddSingleton<IGrainStorageSerializer, FleetStateSerializer>();
        builder.Services.AddSerializer(serializer => serializer.AddJsonSerializer(type => type.Namespace?.StartsWith("CvOps", StringComparison.Ordinal) == true, FleetJson.Options));
        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(cluster => cluster.ServiceId = "cvops")
            .Configure<EndpointOptions>(endpoints =>
            {
                if (options.SiloAddress is { } address) endpoints.AdvertisedIPAddress = IPAddress.Parse(address);
                endpoints.SiloPort = options.SiloPort;
                // For programs outside the cluster, of which there are none.
                endpoints.GatewayPort = 0;
            })
            // A dead silo is out after three seconds without an answer instead of fifteen.
            .Configure<ClusterMembershipOptions>(membership => membership.ProbeTimeout = TimeSpan.FromSeconds(1))
            .UseAdoNetClustering(clustering =>
            {
                clustering.Invariant = Invariant;
                clustering.ConnectionString = connection;
            })
            .AddAdoNetGrainStorageAsDefault(storage =>
            {
                storage.Invariant = Invariant;
                storage.ConnectionString = connection;
            })
            .UseAdoNetReminderService(reminders =>
            {
                reminders.Invariant = Invariant;
                reminders.ConnectionString = connection;
            })
            .Traced(options));
    }
}
