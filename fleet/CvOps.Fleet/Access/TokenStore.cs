using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Access;

/// <summary>Enrolment tokens. Of the secret there is only the public half here: whoever reads the database can enrol nobody.</summary>
internal sealed class TokenStore(Database database)
{
    private const string Columns = "id, public_key AS PublicKey, purpose, created_by AS CreatedBy, created_at AS CreatedAt, expires_at AS ExpiresAt, uses, used, devices, replace, revoked_at AS RevokedAt";

    public Task AddAsync(TokenView token, byte[] publicKey, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        connection.Execute(
            """
            INSERT INTO enrolment_tokens (id, public_key, purpose, created_by, created_at, expires_at, uses, used, devices, replace)
            VALUES (@Id, @publicKey, @Purpose, @CreatedBy, @createdAt, @expiresAt, @Uses, 0, @Devices, @Replace)
            """,
            new { token.Id, publicKey, token.Purpose, token.CreatedBy, createdAt = SqlTime.Of(token.CreatedAt), expiresAt = SqlTime.Of(token.ExpiresAt), token.Uses, token.Devices, Replace = token.Replace ? 1 : 0 });
        return Audit.Add(connection, token.CreatedAt, token.CreatedBy, "enrolment.token.created", token.Id,
            $"{token.Purpose}: {token.Uses} devices '{token.Devices ?? "*"}' until {token.ExpiresAt:u}{(token.Replace ? ", known ones too" : "")}");
    }, cancel);

    public Task<TokenView[]> ListAsync(CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<Row>($"SELECT {Columns} FROM enrolment_tokens ORDER BY created_at DESC LIMIT 1000").Select(row => row.View()).ToArray(), cancel);

    public Task<(TokenView Token, byte[] PublicKey)?> FindAsync(string id, CancellationToken cancel) => database.ReadAsync(connection => Find(connection, id), cancel);

    /// <returns>The token as it is then; null when there is none.</returns>
    public Task<TokenView?> RevokeAsync(string id, RevocationRequest asked, DateTimeOffset now, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        var changed = connection.Execute("UPDATE enrolment_tokens SET revoked_at = @at WHERE id = @id AND revoked_at IS NULL", new { id, at = SqlTime.Of(now) });
        if (changed > 0) Audit.Add(connection, now, asked.By, "enrolment.token.revoked", id, asked.Reason);
        return Find(connection, id)?.Token;
    }, cancel);

    /// <summary>Inside a transaction of the caller's.</summary>
    public static (TokenView Token, byte[] PublicKey)? Find(DbConnection connection, string id) =>
        connection.QuerySingleOrDefault<Row>($"SELECT {Columns} FROM enrolment_tokens WHERE id = @id", new { id }) is { } row ? (row.View(), row.PublicKey) : null;

    public static void Use(DbConnection connection, string id) => connection.Execute("UPDATE enrolment_tokens SET used = used + 1 WHERE id = @id", new { id });

    private sealed class Row
    {
        public string Id { get; init; } = "";
        public byte[] PublicKey { get; init; } = [];
        public string Purpose { get; init; } = "";
        public string CreatedBy { get; init; } = "";
        public long CreatedAt { get; init; }
        public long ExpiresAt { get; init; }
        public int Uses { get; init; }
        public int Used { get; init; }
        public string? Devices { get; init; }
        public bool Replace { get; init; }
        public long? RevokedAt { get; init; }

        public TokenView View() => new()
        {
            Id = Id, Purpose = Purpose, CreatedBy = CreatedBy, CreatedAt = SqlTime.From(CreatedAt), ExpiresAt = SqlTime.From(ExpiresAt), Uses = Uses, Used = Used,
            Devices = Devices, Replace = Replace, RevokedAt = RevokedAt is { } at ? SqlTime.From(at) : null,
        };
    }
}
