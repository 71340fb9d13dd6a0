using System.Text.Json;
using System.Text.Json.Serialization;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Drift;

/// <summary>
/// What drift windows must not forget over a restart: bytes of the hour, and windows that did not fit it. <c>drift.json</c> of the state folder. A file
/// that can't be read or written costs the memory, never the frames: the budget then begins anew with the start.
/// </summary>
internal sealed partial class DriftMemory
{
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public DriftMemory(string folder, TimeProvider time, ILogger logger)
    {
        (_path, _time, _logger) = (Path.Combine(folder, "drift.json"), time, logger);
        try
        {
            if (!File.Exists(_path) || JsonSerializer.Deserialize(File.ReadAllBytes(_path), DriftMemoryJson.Default.DriftMemoryDocument) is not { } document) return;
            // How long the agent was away only the wall clock knows: one that went back, or was never set, counts as no time at all.
            var away = time.GetUtcNow() - document.SavedAt is { } passed && passed > TimeSpan.Zero ? passed : TimeSpan.Zero;
            foreach (var entry in document.Sent)
            {
                if (!Ledgers.TryGetValue(new CameraId(entry.Camera), out var ledger)) Ledgers[new CameraId(entry.Camera)] = ledger = new ByteLedger();
                ledger.Add(-TimeSpan.FromSeconds(entry.SecondsAgo) - away, entry.Bytes);
            }
            foreach (var window in document.Waiting) Waiting.Add(window.Deserialize(ContractsJson.Default.DriftWindow)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or ArgumentException)
        {
            Log.Forgotten(logger, _path, e.Message);
        }
    }

    /// <summary>Times are those of a program that starts now: below 0.</summary>
    public Dictionary<CameraId, ByteLedger> Ledgers { get; } = [];

    public List<DriftWindow> Waiting { get; } = [];

    /// <param name="now">Since the program's start.</param>
    public void Save(IReadOnlyDictionary<CameraId, ByteLedger> ledgers, IReadOnlyList<DriftWindow> waiting, TimeSpan now)
    {
        var document = new DriftMemoryDocument(_time.GetUtcNow(),
            [.. ledgers.SelectMany(ledger => ledger.Value.Entries.Select(sent => new SentBytes(ledger.Key.Value, (now - sent.At).TotalSeconds, sent.Bytes)))],
            [.. waiting.Select(window => JsonSerializer.SerializeToElement(window, ContractsJson.Default.DriftWindow))]);
        try
        {
            DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(document, DriftMemoryJson.Default.DriftMemoryDocument));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotKept(_logger, _path, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1500, LogLevel.Warning, "{Path} can't be read, so the bytes of drift windows are counted anew: {Reason}")]
        public static partial void Forgotten(ILogger logger, string path, string reason);

        [LoggerMessage(1501, LogLevel.Warning, "{Path} can't be written, so a restart will count the bytes of drift windows anew: {Reason}")]
        public static partial void NotKept(ILogger logger, string path, string reason);
    }
}

internal sealed record DriftMemoryDocument(DateTimeOffset SavedAt, IReadOnlyList<SentBytes> Sent, IReadOnlyList<JsonElement> Waiting);

internal sealed record SentBytes(string Camera, double SecondsAgo, int Bytes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DriftMemoryDocument))]
internal sealed partial class DriftMemoryJson : JsonSerializerContext;
