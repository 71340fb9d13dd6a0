using CvOps.Fleet.Storage;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Serialization;
using Orleans.Storage;

namespace CvOps.Fleet;

/// <summary>
/// The silo as a member of an Orleans cluster over PostgreSQL. The scripts of Orleans (Main, Clustering, Persistence, Reminders) have to be in the database,
/// and Npgsql beside the program.
/// </summary>
internal static class SiloWiring
{
    private const string Invariant = "Npgsql";

    public static void AddSilo(this WebApplicationBuilder builder, FleetOptions options)
    {
        var connection = builder.Configuration.GetConnectionString("Orleans")
            ?? throw new InvalidOperationException("ConnectionStrings:Orleans is missing: the connection string of the PostgreSQL database that holds the cluster.");
        builder.Services.AddSingleton<IGrainStorageSerializer, FleetStateSerializer>();
        builder.Services.AddSerializer(serializer => serializer.AddJsonSerializer(type => type.Namespace?.StartsWith("CvOps", StringComparison.Ordinal) == true, FleetJson.Options));
        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(cluster => cluster.ServiceId = "cvops")
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
            }));
    }
}
