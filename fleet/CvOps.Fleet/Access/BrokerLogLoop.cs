using System.Text;
using CvOps.Fleet.Ingest;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Access;

/// <summary>Follows the broker's log and writes into the audit log whom it turned away: no message of those reaches the fleet.</summary>
internal sealed partial class BrokerLogLoop(IOptions<FleetOptions> options, Audit audit, TimeProvider time, ILogger<BrokerLogLoop> log) : BackgroundService
{
    /// <summary>Entries a minute; somebody who hammers at the door may not fill the log.</summary>
    private const int MostEntries = 20;

    private const int ReadBytes = 256 * 1024;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly BrokerLogRule _rule = new();
    private readonly AttemptLimit _entries = new(MostEntries, time);
    private readonly byte[] _buffer = new byte[ReadBytes];
    private long _position = -1;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pace, time);
        try
        {
            do await FollowAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task FollowAsync(CancellationToken cancel)
    {
        try
        {
            foreach (var line in ReadLines(options.Value.BrokerLog!))
            {
                if (_rule.Read(line) is not { } refusal) continue;
                var count = _entries.Failed("");
                if (count > MostEntries) continue;
                var more = count == MostEntries ? " (the next ones within this minute are in the broker's log alone)" : "";
                await audit.RecordAsync("broker", "broker.refused", refusal.Who, refusal.What + more, cancel);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException || StorageFailure.IsStorage(e))
        {
            Log.NotFollowed(log, options.Value.BrokerLog!, e.Message);
        }
    }

    /// <summary>What has come since the last time, whole lines only. From its end at first; from its beginning when it was begun anew.</summary>
    private string[] ReadLines(string path)
    {
        if (!File.Exists(path)) return [];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (_position < 0) _position = file.Length;
        if (file.Length < _position) _position = 0;
        file.Position = _position;
        var read = file.ReadAtLeast(_buffer, _buffer.Length, throwOnEndOfStream: false);
        var whole = _buffer.AsSpan(0, read).LastIndexOf((byte)'\n') + 1;
        // A line as long as the buffer is none of mosquitto's: it is passed over.
        _position += whole == 0 && read == _buffer.Length ? read : whole;
        return Encoding.UTF8.GetString(_buffer, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2511, Level = LogLevel.Warning, Message = "The broker's log {File} cannot be followed now: {Reason}")]
        public static partial void NotFollowed(ILogger logger, string file, string reason);
    }
}
