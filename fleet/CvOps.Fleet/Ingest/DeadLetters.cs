using System.Buffers;
using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Ingest;

/// <summary>The messages set aside: to look at, to try again, to throw away.</summary>
internal sealed class DeadLetters(Database database, IngestStore store, SignalHub signals, FleetEvents events, TimeProvider time)
{
    /// <summary>Groups told at most.</summary>
    private const int MostCounts = 50;

    /// <param name="device">Its letters only; null for all.</param>
    /// <param name="reason">A part of the reason; null for any.</param>
    /// <param name="before">Row of the last letter seen; null from the newest.</param>
    public Task<DeadLetterPage> PageAsync(string? device, string? reason, long? before, int limit, CancellationToken cancel) => database.ReadAsync(connection =>
    {
        var letters = connection.Query<Letter>(
            """
            SELECT row, at, topic, reason, payload, coalesce(bytes, length(payload)) AS bytes FROM dead_letters
            WHERE (@device IS NULL OR topic LIKE 'cvops/v1/%/' || @device || '/%' ESCAPE '!') AND (@reason IS NULL OR lower(reason) LIKE '%' || lower(@reason) || '%' ESCAPE '!') AND (@before IS NULL OR row < @before)
            ORDER BY row DESC LIMIT @limit
            """, new { device = SqlText.Literal(device), reason = SqlText.Literal(reason), before, limit }).Select(letter => letter.View()).ToArray();
        var counts = connection.Query<(string Topic, string Reason, long Letters)>("SELECT topic, reason, count(*) FROM dead_letters GROUP BY topic, reason")
            .GroupBy(it => (Device: DeviceOf(it.Topic), it.Reason)).Select(group => new DeadLetterCount(group.Key.Device, group.Key.Reason, group.Sum(it => it.Letters)))
            .OrderByDescending(it => it.Letters).Take(MostCounts).ToArray();
        return new DeadLetterPage(letters, Count(connection), counts, letters.Length == limit ? letters[^1].Row : null);
    }, cancel);

    public Task<long> CountAsync(CancellationToken cancel) => database.ReadAsync(Count, cancel);

    /// <summary>Applies the letter if it can be read by now.</summary>
    /// <returns>Null when there is no such letter.</returns>
    public async Task<DeadLetterOutcome?> RetryAsync(long row, DeadLetterAction action, CancellationToken cancel)
    {
        if (await FindAsync(row, cancel) is not { } letter) return null;
        if (!letter.Whole) return new DeadLetterOutcome(row, false, $"Only {letter.Payload.Length} of its {letter.Bytes} bytes were kept, so it cannot be applied.");
        var message = new MessageReader().Read(letter.Topic, new ReadOnlySequence<byte>(letter.Payload));
        if (message.Reason is { } reason) return new DeadLetterOutcome(row, false, $"It is refused as before: {reason}");
        if (message.Body is DeviceStatus or TwinReported or CommandResponse)
            return new DeadLetterOutcome(row, false, "It says how its device was then, or answers somebody who waits no longer: to apply it now would make the fleet believe old news. Discard it.");
        if (message.Body is null) return new DeadLetterOutcome(row, false, "There is nothing in it to apply. Discard it.");
        if (!await store.ApplyLetterAsync(row, message, connection => Note(connection, letter, action, "retried"), cancel)) return null;
        await signals.TellAsync([message], cancel);
        return Done(row, letter, "applied");
    }

    /// <returns>Null when there is no such letter.</returns>
    public async Task<DeadLetterOutcome?> DiscardAsync(long row, DeadLetterAction action, CancellationToken cancel)
    {
        if (await FindAsync(row, cancel) is not { } letter) return null;
        var discarded = await database.WriteAsync(connection =>
        {
            if (connection.Execute("DELETE FROM dead_letters WHERE row = @row", new { row }) == 0) return false;
            Note(connection, letter, action, "discarded");
            return true;
        }, cancel);
        return discarded ? Done(row, letter, "discarded") : null;
    }

    private void Note(DbConnection connection, Letter letter, DeadLetterAction action, string did) =>
        Audit.Add(connection, time.GetUtcNow(), action.By, $"deadletter.{did}", letter.Topic, $"{letter.Bytes} bytes that were set aside: {letter.Reason} {action.Reason}".TrimEnd());

    private DeadLetterOutcome Done(long row, Letter letter, string became)
    {
        events.Publish("deadletter", "");
        return new DeadLetterOutcome(row, true, $"The message on {letter.Topic} was {became}.");
    }

    private Task<Letter?> FindAsync(long row, CancellationToken cancel) => database.ReadAsync(connection => connection.QuerySingleOrDefault<Letter?>(
        "SELECT row, at, topic, reason, payload, coalesce(bytes, length(payload)) AS bytes FROM dead_letters WHERE row = @row", new { row }), cancel);

    private static long Count(DbConnection connection) => connection.ExecuteScalar<long>("SELECT count(*) FROM dead_letters");

    private static string? DeviceOf(string topic) => topic.Split('/') is ["cvops", "v1", _, var device, ..] && Identifier.IsValid(device) ? device : null;

    private sealed class Letter
    {
        public long Row { get; init; }
        public long At { get; init; }
        public string Topic { get; init; } = "";
        public string Reason { get; init; } = "";
        public byte[] Payload { get; init; } = [];
        public long Bytes { get; init; }

        public bool Whole => Bytes == Payload.Length && Bytes > 0;

        public DeadLetterView View() => new(Row, SqlTime.From(At), Topic, Reason, Bytes, PayloadText.Of(Payload), Whole);
    }
}
