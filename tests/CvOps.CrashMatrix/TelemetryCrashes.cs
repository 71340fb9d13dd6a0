using System.Globalization;
using System.Text.RegularExpressions;
using CvOps.Fleet;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CvOps.CrashMatrix;

/// <summary>What became of a device's messages.</summary>
/// <param name="Confirmed">Messages that the spool said were stored.</param>
/// <param name="Applied">Messages in the fleet's tables; those too that were on disk when the process ended before it could say so.</param>
/// <param name="Lost">Confirmed and not in the tables.</param>
/// <param name="Doubled">In the tables more than once, or refused there as a repetition that nobody had recognised.</param>
/// <param name="Recognised">Repetitions that the fleet left out.</param>
internal sealed record CrashCount(int Kills, int Cuts, long Confirmed, long Applied, long Lost, long Doubled, long Recognised);

/// <summary>
/// A device that dies again and again while it appends and sends: real spool, uplink and link in a process of their own, a real mosquitto, and a real
/// fleet with its ingest and its database in this one. A power cut takes away whatever was not synced.
/// </summary>
internal sealed partial class TelemetryCrashes(Random chance, Action<string> say)
{
    private const int MostOperations = 600;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private readonly HashSet<(string What, long Number)> _confirmed = [];

    public async Task<CrashCount> RunAsync(int kills, int cuts, CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        await using var broker = await TestBroker.StartWithAsync((port, own) => string.Create(CultureInfo.InvariantCulture,
            $"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 200\nmax_queued_messages 0\npersistence false\npersistence_location {own}/\nlog_dest none\n"), cancellationToken);
        await using var fleet = await StartFleetAsync(folder["fleet"], broker, cancellationToken);
        try
        {
            await LiveAsync(folder, broker, kills, cuts, cancellationToken);
            return await CountAsync(folder["fleet"], kills, cuts, cancellationToken);
        }
        finally
        {
            await fleet.StopAsync(CancellationToken.None);
        }
    }

    private async Task LiveAsync(TestFolder folder, TestBroker broker, int kills, int cuts, CancellationToken cancellationToken)
    {
        using var disk = cuts > 0 ? new UnkindDisk() : null;
        var (data, powerless) = (folder["spool-0"], 0);
        for (var life = 1; life <= kills + cuts; life++)
        {
            // Spread over all lives.
            if ((long)life * cuts / (kills + cuts) == powerless)
            {
                await KillAsync(data, broker, cancellationToken);
            }
            else
            {
                var after = folder[$"spool-{++powerless}"];
                await CutAsync(disk!, data, folder[$"durable-{powerless}"], folder[$"log-{powerless}"], after, broker, cancellationToken);
                Directory.Delete(data, recursive: true);
                data = after;
            }
            if (life % 25 == 0) say($"{life} lives, {_confirmed.Count} messages confirmed");
        }
        await using var last = Start(data, broker, TelemetryHost.Drains);
        if (await last.WaitForExitAsync(Deadline, cancellationToken) != 0) throw new InvalidOperationException(last.Output);
    }

    /// <summary>At any moment of its life, its start included.</summary>
    private async Task KillAsync(string data, TestBroker broker, CancellationToken cancellationToken)
    {
        await using var child = Start(data, broker, TelemetryHost.Appends);
        if (chance.Next(5) > 0) await Eventually.Async(() => child.HasExited || Confirmed().IsMatch(child.Output), Deadline, () => child.Output, cancellationToken);
        // Now and then longer than the cursor takes to be saved.
        await Task.Delay(chance.Next(chance.Next(5) > 0 ? 300 : 2000), cancellationToken);
        await child.KillAsync();
        Note(child);
    }

    /// <summary>Before any operation on the disk; what was not synced is gone.</summary>
    private async Task CutAsync(UnkindDisk disk, string data, string durable, string log, string after, TestBroker broker, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(data);
        await using var child = Start(data, broker, TelemetryHost.Appends, disk.Environment(data, log, durable, new Unkindness("kill", chance.Next(1, MostOperations))));
        await child.WaitForExitAsync(Deadline, cancellationToken);
        Note(child);
        UnkindDisk.AfterPowerCut(durable, after);
        Directory.Delete(durable, recursive: true);
    }

    private static TestProcess Start(string data, TestBroker broker, string order, IReadOnlyDictionary<string, string?>? environment = null) => TestProcess.StartAssembly(
        typeof(TelemetryHost).Assembly.Location, [TelemetryHost.Command, data, broker.Port.ToString(CultureInfo.InvariantCulture), order], environment);

    private void Note(TestProcess child)
    {
        if (child.Output.Contains("Unhandled exception", StringComparison.Ordinal)) throw new InvalidOperationException(child.Output);
        foreach (Match match in Confirmed().Matches(child.Output)) _confirmed.Add((match.Groups[1].Value, long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)));
    }

    private static async Task<WebApplication> StartFleetAsync(string data, TestBroker broker, CancellationToken cancellationToken)
    {
        var fleet = FleetApp.Build(new FleetOptions { Data = data, Http = "http://127.0.0.1:0", Broker = $"mqtt://127.0.0.1:{broker.Port}", TrustedKeys = data },
            builder => builder.Logging.SetMinimumLevel(LogLevel.Error));
        await fleet.StartAsync(cancellationToken);
        var link = fleet.Services.GetRequiredService<FleetLink>();
        await Eventually.Async(() => link.IsConnected, Deadline, () => broker.Log, cancellationToken);
        return fleet;
    }

    private async Task<CrashCount> CountAsync(string data, int kills, int cuts, CancellationToken cancellationToken)
    {
        Sqlite.Initialise();
        await using var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(data, "fleet.db"), Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        await database.OpenAsync(cancellationToken);
        var rows = new List<(string What, long Number)>();
        // What the broker still holds comes in meanwhile; what is lost never does.
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var before = rows.Count;
            rows = [.. (await database.QueryAsync<long>("SELECT frame FROM inspections")).Select(number => ("result", number)),
                .. (await database.QueryAsync<long>("SELECT frames FROM drift_windows")).Select(number => ("window", number)),
                .. (await database.QueryAsync<string>("SELECT id FROM frames")).Select(id => ("frame", long.Parse(id[(id.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture)))];
            if ((rows.Count == before && _confirmed.IsSubsetOf(rows)) || TimeProvider.System.GetElapsedTime(since) > Deadline) break;
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }
        var applied = rows.ToHashSet();
        var refused = await database.ExecuteScalarAsync<long>("SELECT count(*) FROM dead_letters");
        return new CrashCount(kills, cuts, _confirmed.Count, applied.Count, _confirmed.Except(applied).Count(), rows.Count - applied.Count + refused,
            await database.ExecuteScalarAsync<long>("SELECT sum(duplicates) FROM devices"));
    }

    [GeneratedRegex(@"^(result|window|frame) (\d+)$", RegexOptions.Multiline)]
    private static partial Regex Confirmed();
}
