using CvOps.Fleet.Observability;
using CvOps.Fleet.Storage;
using Microsoft.Data.Sqlite;
using Orleans.Hosting;
using Orleans.Serialization;
using Orleans.Storage;

namespace CvOps.Fleet;

/// <summary>The silo on one machine: state and reminders in SQLite beside the read models. Nothing to install.</summary>
internal static class SiloWiring
{
    private const string Invariant = "System.Data.SQLite";

    /// <returns>Why there can be no such silo; null when it can be.</returns>
    public static string? Mistake(FleetOptions options) => options.Cluster is null ? null
        : "Fleet:Cluster asks for an Orleans cluster, and this program keeps its grains on one machine; build it with -p:PublishedPackages=true.";

    /// <exception cref="DataInUseException">Another process has the folder.</exception>
    public static Database OpenDatabase(FleetOptions options) => new SqliteDatabase(Path.Combine(options.Data, "fleet.db"));

    public static void AddSilo(this WebApplicationBuilder builder, FleetOptions options)
    {
        var connection = new SqliteConnectionStringBuilder { DataSource = Path.Combine(options.Data, "grains.db") }.ToString();
        builder.Services.AddSingleton<IGrainStorageSerializer, FleetStateSerializer>();
        builder.Services.AddSerializer(serializer => serializer.AddJsonSerializer(type => type.Namespace?.StartsWith("CvOps", StringComparison.Ordinal) == true, FleetJson.Options));
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering()
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
