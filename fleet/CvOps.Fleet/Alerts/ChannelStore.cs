using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Alerts.Channels;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Alerts;

/// <summary>Channels and how they do. Their secrets leave here to the senders alone.</summary>
internal sealed class ChannelStore(Database database)
{
    private const string Views = """
        SELECT name AS Name, body AS Body, delivered_at AS DeliveredAt, failing_since AS FailingSince, problem AS Problem,
          (SELECT count(*) FROM alert_outbox AS o WHERE o.channel = c.name AND o.delivered_at IS NULL AND o.failed_at IS NULL) AS Waiting,
          (SELECT count(*) FROM alert_outbox AS o WHERE o.channel = c.name AND o.failed_at IS NOT NULL) AS Failed
        FROM alert_channel AS c
        """;

    public Task<AlertChannelView[]> ListAsync(CancellationToken cancel) => database.ReadAsync(connection => connection.Query<Row>($"{Views} ORDER BY name").Select(row => row.View()).ToArray(), cancel);

    public Task<AlertChannelView?> FindAsync(string name, CancellationToken cancel) =>
        database.ReadAsync(connection => connection.QuerySingleOrDefault<Row?>($"{Views} WHERE name = @name", new { name })?.View(), cancel);

    /// <summary>With its secret.</summary>
    public Task<Channel?> OpenAsync(string name, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<(string Body, string? Secret)>("SELECT body, secret FROM alert_channel WHERE name = @name", new { name }).Select(row => new Channel(name, Parse(row.Body), row.Secret)).SingleOrDefault(), cancel);

    public static string? SecretOf(DbConnection connection, string name) => connection.ExecuteScalar<string?>("SELECT secret FROM alert_channel WHERE name = @name", new { name });

    /// <param name="settings">Without a secret.</param>
    public static void Set(DbConnection connection, string name, AlertChannelSettings settings, string? secret) => connection.Execute(
        """
        INSERT INTO alert_channel (name, body, secret) VALUES (@name, @body, @secret)
        ON CONFLICT (name) DO UPDATE SET body = excluded.body, secret = excluded.secret, failing_since = NULL, problem = NULL
        """, new { name, body = JsonSerializer.Serialize(settings, ContractsJson.Default.AlertChannelSettings), secret });

    /// <summary>With all that waits for it.</summary>
    public static bool Remove(DbConnection connection, string name)
    {
        connection.Execute("DELETE FROM alert_notice WHERE channel = @name", new { name });
        connection.Execute("DELETE FROM alert_outbox WHERE channel = @name", new { name });
        return connection.Execute("DELETE FROM alert_channel WHERE name = @name", new { name }) == 1;
    }

    private static AlertChannelSettings Parse(string body) => JsonSerializer.Deserialize(body, ContractsJson.Default.AlertChannelSettings)!;

    private sealed class Row
    {
        public string Name { get; init; } = "";
        public string Body { get; init; } = "";
        public long? DeliveredAt { get; init; }
        public long? FailingSince { get; init; }
        public string? Problem { get; init; }
        public long Waiting { get; init; }
        public long Failed { get; init; }

        public AlertChannelView View() => new(Name, Parse(Body), Waiting, Time(DeliveredAt), Time(FailingSince), Problem, Failed);

        private static DateTimeOffset? Time(long? at) => at is { } known ? SqlTime.From(known) : null;
    }
}
