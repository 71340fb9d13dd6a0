using System.Globalization;
using System.Text;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;

namespace CvOps.Fleet.Storage.Portable;

/// <summary>
/// Grains of an Orleans cluster. Out of its tables they come as rows; into them they go through Orleans' own storage, which alone knows how it hashes: a silo without an
/// ingest is started for that.
/// </summary>
internal sealed class GrainStates(FleetOptions options, Database database) : IDisposable
{
    private WebApplication? _silo;

    /// <summary>
    /// Orleans keeps keys that read as a hexadecimal number or a GUID as such, whatever their spelling; a device's own name is the one among the devices' that reads so.
    /// </summary>
    public IEnumerable<GrainRecord> States()
    {
        return database.ReadAsync(connection =>
        {
            var numbers = connection.Query<string>("SELECT id FROM devices").Where(IsNumber).GroupBy(Number).ToDictionary(group => group.Key, group => group.First());
            return connection.Query<(long N0, long N1, string Name, string? Text, byte[] Payload)>(
                """
                SELECT grainidn0, grainidn1, graintypestring, grainidextensionstring, payloadbinary FROM orleansstorage
                WHERE payloadbinary IS NOT NULL ORDER BY graintypestring, grainidextensionstring, grainidn0, grainidn1
                """).Select(row => new GrainRecord(GrainRecord.Types.GetValueOrDefault(row.Name, row.Name), KeyOf(row.N0, row.N1, row.Text, numbers), row.Name, Encoding.UTF8.GetString(row.Payload))).ToArray();
        }, CancellationToken.None).GetAwaiter().GetResult();
    }

    public IEnumerable<GrainReminder> Reminders() => database.ReadAsync(connection => connection.Query<(string Grain, string Name, DateTime StartAt, long Period)>(
        "SELECT grainid, remindername, starttime, period FROM orleansreminderstable ORDER BY grainid, remindername")
        .Select(row => (Id: GrainId.Parse(row.Grain), row.Name, row.StartAt, row.Period))
        .Select(row => new GrainReminder(row.Id.Type.ToString()!, row.Id.Key.ToString()!, row.Name, row.StartAt.ToUniversalTime().Ticks, TimeSpan.FromMilliseconds(row.Period).Ticks)).ToArray(),
        CancellationToken.None).GetAwaiter().GetResult();

    public async Task WriteAsync(GrainRecord state)
    {
        var storage = (await SiloAsync()).Services.GetRequiredKeyedService<IGrainStorage>("Default");
        var grain = GrainId.Create(state.Type, state.Key);
        using var document = JsonDocument.Parse(state.Json);
        var there = new GrainState<JsonElement>();
        await storage.ReadStateAsync(state.Name, grain, there);
        // An import that was cut off had brought it already.
        if (there.RecordExists && JsonElement.DeepEquals(there.State, document.RootElement)) return;
        if (there.RecordExists) throw new InvalidDataException($"There is a state of {grain} already, and another one than the file has; an import needs an empty database.");
        await storage.WriteStateAsync(state.Name, grain, new GrainState<JsonElement>(document.RootElement));
    }

    public async Task WriteAsync(GrainReminder reminder)
    {
        var table = (await SiloAsync()).Services.GetRequiredService<IReminderTable>();
        await table.UpsertRow(new ReminderEntry
        {
            GrainId = GrainId.Create(reminder.Type, reminder.Key), ReminderName = reminder.Name, StartAt = new DateTime(reminder.StartAt, DateTimeKind.Utc), Period = TimeSpan.FromTicks(reminder.Period),
        });
    }

    /// <summary>Each write was a commit of its own.</summary>
    public Task CommitAsync() => _silo?.StopAsync() ?? Task.CompletedTask;

    public void Dispose()
    {
        if (_silo is null) return;
        ((IDisposable)_silo).Dispose();
    }

    private static string KeyOf(long n0, long n1, string? text, Dictionary<long, string> numbers)
    {
        if (text is not null) return text;
        if (n0 == 0) return numbers.GetValueOrDefault(n1) ?? n1.ToString("X", CultureInfo.InvariantCulture);
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, n0);
        BitConverter.TryWriteBytes(bytes[8..], n1);
        return new Guid(bytes).ToString("N");
    }

    private static bool IsNumber(string id) => GrainId.Create("device", id).TryGetIntegerKey(out _, out _);

    private static long Number(string id) => GrainId.Create("device", id).TryGetIntegerKey(out var number, out _) ? number : 0;

    private async Task<WebApplication> SiloAsync()
    {
        if (_silo is not null) return _silo;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(GrainStates).Assembly.GetName().Name });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(Options.Create(options)).AddSingleton(TimeProvider.System);
        builder.AddSilo(options);
        // Alone in a cluster of its own: nobody calls grains here, and none of the real one's are called.
        builder.Services.Configure<ClusterOptions>(cluster => cluster.ClusterId = $"import-{Guid.NewGuid():N}");
        _silo = builder.Build();
        await _silo.StartAsync();
        return _silo;
    }
}
