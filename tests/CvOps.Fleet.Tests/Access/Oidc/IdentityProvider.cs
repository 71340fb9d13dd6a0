using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using CvOps.Fleet.Access.Oidc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CvOps.Fleet.Tests.Access.Oidc;

/// <summary>
/// An OpenID provider over HTTP on the loopback: discovery, keys, authorization with PKCE and a token endpoint that takes each code once. What a test changes about
/// its tokens it changes before the sign-in.
/// </summary>
internal sealed class IdentityProvider : IAsyncDisposable
{
    public const string Client = "cvops fleet";
    public const string Secret = "a secret of the client: with % and +";

    private readonly ConcurrentDictionary<string, (string Nonce, string Challenge, string Redirect)> _codes = new();
    private readonly WebApplication _app;

    private IdentityProvider()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, object>
        {
            ["issuer"] = Says ?? Address, ["authorization_endpoint"] = $"{Address}/authorize", ["token_endpoint"] = $"{Address}/token", ["jwks_uri"] = $"{Address}/keys",
        }));
        _app.MapGet("/keys", () => Results.Json(new { keys = new[] { PublicOf(Key) } }));
        _app.MapGet("/authorize", (string client_id, string response_type, string redirect_uri, string scope, string state, string nonce, string code_challenge, string code_challenge_method) =>
        {
            if ((client_id, response_type, code_challenge_method) != (Client, "code", "S256") || !scope.StartsWith("openid", StringComparison.Ordinal)) return Results.BadRequest();
            var code = Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
            _codes[code] = (nonce, code_challenge, redirect_uri);
            return Results.Redirect($"{redirect_uri}?code={code}&state={state}&iss={Uri.EscapeDataString(Address)}");
        });
        _app.MapPost("/token", async (HttpRequest request) =>
        {
            var form = await request.ReadFormAsync();
            var basic = Encoding.UTF8.GetString(Convert.FromBase64String(request.Headers.Authorization.ToString()["Basic ".Length..])).Split(':').Select(Uri.UnescapeDataString).ToArray();
            if (basic is not [Client, Secret] || form["grant_type"] != "authorization_code" || !_codes.TryRemove(form["code"].ToString(), out var known) || known.Redirect != form["redirect_uri"]) return Results.BadRequest();
            if (Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))) != known.Challenge) return Results.BadRequest();
            return Results.Json(new { access_token = "not used", token_type = "Bearer", id_token = Token(known.Nonce) });
        });
    }

    public string Address => _app.Urls.First();

    /// <summary>The one that is published.</summary>
    public RsaSecurityKey Key { get; set; } = NewKey("first");

    /// <summary>Whose signature the tokens have; null: of <see cref="Key"/>.</summary>
    public SigningCredentials? Signature { get; set; }

    public bool Unsigned { get; set; }

    public string? Nonce { get; set; }

    public string Audience { get; set; } = Client;

    public string? Issuer { get; set; }

    /// <summary>What its discovery document calls it; null: as it is.</summary>
    public string? Says { get; set; }

    public DateTimeOffset Expires { get; set; } = DateTimeOffset.UtcNow.AddMinutes(5);

    public DateTimeOffset From { get; set; } = DateTimeOffset.UtcNow.AddMinutes(-1);

    public Dictionary<string, object> Claims { get; } = new() { ["sub"] = "person-1", ["preferred_username"] = "Early@plant.example", ["groups"] = new[] { "line-4", "everybody" } };

    public static async Task<IdentityProvider> StartAsync()
    {
        var provider = new IdentityProvider();
        await provider._app.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    public OidcOptions Options => new()
    {
        Authority = Address, ClientId = Client, ClientSecret = Secret, Label = "the plant", Roles = new Dictionary<string, string> { ["line-4"] = "operator@ulm", ["line-5"] = "viewer, approver@berlin", ["office"] = "admin" },
    };

    public static RsaSecurityKey NewKey(string id) => new(RSA.Create(2048)) { KeyId = id };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private string Token(string nonce)
    {
        var claims = new Dictionary<string, object>(Claims) { ["nonce"] = Nonce ?? nonce };
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer ?? Address, Audience = Audience, Claims = claims, NotBefore = From.UtcDateTime, IssuedAt = From.UtcDateTime, Expires = Expires.UtcDateTime,
            SigningCredentials = Unsigned ? null : Signature ?? new SigningCredentials(Key, SecurityAlgorithms.RsaSha256),
        });
    }

    private static object PublicOf(RsaSecurityKey key)
    {
        var parts = key.Rsa.ExportParameters(includePrivateParameters: false);
        return new { kty = "RSA", use = "sig", kid = key.KeyId, n = Base64Url.EncodeToString(parts.Modulus), e = Base64Url.EncodeToString(parts.Exponent) };
    }
}
