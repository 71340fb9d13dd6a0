using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Alerts;
using CvOps.Fleet.Alerts.Channels;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Alerts;

/// <summary>What is still to be told. A notice is written with the change it tells of, a notification takes the place of its notices, and leaves when the channel has it: a kill at any point loses none.</summary>
internal sealed class NoticeStore(Database database)
{
    /// <summary>Notices in one notification; what is more comes in the next.</summary>
    private const int MostInOne = 5000;

    public static void Add(DbConnection connection, string channel, string family, AlertMessage message) => connection.Execute(
        "INSERT INTO alert_notice (channel, family, at, body) VALUES (@channel, @family, @at, @body)",
        new { channel, family, at = SqlTime.Of(message.At), body = JsonSerializer.Serialize(message, ContractsJson.Default.AlertMessage) });

    /// <summary>Makes notifications of the notices whose group has gathered for long enough.</summary>
    /// <param name="gather">Since a group's oldest notice.</param>
    /// <param name="apart">Between two notifications of one group.</param>
    /// <param name="split">Channels that tell alerts one by one: no notification leaves any out.</param>
    /// <returns>How many were made.</returns>
    public Task<int> GatherAsync(DateTimeOffset now, TimeSpan gather, TimeSpan apart, IReadOnlySet<string> split, Func<string> newId, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        var made = 0;
        var due = connection.Query<(string Channel, string Family)>(
            """
            SELECT channel, family FROM alert_notice AS n GROUP BY channel, family HAVING min(at) <= @old
              AND NOT EXISTS (SELECT 1 FROM alert_outbox AS o WHERE o.channel = n.channel AND o.family = n.family AND o.made_at > @recent)
            """, new { old = SqlTime.Of(now - gather), recent = SqlTime.Of(now - apart) }).ToArray();
        foreach (var (channel, family) in due)
        {
            var rows = connection.Query<(long Row, string Body)>("SELECT row, body FROM alert_notice WHERE channel = @channel AND family = @family ORDER BY row LIMIT @most", new { channel, family, most = MostInOne }).ToArray();
            // What was told and taken back before anybody heard of it is told as its end alone.
            var messages = rows.Select(row => JsonSerializer.Deserialize(row.Body, ContractsJson.Default.AlertMessage)!).GroupBy(message => message.Id).Select(alert => alert.Last()).ToArray();
            foreach (var part in split.Contains(channel) ? messages.Chunk(AlertWords.MostTold) : [messages])
            {
                connection.Execute("INSERT INTO alert_outbox (id, channel, family, made_at, body, next_at) VALUES (@id, @channel, @family, @at, @body, @at)",
                    new { id = newId(), channel, family, at = SqlTime.Of(now), body = JsonSerializer.Serialize(AlertWords.Notification(part), ContractsJson.Default.AlertNotification) });
                made++;
            }
            connection.Execute("DELETE FROM alert_notice WHERE channel = @channel AND family = @family AND row <= @last", new { channel, family, last = rows[^1].Row });
        }
        return made;
    }, cancel);

    /// <summary>Channels whose oldest notification may be tried now.</summary>
    public Task<string[]> DueAsync(DateTimeOffset now, CancellationToken cancel) => database.ReadAsync(connection => connection.Query<string>(
        "SELECT channel FROM alert_outbox WHERE delivered_at IS NULL AND failed_at IS NULL GROUP BY channel HAVING max(next_at) <= @now", new { now = SqlTime.Of(now) }).ToArray(), cancel);

    /// <summary>The oldest notification that waits for the channel.</summary>
    public Task<(Parcel Parcel, int Attempts)?> NextAsync(string channel, CancellationToken cancel) => database.ReadAsync<(Parcel, int)?>(connection =>
    {
        var row = connection.Query<(string Id, long MadeAt, string Body, long Attempts)>(
            "SELECT id, made_at, body, attempts FROM alert_outbox WHERE channel = @channel AND delivered_at IS NULL AND failed_at IS NULL ORDER BY row LIMIT 1", new { channel }).ToArray();
        return row is [var next] ? (new Parcel(next.Id, SqlTime.From(next.MadeAt), JsonSerializer.Deserialize(next.Body, ContractsJson.Default.AlertNotification)!), (int)next.Attempts) : null;
    }, cancel);

    /// <param name="next">When it is tried again; null: it is delivered, or given up.</param>
    public Task<bool> DoneAsync(string channel, string id, DeliveryResult result, DateTimeOffset? next, DateTimeOffset now, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        // Those behind wait with it: what a channel tells comes in its order.
        if (next is { } again)
        {
            connection.Execute("UPDATE alert_outbox SET attempts = attempts + 1 WHERE id = @id", new { id });
            connection.Execute("UPDATE alert_outbox SET next_at = @next WHERE channel = @channel AND delivered_at IS NULL AND failed_at IS NULL", new { channel, next = SqlTime.Of(again) });
        }
        else connection.Execute($"UPDATE alert_outbox SET attempts = attempts + 1, {(result.Delivered ? "delivered_at" : "failed_at")} = @at WHERE id = @id", new { id, at = SqlTime.Of(now) });
        Note(connection, channel, result, now);
        return true;
    }, cancel);

    /// <summary>How the channel does.</summary>
    public static void Note(DbConnection connection, string channel, DeliveryResult result, DateTimeOffset now) => connection.Execute(result.Delivered
        ? "UPDATE alert_channel SET delivered_at = @at, failing_since = NULL, problem = NULL WHERE name = @channel"
        : "UPDATE alert_channel SET failing_since = coalesce(failing_since, @at), problem = @problem WHERE name = @channel", new { channel, at = SqlTime.Of(now), problem = result.Detail });

    public static void Prune(DbConnection connection, DateTimeOffset before) =>
        connection.Execute("DELETE FROM alert_outbox WHERE coalesce(delivered_at, failed_at) < @at", new { at = SqlTime.Of(before) });
}
