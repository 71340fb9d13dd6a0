using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CvOps.Contracts.Api;
using Microsoft.AspNetCore.Http.Features;

namespace CvOps.Fleet.Api.Manners;

/// <summary>
/// A POST with <c>Idempotency-Key</c> is done once in 24 hours (draft-ietf-httpapi-idempotency-key-header): whoever sends it again gets the same answer, also after a restart.
/// The key is written before the work begins. Cut off in between, nobody knows whether it was done: then it is said so, and never done a second time.
/// </summary>
internal sealed class Idempotency(IdempotencyStore store, TimeProvider time) : IMiddleware
{
    public const string Header = "Idempotency-Key";
    public const string ReplayedHeader = "Idempotency-Replayed";

    private const int LongestKey = 255;
    private const int LongestBody = 8 * 1024 * 1024;
    private const int LongestAnswer = 1024 * 1024;

    /// <summary>Answers that hold a secret which is told once are kept nowhere.</summary>
    private static readonly string[] Secrets = [ApiRoutes.Root + "/login", ApiRoutes.Root + "/accounts", ApiRoutes.Root + "/tokens", ApiRoutes.Root + "/who", ApiRoutes.Root + "/enrolment"];

    private static readonly string[] KeptHeaders = ["Content-Type", "Location", "ETag", "Link"];

    private static readonly KeptAnswer TooLong = new(StatusCodes.Status409Conflict, new Dictionary<string, string> { ["Content-Type"] = "application/problem+json" },
        JsonSerializer.SerializeToUtf8Bytes(new { type = "about:blank", title = "Done", status = StatusCodes.Status409Conflict, detail = "It was done, but its answer was too long to be kept: ask for what came of it." }));

    private readonly string _owner = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly ConcurrentDictionary<(string, string), bool> _inHand = new();

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || !context.Request.Path.StartsWithSegments(ApiRoutes.Root) || Secrets.Any(path => context.Request.Path.StartsWithSegments(path)) || !context.Request.Headers.TryGetValue(Header, out var given))
        {
            await next(context);
            return;
        }
        var key = given.ToString();
        if (key.Length is 0 or > LongestKey || !key.All(letter => letter is >= ' ' and <= '~'))
        {
            await Problems.BadRequest($"{Header} has 1 to {LongestKey} letters of ASCII; a random UUID is a good one.").ExecuteAsync(context);
            return;
        }
        if (await DigestAsync(context.Request) is not { } digest)
        {
            await Results.Problem($"With {Header} a body has at most {LongestBody} bytes. What is larger is known by its digest and may be sent again without a key.", statusCode: StatusCodes.Status413PayloadTooLarge, title: "Too long").ExecuteAsync(context);
            return;
        }
        // Whose key it is: two people may choose the same.
        var scope = context.User.Identity is { IsAuthenticated: true, Name: { } name } ? name : "";
        if (await store.TakeAsync(scope, key, digest, _owner, time.GetUtcNow(), context.RequestAborted) is { } known) await AnswerAsync(context, known, scope, key, digest);
        else await DoAsync(context, next, scope, key);
    }

    private async Task AnswerAsync(HttpContext context, KnownKey known, string scope, string key, string digest)
    {
        if (known.Request != digest)
        {
            await Problems.Unprocessable($"The key '{key}' came with another request before: a key belongs to one request, its address and its body.").ExecuteAsync(context);
            return;
        }
        if (known.Answer is not { } answer)
        {
            // Another fleet's request is at most as old as the longest that is waited for.
            var goesOn = known.Owner == _owner ? _inHand.ContainsKey((scope, key)) : time.GetUtcNow() - known.At < TimeSpan.FromMinutes(10) && context.RequestServices.GetRequiredService<Storage.Database>().IsShared;
            if (goesOn) context.Response.Headers.RetryAfter = "1";
            await Results.Problem(goesOn ? "The same request is being done just now: ask again in a moment." : "The fleet ended while it did this request, and nobody knows how far it came: look whether it was done, and send it under a new key if not.",
                statusCode: StatusCodes.Status409Conflict, title: goesOn ? "Being done" : "Cut off").ExecuteAsync(context);
            return;
        }
        context.Response.StatusCode = answer.Status;
        foreach (var (header, value) in answer.Headers) context.Response.Headers[header] = value;
        context.Response.Headers[ReplayedHeader] = "true";
        if (answer.Body.Length > 0) await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private async Task DoAsync(HttpContext context, RequestDelegate next, string scope, string key)
    {
        _inHand[(scope, key)] = true;
        // Whoever leaves gets the answer when they come back: it is done to its end.
        context.RequestAborted = CancellationToken.None;
        var feature = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var copy = new CopyingStream(feature.Stream, LongestAnswer);
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(copy, feature));
        try
        {
            await next(context);
            // Where nothing was written yet, somebody further out may say why.
            if (context.Response.HasStarted) await context.Response.CompleteAsync();
            // Who may not, or not now, may later: that is no answer for a day.
            if (context.Response.StatusCode is 401 or 403 or 429) await store.ForgetAsync(scope, key);
            else await store.KeepAsync(scope, key, copy.Copy is { } body ? new KeptAnswer(context.Response.StatusCode, HeadersOf(context.Response), body) : TooLong);
        }
        catch (Exception e) when (e is BadHttpRequestException or FormatException)
        {
            // Nothing was done: it was not understood.
            await store.ForgetAsync(scope, key);
            throw;
        }
        finally
        {
            context.Features.Set(feature);
            _inHand.TryRemove((scope, key), out _);
        }
    }

    private static Dictionary<string, string> HeadersOf(HttpResponse response) => KeptHeaders.Where(name => response.Headers.ContainsKey(name)).ToDictionary(name => name, name => response.Headers[name].ToString());

    /// <returns>Of method, address and body; null when that is too long.</returns>
    private static async Task<string?> DigestAsync(HttpRequest request)
    {
        if (request.ContentLength > LongestBody) return null;
        request.EnableBuffering(bufferThreshold: 64 * 1024, bufferLimit: LongestBody);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method} {request.Path}{request.QueryString}\n"));
        var buffer = new byte[16 * 1024];
        try
        {
            while (await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted) is > 0 and var read) hash.AppendData(buffer, 0, read);
        }
        catch (IOException)
        {
            // What the buffer says of a body beyond its limit, which had not told its length.
            return null;
        }
        request.Body.Position = 0;
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
