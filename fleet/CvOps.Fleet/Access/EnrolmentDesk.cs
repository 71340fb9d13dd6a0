using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Fleet.Ingest;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Access;

/// <param name="Status">HTTP status of a refusal; 200 with an answer.</param>
internal sealed record EnrolmentOutcome(int Status, EnrolmentAnswer? Answer, string? Problem);

/// <summary>Lets devices in by their tokens. Whoever cannot prove to hold one hears no more than that, and soon nothing.</summary>
internal sealed class EnrolmentDesk(FleetAuthority authority, TokenStore tokens, CertificateStore certificates, Audit audit, IOptions<FleetOptions> options, TimeProvider time)
{
    /// <summary>Failures a minute of one source, and under one token's name.</summary>
    private const int MostFailures = 10;

    /// <summary>In the audit log; its detail names the device where the asker held the token's secret.</summary>
    public const string RefusedAction = "device.enrolment.refused";

    private const string NoToken = "This token does not let anybody in. Ask for a new one: cvops device token create.";

    private readonly AttemptLimit _sources = new(MostFailures, time);
    private readonly AttemptLimit _tokens = new(MostFailures, time);

    /// <param name="source">Network address of whoever asks.</param>
    public async Task<EnrolmentOutcome> EnrolAsync(EnrolmentRequest asked, string source, CancellationToken cancel)
    {
        if (!authority.IsHere) return new EnrolmentOutcome(503, null, "This fleet has no authority: it was started without --authority.");
        if (_sources.IsReached(source) || _tokens.IsReached(asked.Token)) return new EnrolmentOutcome(429, null, "Too many attempts have failed; try again in a minute.");
        if (!Identifier.IsValid(asked.Token)) return await RefuseAsync("unknown", source, "no token's name", NoToken, cancel);
        if (await tokens.FindAsync(asked.Token, cancel) is not { } found) return await RefuseAsync(asked.Token, source, "there is no such token", NoToken, cancel);

        DeviceRequest request;
        try
        {
            request = DeviceRequest.Read(asked.Request);
        }
        catch (FormatException e)
        {
            return await RefuseAsync(asked.Token, source, e.Message, e.Message, cancel, 422);
        }
        if (!EnrolmentProof.Holds(found.PublicKey, EnrolmentProof.ForToken(asked.Token, request.Der), asked.Proof))
            return await RefuseAsync(asked.Token, source, $"for device {request.Device}, without the token's secret", NoToken, cancel);

        var now = time.GetUtcNow();
        await authority.FindIssuedAsync(cancel);
        var ((pem, problem, replaced), boot) = await certificates.WriteAsync(connection => (Decide(connection, asked.Token, request, source, now), KnownBoots.Highest(connection, request.Device)), cancel);
        if (problem is not null) return await RefuseAsync(asked.Token, source, $"device {request.Device}: {problem}", problem, cancel);
        if (replaced > 0) await authority.PublishRevocationsAsync(CancellationToken.None);
        return new EnrolmentOutcome(200, new EnrolmentAnswer(pem!, authority.Authority.Certificate.ExportCertificatePem(), options.Value.Brokers) { LowestBoot = boot + 1 }, null);
    }

    /// <summary>One transaction: a token is used exactly as often as it lets in.</summary>
    private (string? Pem, string? Problem, int Replaced) Decide(DbConnection connection, string id, DeviceRequest request, string source, DateTimeOffset now)
    {
        var origin = $"token {id}";
        var token = TokenStore.Find(connection, id)!.Value.Token;
        // The answer may have been lost: the same key asks the same thing, and nothing is used up.
        if (token.RevokedAt is null && CertificateStore.Issued(connection, request.Device, request.KeyDigest, origin) is { } issued) return (issued, null, 0);
        var known = CertificateStore.Knows(connection, request.Device);
        if (EnrolmentRule.Refusal(token, request.Device, known, CertificateStore.IsReleased(connection, request.Device, now), now) is { } refusal) return (null, refusal, 0);
        var replaced = CertificateStore.Revoke(connection, request.Device, null, $"enrolled again by token {id}", now);
        using var certificate = authority.Certify(request);
        CertificateStore.Add(connection, certificate, request.Device, request.KeyDigest, origin, now);
        CertificateStore.UseRelease(connection, request.Device);
        TokenStore.Use(connection, id);
        Audit.Add(connection, now, "enrolment", "device.enrolled", request.Device.Value, $"by token {id} from {source}{(replaced > 0 ? $"; {replaced} former certificates were revoked" : "")}");
        return (certificate.ExportCertificatePem(), null, replaced);
    }

    private async Task<EnrolmentOutcome> RefuseAsync(string token, string source, string why, string said, CancellationToken cancel, int status = 403)
    {
        var (bySource, byToken) = (_sources.Failed(source), _tokens.Failed(token));
        // From then on nothing is looked at and nothing is written: nobody fills the log from outside.
        var last = bySource >= MostFailures || byToken >= MostFailures ? " The next ones within this minute are not looked at." : "";
        await audit.RecordAsync("enrolment", RefusedAction, token, $"from {source}: {why}.{last}".Replace("..", ".", StringComparison.Ordinal), cancel);
        return new EnrolmentOutcome(status, null, said);
    }

    public async Task<TokenCreated> CreateTokenAsync(TokenRequest asked, CancellationToken cancel)
    {
        var made = EnrolmentToken.Create(authority.Authority.Certificate, out var publicKey);
        var now = time.GetUtcNow();
        var view = new TokenView
        {
            Id = made.Id, Purpose = asked.Purpose, CreatedBy = asked.By, CreatedAt = now, ExpiresAt = now.AddHours(asked.ValidHours), Uses = asked.Uses, Used = 0,
            Devices = asked.Devices, Replace = asked.Replace,
        };
        await tokens.AddAsync(view, publicKey, cancel);
        return new TokenCreated(view, made.Text);
    }
}
