using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Api;
using QRCoder;

namespace CvOps.Fleet.Access.Accounts;

/// <summary>One's own second factor. What has a secret in it is kept by no cache.</summary>
internal static class FactorEndpoints
{
    private const int PixelsPerModule = 6;

    public static void MapFactor(this IEndpointRouteBuilder api)
    {
        api.MapGet("/who/factor", async (Principal who, FactorDesk desk, CancellationToken cancel) => await desk.ReadAsync(who, cancel) ?? new FactorView(false, false, 0));

        api.MapPost("/who/factor", async (FactorProof proof, Principal who, HttpContext http, FactorDesk desk, CancellationToken cancel) =>
        {
            var outcome = await desk.AskAsync(who, proof, Source(http), cancel);
            return Answer(http, new FactorOutcome<FactorSetup>(outcome.Done is { } secret ? SetupOf(secret, who, http) : null, outcome.Refusal));
        });

        // For the page that set it up alone: a token of that person's may read, but never this.
        api.MapGet("/who/factor/picture", async (Principal who, HttpContext http, FactorDesk desk, CancellationToken cancel) =>
        {
            if (who.Session is null || await desk.WaitingAsync(who, cancel) is not { } secret) return Problems.NotFound("secret that waits for its first code", who.Name);
            http.Response.Headers.CacheControl = "no-store";
            return Results.Bytes(Draw(SetupOf(secret, who, http).Address, data => new PngByteQRCode(data).GetGraphic(PixelsPerModule)), "image/png");
        });

        api.MapPost("/who/factor/confirm", async (FactorCode shown, Principal who, HttpContext http, FactorDesk desk, CancellationToken cancel) => Answer(http, await desk.ConfirmAsync(who, shown.Code, cancel)));
        api.MapPost("/who/factor/codes", async (FactorProof proof, Principal who, HttpContext http, FactorDesk desk, CancellationToken cancel) => Answer(http, await desk.RenewCodesAsync(who, proof, Source(http), cancel)));
        api.MapPost("/who/factor/remove", async (FactorProof proof, Principal who, HttpContext http, FactorDesk desk, CancellationToken cancel) => Answer(http, await desk.RemoveAsync(who, proof, Source(http), cancel)));
    }

    private static FactorSetup SetupOf(string secret, Principal who, HttpContext http)
    {
        var address = Totp.Address(secret, who.Name, http.Request.Host.Host);
        return new FactorSetup(secret, address, Draw(address, data => new AsciiQRCode(data).GetGraphicSmall()));
    }

    private static T Draw<T>(string address, Func<QRCodeData, T> draw)
    {
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(address, QRCodeGenerator.ECCLevel.M);
        return draw(data);
    }

    private static IResult Answer<T>(HttpContext http, FactorOutcome<T> outcome) where T : class => outcome.Done is { } done ? Secret(http, done) : Problems.Unprocessable(outcome.Refusal!);

    private static IResult Secret<T>(HttpContext http, T value)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Results.Ok(value);
    }

    private static string Source(HttpContext http) => http.Connection.RemoteIpAddress?.ToString() ?? "";
}
