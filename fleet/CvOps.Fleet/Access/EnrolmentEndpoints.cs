using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using Microsoft.AspNetCore.Http.Features;

namespace CvOps.Fleet.Access;

internal static class EnrolmentEndpoints
{
    private const int MostUses = 10_000;
    private const double MostHours = 8760;
    private const double MostReleaseHours = 168;

    /// <summary>Longest question of a device, which anybody may ask.</summary>
    private const long RequestBytes = 16 * 1024;

    public static void MapEnrolment(this IEndpointRouteBuilder api)
    {
        api.MapPost("/enrolment", async (HttpContext http, EnrolmentDesk desk, CancellationToken cancel) =>
        {
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = RequestBytes;
            if (!http.Request.HasJsonContentType()) return Results.Problem("An enrolment is JSON: application/json.", statusCode: StatusCodes.Status415UnsupportedMediaType, title: "Not understood");
            EnrolmentRequest? asked;
            try
            {
                asked = await http.Request.ReadFromJsonAsync(ContractsJson.Default.EnrolmentRequest, cancel);
            }
            catch (JsonException e)
            {
                return Problems.BadRequest(e.Message);
            }
            if (asked is not { Token: not null, Request: not null, Proof: not null }) return Problems.BadRequest("An enrolment has token, request and proof; cvops-agent enroll writes it.");
            var outcome = await desk.EnrolAsync(asked, http.Connection.RemoteIpAddress?.ToString() ?? "unknown", cancel);
            return outcome.Answer is { } answer ? Results.Ok(answer) : Results.Problem(outcome.Problem, statusCode: outcome.Status, title: "Not enrolled");
        });

        api.MapGet("/enrolment/tokens", (TokenStore tokens, CancellationToken cancel) => tokens.ListAsync(cancel));
        api.MapPost("/enrolment/tokens", async (TokenRequest asked, EnrolmentDesk desk, FleetAuthority authority, CancellationToken cancel) =>
            Refusal(authority) ?? Problem(asked) switch
            {
                { } problem => Problems.Unprocessable(problem),
                null => Results.Ok(await desk.CreateTokenAsync(asked, cancel)),
            });
        api.MapPost("/enrolment/tokens/{id}/revoke", async (string id, RevocationRequest asked, TokenStore tokens, TimeProvider time, CancellationToken cancel) =>
        {
            if (Unsigned(asked.By, asked.Reason) is { } unsigned) return unsigned;
            return await tokens.RevokeAsync(id, asked, time.GetUtcNow(), cancel) is { } token ? Results.Ok(token) : Problems.NotFound("token", id);
        });

        api.MapGet("/certificates", async (FleetAuthority authority, CertificateStore certificates, CancellationToken cancel, string? device) =>
        {
            if (authority.IsHere) await authority.FindIssuedAsync(cancel);
            return await certificates.ListAsync(device is null ? null : new DeviceId(device), cancel);
        });
        api.MapGet("/certificates/revoked.pem", (FleetAuthority authority) =>
            authority.IsHere && File.Exists(authority.ListFile) ? Results.Text(File.ReadAllText(authority.ListFile), "application/x-pem-file") : Problems.NotFound("revocation list", "revoked.pem"));

        api.MapPost("/devices/{id}/revoke", async (string id, RevocationRequest asked, FleetAuthority authority, RevocationDesk desk, CancellationToken cancel) =>
        {
            if ((Refusal(authority) ?? Unsigned(asked.By, asked.Reason)) is { } refusal) return refusal;
            var (certificates, revoked) = await desk.RevokeAsync(new DeviceId(id), asked, cancel);
            return certificates.Length == 0 ? Problems.NotFound("certificate of device", id)
                : revoked == 0 ? Problems.Conflict($"{id} has no good certificate{(asked.Serial is null ? "" : $" with serial {asked.Serial}")} that could be revoked.")
                : Results.Ok(certificates);
        });
        api.MapPost("/devices/{id}/release", async (string id, ReleaseRequest asked, RevocationDesk desk, CancellationToken cancel) =>
            Unsigned(asked.By, asked.Reason) ?? (asked.Hours is > 0 and <= MostReleaseHours
                ? Results.Ok(await desk.ReleaseAsync(new DeviceId(id), asked, cancel))
                : Problems.Unprocessable($"hours is above 0 and at most {MostReleaseHours}.")));
    }

    private static IResult? Refusal(FleetAuthority authority) => authority.IsHere ? null : Problems.Conflict("This fleet has no authority: start it with --authority.");

    private static IResult? Unsigned(string by, string reason) =>
        string.IsNullOrWhiteSpace(by) || string.IsNullOrWhiteSpace(reason) ? Problems.Unprocessable("Say who (by) and why (reason): both go to the audit log.") : null;

    private static string? Problem(TokenRequest asked) => asked switch
    {
        _ when string.IsNullOrWhiteSpace(asked.By) || string.IsNullOrWhiteSpace(asked.Purpose) => "Say who (by) and what the token is for (purpose): both go to the audit log.",
        _ when asked.Uses is < 1 or > MostUses => $"uses is 1 to {MostUses}.",
        _ when asked.ValidHours is not (> 0 and <= MostHours) => $"validHours is above 0 and at most {MostHours}.",
        { Devices: { } pattern } when !EnrolmentRule.IsPattern(pattern) => $"devices '{pattern}' is no device id and no beginning of one with * behind it.",
        _ => null,
    };
}
