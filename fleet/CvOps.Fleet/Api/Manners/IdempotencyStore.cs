using System.Text.Json;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Api.Manners;

/// <summary>An answer as it was given.</summary>
internal sealed record KeptAnswer(int Status, Dictionary<string, string> Headers, byte[] Body);

/// <summary>What is known of a key.</summary>
/// <param name="Request">Digest of method, address and body.</param>
/// <param name="Owner">The fleet process that had, or has it in hand.</param>
/// <param name="Answer">Null: it is being done, or was cut off.</param>
internal sealed record KnownKey(string Request, string Owner, DateTimeOffset At, KeptAnswer? Answer);

/// <summary>Keys that requests came with, and what was answered.</summary>
internal sealed class IdempotencyStore(Database database)
{
    /// <summary>How long a key means the same request.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <returns>Null: the key is new and now this process's.</returns>
    public Task<KnownKey?> TakeAsync(string scope, string key, string request, string owner, DateTimeOffset now, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        connection.Execute("DELETE FROM idempotency WHERE at < @old", new { old = SqlTime.Of(now - Kept) });
        var taken = connection.Execute("INSERT INTO idempotency (scope, key, request, owner, at) VALUES (@scope, @key, @request, @owner, @at) ON CONFLICT DO NOTHING", new { scope, key, request, owner, at = SqlTime.Of(now) }) == 1;
        if (taken) return null;
        var row = connection.QuerySingle<(string Request, string Owner, long At, long? Status, string? Headers, byte[]? Body)>("SELECT request, owner, at, status, headers, body FROM idempotency WHERE scope = @scope AND key = @key", new { scope, key });
        var answer = row.Status is { } status ? new KeptAnswer((int)status, JsonSerializer.Deserialize<Dictionary<string, string>>(row.Headers!)!, row.Body!) : null;
        return new KnownKey(row.Request, row.Owner, SqlTime.From(row.At), answer);
    }, cancel);

    public Task<int> KeepAsync(string scope, string key, KeptAnswer answer) => database.WriteAsync(connection => connection.Execute(
        "UPDATE idempotency SET status = @Status, headers = @headers, body = @Body WHERE scope = @scope AND key = @key",
        new { scope, key, answer.Status, headers = JsonSerializer.Serialize(answer.Headers), answer.Body }), CancellationToken.None);

    /// <summary>The request failed without a trace: it may come again.</summary>
    public Task<int> ForgetAsync(string scope, string key) => database.WriteAsync(connection =>
        connection.Execute("DELETE FROM idempotency WHERE scope = @scope AND key = @key AND status IS NULL", new { scope, key }), CancellationToken.None);
}
