using System.Diagnostics;
using System.Globalization;
using System.Text;
using CvOps.Fleet.Api;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Benchmarks;

/// <summary>How long after the start of its process the twins of a hundred thousand devices are in memory again, read from the fleet's own database by its own loader.</summary>
internal static class TwinRestart
{
    public const string Process = "twins-restart";

    private const int Devices = 100_000;
    private const int Starts = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <returns>The median of a few starts.</returns>
    public static async Task<double> SecondsAsync()
    {
        using var folder = new TestFolder();
        var path = folder["fleet.db"];
        using (var database = new SqliteDatabase(path)) await WriteAsync(database, Devices);
        var seconds = new List<double>();
        for (var start = 0; start < Starts; start++)
        {
            await using var process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "CvOps.Benchmarks.dll"), [Process, path]);
            if (await process.WaitForExitAsync(Patience) != 0) throw new InvalidOperationException($"The process that loads twins failed: {process.Output}");
            seconds.Add(double.Parse(process.Output.Trim(), CultureInfo.InvariantCulture));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Devices} twins in memory after {string.Join(", ", seconds.Select(it => it.ToString("0.00", CultureInfo.InvariantCulture)))} s"));
        return seconds.Order().ElementAt(Starts / 2);
    }

    /// <summary>What the process of its own does.</summary>
    public static async Task<int> RunAsync(string path)
    {
        using var database = new SqliteDatabase(path);
        var store = new TwinStore(TimeProvider.System, new SilenceRule(TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(10)));
        using var outbox = new TwinOutbox();
        using var loader = new TwinLoader(database, store, outbox, new FleetEvents(), TimeProvider.System, NullLogger<TwinLoader>.Instance);
        await loader.StartAsync(CancellationToken.None);
        await store.Loaded;
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        if (store.Count != Devices) throw new InvalidOperationException($"{store.Count} twins came of {Devices}.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(TimeProvider.System.GetLocalNow().DateTime - self.StartTime).TotalSeconds:0.000}"));
        await loader.StopAsync(CancellationToken.None);
        return 0;
    }

    /// <summary>Devices as the ingest would have written them.</summary>
    public static async Task WriteAsync(SqliteDatabase database, int devices)
    {
        var began = Stopwatch.GetTimestamp();
        await database.WriteAsync(connection =>
        {
            for (var device = 0; device < devices; device++)
            {
                var (change, wish) = (TwinFleet.Change(device, 1), TwinFleet.Wish(device));
                connection.Execute(
                    """
                    INSERT INTO devices (id, site, last_seen, online, since, boot, health, reported, desired, desired_version, published_version, labels, inspections, duplicates)
                    VALUES (@Id, @Site, @LastSeen, 1, @Since, @Boot, @Health, @Reported, @Desired, 2, 2, @Labels, @Inspections, @Duplicates)
                    """,
                    new
                    {
                        Id = change.Device.Value, Site = change.Site.Value, change.LastSeen, change.Since, change.Boot, Health = Encoding.UTF8.GetString(change.Health!.Json),
                        Reported = Encoding.UTF8.GetString(change.Reported!.Json), Desired = Encoding.UTF8.GetString(wish.Desired!), wish.Labels, change.Inspections, change.Duplicates,
                    });
                connection.Execute("INSERT INTO device_drift (device, body) VALUES (@Id, @Body)", new { Id = change.Device.Value, Body = change.Drift!.Save() });
            }
            return true;
        }, CancellationToken.None);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{devices} devices written in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s"));
    }
}
