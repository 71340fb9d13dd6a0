using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace CvOps.Fleet.Tests;

/// <summary>
/// A database for each test's fleet on the PostgreSQL server that CVOPS_POSTGRES names, a connection string whose user may make databases. They stay behind: the server is
/// one that somebody made for the tests.
/// </summary>
internal static class TestCluster
{
    /// <summary>Whether fleets keep their databases in PostgreSQL.</summary>
    public static bool IsShared => true;

    public static void Prepare(FleetOptions options)
    {
        var server = Environment.GetEnvironmentVariable("CVOPS_POSTGRES") ?? throw new InvalidOperationException("Tests of the published packages need a PostgreSQL server: set CVOPS_POSTGRES to its connection string.");
        var name = $"cvops_{Guid.NewGuid():N}";
        using var source = NpgsqlDataSource.Create(server);
        using var create = source.CreateCommand($"CREATE DATABASE {name}");
        create.ExecuteNonQuery();
        options.Cluster = new NpgsqlConnectionStringBuilder(server) { Database = name, Pooling = true, MaxPoolSize = 20 }.ToString();
        options.SiloAddress = "127.0.0.1";
        options.SiloPort = FreePort();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
